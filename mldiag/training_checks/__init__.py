"""Active bug checks of a PyTorch training loop: what a wrong implementation fails and a right one passes."""
