"""The checks of a training loop, one file each, upstream first: data, network, loss, updates, modes."""

from mldiag.training_checks.checks import (
    batch_mixing,
    batch_norm_statistics,
    broadcast_loss,
    causal_leak,
    data_order,
    evaluation_mode,
    initial_loss,
    inputs_ignored,
    loss_detached,
    misaligned_targets,
    missing_zero_grad,
    not_finite,
    optimizer_parameters,
    overfit_batch,
    parameters_move,
    row_alone,
    rows_overlap,
    softmax_twice,
    training_mode,
    unshifted_targets,
)

ALL = (
    not_finite,
    rows_overlap,
    data_order,
    misaligned_targets,
    unshifted_targets,
    batch_mixing,
    row_alone,
    causal_leak,
    broadcast_loss,
    softmax_twice,
    loss_detached,
    missing_zero_grad,
    optimizer_parameters,
    parameters_move,
    batch_norm_statistics,
    evaluation_mode,
    training_mode,
    initial_loss,
    inputs_ignored,
    overfit_batch,
)

CHECKS = tuple(module.CHECK for module in ALL)
