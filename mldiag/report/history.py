"""How good the predictions of earlier check-ups were, as a table and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mldiag.findings import Report, Table
from mldiag.report.console import report_metric
from mldiag.report.page_language import Language
from mldiag.report.page_predictions import prediction, told_predictions


def history_of(reports: Sequence[Report]) -> tuple[Table, str]:
    """Every prediction with what came of it, and in a line how many lay inside their interval.

    Args:
        reports: Check-ups of one experiment, oldest first.

    Returns:
        The table, without rows where no advice was followed yet, and the line.

    Example:
        >>> history_of([])[1]
        'no check-up has been followed by another one after a change: there is nothing to compare yet'
    """
    told = told_predictions(reports)
    columns = ("date", "action", "predicted gain", "got", "inside the 80 % interval")
    if not told:
        nothing = "no check-up has been followed by another one after a change: "
        return Table("", columns, ()), nothing + "there is nothing to compare yet"
    shown = [prediction(one, report_metric(reports[-1]), Language("en")) for one in told]
    rows = tuple(
        (
            one.date,
            one.action,
            one.predicted,
            one.got,
            "" if one.inside is None else "yes" if one.inside else "no",
        )
        for one in shown
    )
    title = f"predictions of earlier check-ups of {reports[-1].experiment}"
    return Table(title, columns, rows), _share_text(history_data(reports))


def history_data(reports: Sequence[Report]) -> dict[str, Any]:
    """The same as plain data: `predictions`, how many were `judged`, how many lay `inside`, the `share`.

    Args:
        reports: Check-ups of one experiment, oldest first.
    """
    told: list[Mapping[str, Any]] = told_predictions(reports)
    judged = [one["inside"] for one in told if isinstance(one.get("inside"), bool)]
    share = sum(judged) / len(judged) if judged else None
    return {
        "predictions": [dict(one) for one in told],
        "judged": len(judged),
        "inside": sum(judged),
        "share": share,
    }


def _share_text(data: Mapping[str, Any]) -> str:
    if not data["judged"]:
        return "none of them could be judged yet"
    return (
        f"{data['inside']} of {data['judged']} inside ({data['share']:.0%}); of 80 % intervals that are "
        "right, 80 % are inside in the long run"
    )
