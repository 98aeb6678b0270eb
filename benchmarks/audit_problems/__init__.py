"""Real tables, faults that are put into them, and what counts as finding one: written before the rules."""
