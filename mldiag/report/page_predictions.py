"""Predictions of earlier check-ups with what came of them, and dates as the page writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from mldiag.findings import Report
from mldiag.metrics import Metric
from mldiag.report.console import report_metric
from mldiag.report.from_record import interval_from, number_from
from mldiag.report.page_bars import Bar, bars
from mldiag.report.page_language import Language
from mldiag.wording import score

_LATEST_SECONDS = 6e10
"""The year 3871, and as far back: a calendar ends at the years 1 and 9999."""


class Prediction(NamedTuple):
    """A gain that was predicted, and what came."""

    date: str
    action: str
    predicted: str
    got: str
    before: str
    now: str
    inside: bool | None
    bar: Bar | None
    text: str


def predictions_of(
    report: Report, language: Language
) -> tuple[Prediction | None, list[Prediction]]:
    """What came of the advice of last time, and of all advice before, oldest first."""
    metric = report_metric(report)
    last = report.result.get("since_last")
    latest = prediction(last, metric, language) if isinstance(last, Mapping) else None
    return latest, [prediction(one, metric, language) for one in told_predictions([report])]


def told_predictions(reports: Sequence[Report]) -> list[Mapping[str, Any]]:
    """Every prediction with what came of it that these check-ups tell of, oldest first, each once."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for report in reports:
        listed = report.result.get("history")
        earlier = listed if isinstance(listed, list) else []
        for one in (*earlier, report.result.get("since_last")):
            if isinstance(one, Mapping):
                found[str(one.get("started")), str(one.get("action"))] = one
    return sorted(found.values(), key=lambda one: _seconds(one.get("started")) or 0.0)


def prediction(told: Mapping[str, Any], metric: Metric, language: Language) -> Prediction:
    """A prediction with what came of it, as text."""
    known = interval_from(told.get("predicted"))
    got = number_from(told.get("got"))
    inside = told.get("inside")
    return Prediction(
        date=date_of(told.get("started")),
        action=str(told.get("action") or ""),
        predicted=language.gain(metric, known) if known else "",
        got=language.came(metric, got),
        before=score(metric, number_from(told.get("before"))),
        now=score(metric, number_from(told.get("now"))),
        inside=inside if isinstance(inside, bool) else None,
        bar=bars([known], [got])[0],
        text=str(told.get("text") or "") if language.is_english else "",
    )


def date_of(started: Any) -> str:
    """When something began, as the page writes it.

    Example:
        >>> date_of(0.0), date_of("2026-11-23T00:07:00+00:00"), date_of(None)
        ('1970-01-01 00:00 UTC', '2026-11-23 00:07 UTC', '')
    """
    seconds = _seconds(started)
    if seconds is None:
        return ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _seconds(started: Any) -> float | None:
    if isinstance(started, (int, float)):
        return float(started) if abs(started) < _LATEST_SECONDS else None
    try:
        moment = datetime.fromisoformat(str(started))
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None
    return seconds if abs(seconds) < _LATEST_SECONDS else None
