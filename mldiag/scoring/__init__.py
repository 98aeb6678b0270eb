"""The number that a metric gives for true targets and predictions: by name, whole, row by row, and fast."""
