"""What is measured inside a training loop that mldiag did not write."""
