"""The answer of the learning curve: its findings, and the numbers that files and charts show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.findings import Diagnosis
from mldiag.steps.learning_curve.ahead import DOUBLINGS, STEPS_A_DOUBLING
from mldiag.steps.learning_curve.compare_augmented import Augmented
from mldiag.steps.learning_curve.curve import Curve
from mldiag.steps.learning_curve.verdict import Verdict


@dataclass(frozen=True)
class CurveDiagnosis(Diagnosis):
    """The findings, and the curve that `plot` draws; no curve where too few trials gave a score."""

    curve: Curve | None = None
    verdict: Verdict = "inconclusive"
    target_score: float | None = None
    augmented: Augmented | None = None

    def result(self) -> dict[str, Any]:
        """Sizes, scores and the last doubling as plain data."""
        if self.curve is None:
            return {"verdict": self.verdict}
        curve = self.curve
        return {
            "verdict": self.verdict,
            "sizes": curve.sizes,
            "validation": curve.valid,
            "train": curve.train,
            "scores": curve.scores,
            "failed": curve.failed,
            "last_doubling": {
                "from_rows": curve.sizes[curve.half],
                "to_rows": curve.sizes[curve.last],
                "gain": curve.doubling.interval,
                "n": curve.doubling.n,
            },
            "forecast": self._forecast(),
            **self._augmentation(),
            "smallest_gain_worth_having": curve.worth,
            "uncertainty": curve.uncertainty,
        }

    def _forecast(self) -> list[dict[str, Any]]:
        """What 2, 4 and 8 times the rows would give."""
        if self.curve is None or self.curve.ahead is None:
            return []
        ahead = self.curve.ahead
        return [
            {
                "times": 2**doublings,
                "rows": ahead.rows[doublings * STEPS_A_DOUBLING],
                "score": ahead.scores[doublings * STEPS_A_DOUBLING],
                "gain": ahead.gains[doublings * STEPS_A_DOUBLING],
                "chance_of_gain_worth_having": ahead.chance(self.curve.worth, doublings=doublings),
            }
            for doublings in DOUBLINGS
        ]

    def _augmentation(self) -> dict[str, Any]:
        """What augmentation gained at the largest size, and how many times the rows that is."""
        if self.augmented is None or self.augmented.effect is None:
            return {}
        found = self.augmented.effect
        return {
            "augmentation": {
                "gain": found.gain.interval,
                "rows": found.sizes[-1],
                "factor": found.factor,
            }
        }

    def curves(self) -> dict[str, dict[int, float]]:
        """Mean, low and high of validation and train score by rows, and of the forecast."""
        if self.curve is None:
            return {}
        series: dict[str, dict[int, float]] = {}
        for prefix, intervals in (("", self.curve.valid), ("train_", self.curve.train)):
            for part, field in (("mean", "estimate"), ("low", "low"), ("high", "high")):
                series[f"learning_curve/{prefix}{self.curve.metric.name}_{part}"] = {
                    size: getattr(interval, field)
                    for size, interval in zip(self.curve.sizes, intervals, strict=True)
                    if np.isfinite(getattr(interval, field))
                }
        ahead = self.curve.ahead
        for part, field in (("mean", "estimate"), ("low", "low"), ("high", "high")):
            if ahead is not None:
                series[f"learning_curve/{self.curve.metric.name}_forecast_{part}"] = {
                    rows: getattr(interval, field)
                    for rows, interval in zip(ahead.rows, ahead.scores, strict=True)
                }
        return {name: points for name, points in series.items() if points}

    def scalars(self) -> dict[str, float]:
        """The best score and its rows, and what twice the rows would gain."""
        if self.curve is None:
            return {}
        means = np.array([interval.estimate for interval in self.curve.valid])
        best = np.nanargmax(self.curve.metric.sign * means)
        return {
            f"best_{self.curve.metric.name}": float(means[best]),
            "best_value": float(self.curve.sizes[best]),
            "gain": (
                self.curve.doubling.interval if self.curve.ahead is None else self.curve.ahead.gain
            ).estimate,
            "noise_sd": float(np.nanstd(self.curve.scores[self.curve.last], ddof=1))
            if np.isfinite(self.curve.scores[self.curve.last]).sum() > 1
            else float("nan"),
        }
