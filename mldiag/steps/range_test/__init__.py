"""The learning rate raised within one training: where it begins to help, and where it breaks."""
