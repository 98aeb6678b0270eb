"""What a reproduction and the bug checks judge, one file each."""

from mldiag.steps.reproduce.checks import (
    augmentation_breaks_labels,
    beats_a_dummy,
    blank_inputs,
    determinism,
    metric_disagrees,
    overfits_small_batch,
    overlapping_rows,
    permuted_labels,
    reported_score,
    reversed_gap,
    rows_used,
)

CHECKS = (
    reported_score.CHECK,
    determinism.CHECK,
    beats_a_dummy.CHECK,
    permuted_labels.CHECK,
    blank_inputs.CHECK,
    overlapping_rows.CHECK,
    reversed_gap.CHECK,
    metric_disagrees.CHECK,
    rows_used.CHECK,
    augmentation_breaks_labels.CHECK,
    overfits_small_batch.CHECK,
)
