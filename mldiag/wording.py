"""How numbers, intervals, gains and durations are written: one way, everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mldiag.findings import Interval
from mldiag.metrics import Metric

MISSING = "–"


def number(value: float, digits: int = 3) -> str:
    """A number with significant digits, without the noise of a long mantissa.

    Example:
        >>> number(0.0281234), number(1234567.0), number(float("nan"))
        ('0.0281', '1,234,567', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1) and abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names for a sentence, the first few by name.

    Example:
        >>> listed(["a", "b"]), listed(["a", "b", "c", "d", "e"])
        ('a and b', 'a, b, c and 2 more')
    """
    shown = [str(name) if len(str(name)) <= 40 else f"{str(name)[:39]}…" for name in names[:most]]
    left = len(names) - len(shown)
    if left:
        return f"{', '.join(shown)} and {left:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def score(metric: Metric, value: float) -> str:
    """A score as people quote it: three decimals in [0, 1], significant digits elsewhere.

    Example:
        >>> from mldiag.metrics import named_metric
        >>> score(named_metric("accuracy"), 0.95237), score(named_metric("rmse"), 53.91)
        ('0.952', '53.9')
    """
    if not math.isfinite(value):
        return MISSING
    if metric.as_points():
        return f"{value:.3f}"
    return number(value) if value == 0 or abs(value) >= 100 else f"{value:#.3g}"


def score_interval(metric: Metric, interval: Interval) -> str:
    """A score with its interval: `0.952 (0.947 to 0.957)`."""
    return _with_ends(
        score(metric, interval.estimate), score(metric, interval.low), score(metric, interval.high)
    )


def gain(metric: Metric, interval: Interval) -> str:
    """A signed difference with its interval, in points (hundredths) for scores in [0, 1].

    Example:
        >>> from mldiag.metrics import named_metric
        >>> gain(named_metric("accuracy"), Interval(0.018, 0.011, 0.026))
        '+1.8 points (+1.1 to +2.6)'
    """
    ends = [_difference(metric, end) for end in (interval.estimate, interval.low, interval.high)]
    unit = " points" if metric.as_points() else ""
    return _with_ends(ends[0] + unit, ends[1], ends[2])


def gain_short(metric: Metric, value: float) -> str:
    """A signed difference for a headline: `+1.8pt`, or `+0.35` for a metric without bounds."""
    return _difference(metric, value) + ("pt" if metric.as_points() else "")


def amount(metric: Metric, value: float) -> str:
    """A size without sign: `0.5 points`, or `0.35`."""
    text = _difference(metric, abs(value)).lstrip("+")
    return f"{text} points" if metric.as_points() else text


def setting(value: Any) -> str:
    """A parameter's value, short and exact enough to type again.

    Example:
        >>> setting(0.01), setting(64), setting(None), setting(1e-05)
        ('0.01', '64', 'None', '1e-05')
    """
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def setting_short(value: Any) -> str:
    """A parameter's value for a headline: two digits, no leading zero: `.028`.

    Example:
        >>> setting_short(0.02812), setting_short(100), setting_short("relu")
        ('.028', '100', 'relu')
    """
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.2g}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def duration(seconds: float | None) -> str:
    """A length of time as people say it.

    Example:
        >>> duration(0.4), duration(75), duration(7300), duration(None)
        ('0.4 s', '1 min 15 s', '2 h 2 min', 'unknown time')
    """
    if seconds is None or not math.isfinite(seconds):
        return "unknown time"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def plural(count: int, noun: str) -> str:
    """A count with its noun: `1 trial`, `24 trials`.

    Example:
        >>> plural(1, "trial"), plural(1240, "row")
        ('1 trial', '1,240 rows')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def unknown_noise(repeats: int) -> str:
    """Why there is no interval, and what would give one.

    Args:
        repeats: Repeats that were run.
    """
    if repeats < 2:
        return "One repeat has no spread, so nothing can be said of the noise: --repeats 5."
    return (
        "All repeats differ by the same amount or not at all, so nothing is known of the noise: more repeats "
        "would tell, or more validation rows."
    )


def rows_needed(factor: float) -> str:
    """That more validation rows, not more repeats, would settle a question.

    Args:
        factor: How many times the present ones are needed.

    Example:
        >>> rows_needed(6.2)
        'It is the validation rows that are too few: about 6.2 times as many would settle it.'
    """
    if not math.isfinite(factor):
        return "It is the validation rows that are too few: more of them would settle it."
    times = f"{factor:.2g}" if factor < 100 else number(factor)
    return (
        f"It is the validation rows that are too few: about {times} times as many would settle it."
    )


def _difference(metric: Metric, value: float) -> str:
    if not math.isfinite(value):
        return MISSING
    if metric.as_points():
        text = f"{100 * value:+.1f}"
        return text.replace("-0.0", "0.0").replace("+0.0", "0.0")
    return "0" if value == 0 else ("+" if value > 0 else "-") + number(abs(value))


def _with_ends(estimate: str, low: str, high: str) -> str:
    if estimate.startswith(MISSING):
        return MISSING
    if MISSING in (low, high):
        return f"{estimate} (interval unknown)"
    return f"{estimate} ({low} to {high})"
