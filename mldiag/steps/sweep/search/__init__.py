"""All parameters together: which method, its points, what mattered, and the winner confirmed."""
