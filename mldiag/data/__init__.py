"""Data as mldiag sees them: read, hold, fingerprint and change the rows of an experiment."""
