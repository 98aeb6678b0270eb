"""One check asked of one subject; a check that breaks is told as skipped, and the others are not touched."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from mldiag.errors import MldiagError
from mldiag.findings import Check, Finding


class CheckModule(Protocol):
    """A file of a check."""

    CHECK: Check

    def judge(self, subject: Any) -> Finding | None:
        """What the check says of the subject; None where it has nothing to say of such a one."""


def judged(module: CheckModule, subject: Any) -> Finding | None:
    """What a check says.

    Args:
        module: The check.
        subject: What it judges: a table, a recording.
    """
    try:
        # Numbers near the end of what floats hold overflow in sums of squares; no warning helps the reader.
        with np.errstate(all="ignore"):
            return module.judge(subject)
    except MldiagError as error:
        return module.CHECK.finding("skipped", f"{module.CHECK.slug}: {error.what}")
    except Exception as error:
        told = f"{type(error).__name__}: {error}".strip()
        return module.CHECK.finding(
            "skipped",
            f"{module.CHECK.slug} could not be judged on these data",
            explanation=f"The check broke ({told[:200]}). The other checks are not touched by it.",
            evidence={"error": told[:1000]},
        )
