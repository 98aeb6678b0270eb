"""Images as an audit sees them: every file decoded once, its facts kept, its pixels not."""
