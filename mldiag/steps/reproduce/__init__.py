"""Step 1: is it a bug? Does the reported result come back, and do the sanity checks hold?"""
