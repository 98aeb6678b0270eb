"""Whether what a check-up predicted has come true."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mldiag.findings import Interval
from mldiag.metrics import Metric
from mldiag.steps.checkup.gathered import Gathered
from mldiag.wording import gain as told_gain


@dataclass(frozen=True)
class Came:
    """A prediction, and what came of it.

    Args:
        started: When it was made, in seconds since 1970.
        action: What was to be done.
        predicted: Its gain, positive being better.
        before: The score then, in the user's metric.
        now: The score at the next check-up.
        got: What was gained, positive being better.
        noise: Standard error of that, from the spread of the scores.
        text: The same in a line.
    """

    started: float
    action: str
    predicted: Interval
    before: float
    now: float
    got: float
    noise: float
    text: str

    @property
    def inside(self) -> bool:
        """Whether what was gained lies in the predicted interval, widened by its own noise."""
        widened = 1.2816 * self.noise if math.isfinite(self.noise) else 0.0
        return self.predicted.low - widened <= self.got <= self.predicted.high + widened

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "started": self.started, "action": self.action, "predicted": self.predicted,
            "before": self.before, "now": self.now, "got": self.got, "noise": self.noise,
            "inside": self.inside, "text": self.text,
        }  # fmt: skip


def came_true(
    gathered: Gathered, metric: Metric, baseline: Interval, sd: float, n: int
) -> list[Came]:
    """Every prediction that was followed by a later check-up, oldest first; the last by this one.

    A prediction counts only where the code or the data changed afterwards: else nothing was done.

    Args:
        gathered: Earlier check-ups, and what has changed since the latest.
        metric: The user's metric.
        baseline: The score as it stands.
        sd: Standard deviation of one score.
        n: Number of scores.
    """
    earlier = list(gathered.earlier)
    found = []
    for one, later in pairwise(earlier):
        if (later.get("result") or {}).get("changed_since_last"):
            found.append(_came(one, metric, _score_of(later)))
    if earlier and gathered.changed:
        found.append(_came(earlier[-1], metric, (baseline.estimate, sd, n)))
    return [came for came in found if came is not None]


def _came(report: Mapping[str, Any], metric: Metric, now: tuple[float, float, int]) -> Came | None:
    ranked: Sequence[Mapping[str, Any]] = report.get("result", {}).get("ranked") or ()
    first = next(iter(ranked), None)
    predicted = (first or {}).get("gain")
    before, before_sd, before_n = _score_of(report)
    if first is None or predicted is None or not all(map(_known, (before, now[0]))):
        return None
    if not all(_known(predicted.get(end)) for end in ("estimate", "low", "high")):
        return None
    interval = Interval(*(float(predicted[end]) for end in ("estimate", "low", "high")))
    got = metric.sign * (now[0] - before)
    noise = math.sqrt(_error(before_sd, before_n) ** 2 + _error(now[1], now[2]) ** 2)
    action = str(first.get("text", ""))
    text = (
        f"predicted {told_gain(metric, interval)}, got "
        f"{told_gain(metric, Interval(got, math.nan, math.nan)).removesuffix(' (interval unknown)')}"
    )
    return Came(
        float(report.get("started", 0.0)), action, interval, before, now[0], got, noise, text
    )


def _score_of(report: Mapping[str, Any]) -> tuple[float, float, int]:
    baseline = report.get("result", {}).get("baseline") or {}
    return (
        _number(baseline.get("score")),
        _number(baseline.get("sd")),
        int(baseline.get("n") or 0),
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def _known(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _error(sd: float, n: int) -> float:
    return sd / math.sqrt(n) if n > 0 and math.isfinite(sd) else 0.0
