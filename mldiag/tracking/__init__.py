"""MLflow: a projection of the store, written by a process of its own, and its pages."""
