"""An earlier run that a reproduction is compared with, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class EarlierRun:
    """Scores of full trainings at the defaults of an earlier run, and what has changed since.

    Args:
        id: As the user named it.
        scores: Score of each such trial, by the digest of its description.
        differences: What differs in code, data, versions, parameters and surroundings, a line each.
    """

    id: str
    scores: Mapping[str, float] = field(default_factory=dict)
    differences: tuple[str, ...] = ()

    @property
    def runs(self) -> int:
        """Number of the trials."""
        return len(self.scores)

    @property
    def mean(self) -> float:
        """Mean score."""
        return float(np.mean(list(self.scores.values())))

    @property
    def sd(self) -> float:
        """Standard deviation of the scores; 0 below two."""
        return float(np.std(list(self.scores.values()), ddof=1)) if self.runs > 1 else 0.0
