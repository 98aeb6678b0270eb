"""What a sweep is judged by, one file each."""

from mldiag.steps.range_test import learning_rate_range
from mldiag.steps.sweep.checks import (
    better_value,
    confirmed_on_reserve,
    edge_of_range,
    interaction,
    nuisance_retuned,
    parameter_ignored,
    parameter_importance,
    schedule_length,
    search_result,
    unstable_region,
)

CHECKS = (
    better_value.CHECK,
    edge_of_range.CHECK,
    unstable_region.CHECK,
    parameter_ignored.CHECK,
    interaction.CHECK,
    nuisance_retuned.CHECK,
    schedule_length.CHECK,
    learning_rate_range.CHECK,
    search_result.CHECK,
    parameter_importance.CHECK,
    confirmed_on_reserve.CHECK,
)
