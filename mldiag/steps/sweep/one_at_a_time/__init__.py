"""Each parameter alone: its values against the default, the others at their defaults."""
