"""What a learning curve is judged by, one file each; the order is that of the explanations."""

from mldiag.steps.learning_curve.checks import (
    augmentation,
    more_data,
    rows_ignored,
    target_score,
    train_validation_gap,
)

CHECKS = (
    more_data.CHECK,
    train_validation_gap.CHECK,
    rows_ignored.CHECK,
    target_score.CHECK,
    augmentation.CHECK,
)
