"""What the check-up itself says, one file each."""

from mldiag.steps.checkup.checks import fix_this_first, nothing_would_help, prediction_came_true

CHECKS = (nothing_would_help.CHECK, prediction_came_true.CHECK, fix_this_first.CHECK)
