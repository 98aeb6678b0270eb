"""Two parameters together: where moving one at a time misleads."""
