"""The answer of the capacity step: its findings, and the numbers that files and charts show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.findings import Diagnosis
from mldiag.stats.intervals import is_determined
from mldiag.steps.capacity.ceiling import Ceiling
from mldiag.steps.capacity.measured import MeasuredLine
from mldiag.steps.capacity.memorising import Memory
from mldiag.steps.capacity.verdict import Judged


@dataclass(frozen=True)
class CapacityDiagnosis(Diagnosis):
    """The findings, and what `plot` draws."""

    lines: tuple[MeasuredLine, ...] = ()
    memory: Memory | None = None
    ceiling: Ceiling | None = None
    judged: Judged | None = None

    def result(self) -> dict[str, Any]:
        """Scores of every line, the memory and the ceiling as plain data."""
        judged = self.judged
        return {
            "verdict": None if judged is None else judged.verdict,
            "remedies": [] if judged is None else [r.kind for r in judged.remedies],
            "lines": {found.line.name: _plain(found) for found in self.lines},
            "memory": self.memory,
            "ceiling": self.ceiling,
        }

    def curves(self) -> dict[str, dict[int, float]]:
        """Mean, low and high of every line by position: MLflow's steps are whole numbers."""
        series: dict[str, dict[int, float]] = {}
        for found in self.lines:
            for prefix, intervals in (("", found.valid), ("train_", found.train)):
                for part, field in (("mean", "estimate"), ("low", "low"), ("high", "high")):
                    series[f"capacity_{found.line.name}/{prefix}{found.metric.name}_{part}"] = {
                        index: getattr(interval, field)
                        for index, interval in enumerate(intervals)
                        if np.isfinite(getattr(interval, field))
                    }
        return {name: points for name, points in series.items() if points}

    def scalars(self) -> dict[str, float]:
        """The best score, what the first action gains, and the noise."""
        if not self.lines:
            return {}
        metric = self.lines[0].metric
        scores = [i.estimate for found in self.lines for i in found.valid]
        best = np.nanmax(metric.sign * np.array(scores)) if np.isfinite(scores).any() else np.nan
        first = self.judged.remedies[0] if self.judged and self.judged.remedies else None
        return {
            f"best_{metric.name}": float(metric.sign * best),
            "gain": first.gain if first is not None else float("nan"),
            "noise_sd": self.lines[0].comparisons.noise_sd,
        }


def _plain(found: MeasuredLine) -> dict[str, Any]:
    return {
        "kind": found.line.kind,
        "values": found.line.values,
        "default": found.line.values[found.line.default],
        "verdict": found.verdict,
        "validation": found.valid,
        "train": found.train,
        "scores": found.scores,
        "failed": found.failed,
        "difference": found.comparisons.intervals,
        "claimed_better": found.comparisons.claimed,
        "best_value": found.best_value,
        "gain": found.gain if is_determined(found.gain) else None,
        "smallest_gain_worth_having": found.worth,
        "uncertainty": found.uncertainty,
        "looks": found.looks,
    }
