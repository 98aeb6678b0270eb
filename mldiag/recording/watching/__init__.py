"""The object behind `mldiag.watch`: looks into a PyTorch training it did not write. Imports torch."""
