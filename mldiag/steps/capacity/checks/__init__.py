"""What the model is judged by, one file each; the order is that of the explanations."""

from mldiag.steps.capacity.checks import (
    bias_or_variance,
    capacity_moved,
    ceiling_reached,
    longer_training,
    memorises_rows,
    reference_families,
    regularization_moved,
)

CHECKS = (
    memorises_rows.CHECK,
    capacity_moved.CHECK,
    regularization_moved.CHECK,
    longer_training.CHECK,
    reference_families.CHECK,
    ceiling_reached.CHECK,
    bias_or_variance.CHECK,
)
