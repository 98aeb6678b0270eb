"""Programs that `mldiag reproduce` is asked of: with one bug each, and healthy ones."""
