"""What the mistakes and samples of a watched training tell, one file a check."""

from mldiag.steps.probe.mistakes import (
    calibration,
    confident_mistakes,
    forgotten_examples,
    hard_examples,
    mistakes_concentrate,
    mistakes_of_classes,
    sample_diversity,
    samples_memorised,
    worst_errors,
)

CHECKS = (
    mistakes_of_classes,
    confident_mistakes,
    mistakes_concentrate,
    calibration,
    hard_examples,
    forgotten_examples,
    worst_errors,
    samples_memorised,
    sample_diversity,
)
"""Modules with a `CHECK` and `judge(recording)`, in reading order."""
