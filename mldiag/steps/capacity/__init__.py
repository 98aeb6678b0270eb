"""Step 6: is the model itself insufficient, too much, or at the ceiling of its data?"""
