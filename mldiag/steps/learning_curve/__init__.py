"""Step 2: is there enough data? Train on smaller and smaller subsets and read the curve."""
