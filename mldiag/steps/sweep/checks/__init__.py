"""What a sweep is judged by, one file each."""

from mldiag.steps.sweep.checks import (
    better_value,
    edge_of_range,
    parameter_ignored,
    unstable_region,
)

CHECKS = (
    better_value.CHECK,
    edge_of_range.CHECK,
    unstable_region.CHECK,
    parameter_ignored.CHECK,
)
