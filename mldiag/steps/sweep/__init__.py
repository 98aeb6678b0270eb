"""Step 5: are the hyperparameters right? Move one at a time, and compare with the default."""
