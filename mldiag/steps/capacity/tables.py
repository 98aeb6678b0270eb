"""The tables of the capacity step."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mldiag.findings import Table
from mldiag.metrics import Metric
from mldiag.steps.capacity.measured import MeasuredLine
from mldiag.steps.capacity.memorising import Memory
from mldiag.wording import MISSING, gain, plural, score, score_interval


def all_tables(
    lines: Sequence[MeasuredLine], memory: Memory | None, metric: Metric
) -> tuple[Table, ...]:
    """One table for each line, the dummy among the references, and one for the memory."""
    dummy = next((found for found in lines if found.line.kind == "dummy"), None)
    tables = []
    for found in lines:
        if found.line.kind == "references":
            tables.append(_line_table(found, dummy))
        elif found.line.kind != "dummy":
            tables.append(_line_table(found, None))
    references = any(found.line.kind == "references" for found in lines)
    if dummy is not None and not references:
        tables.append(_line_table(dummy, None))
    if memory is not None:
        tables.append(_memory_table(memory, metric))
    return tuple(tables)


def _line_table(found: MeasuredLine, dummy: MeasuredLine | None) -> Table:
    rows = [_row(found, index) for index in range(len(found.line.values))]
    if dummy is not None:
        rows.append(_row(dummy, 1 - dummy.line.default))
    name = "reference families" if found.line.kind in ("references", "dummy") else found.line.name
    repeats = plural(found.scores.shape[1], "repeat")
    legend = "; * surely better" if found.comparisons.claimed.any() else ""
    return Table(
        f"{found.metric.name} by {name}, {repeats}, 80 % intervals {found.uncertainty}{legend}",
        (found.line.name, "validation", "train", "against yours", "without a score"),
        tuple(rows),
    )


def _row(found: MeasuredLine, index: int) -> tuple[str, ...]:
    comparisons, default = found.comparisons, found.line.default
    own = (
        " (default)" if index == default and found.line.kind not in ("references", "dummy") else ""
    )
    mark = " *" if comparisons.claimed[index] else ""
    against = "" if index == default else gain(found.metric, comparisons.intervals[index])
    failed = plural(found.failed[index], "trial") if found.failed[index] else ""
    return (
        f"{found.line.shown(index)}{own}{mark}",
        score_interval(found.metric, found.valid[index]),
        score(found.metric, found.train[index].estimate),
        against,
        failed,
    )


def _memory_table(memory: Memory, metric: Metric) -> Table:
    rows = [
        (
            f"yours, {memory.yours.label}",
            score(metric, memory.yours.score),
            _share(memory.yours.share),
        )
    ]
    rows += [
        (f"yours, {v.label}", score(metric, v.score), _share(v.share)) for v in memory.variants
    ]
    if math.isfinite(memory.most):
        rows += [
            ("a dummy", score(metric, memory.dummy), "0%"),
            ("a table of the rows", score(metric, memory.most), "100%"),
        ]
    return Table(
        f"{metric.name} on {memory.rows:,} rows that were trained on",
        ("model", metric.name, "share of what can be memorised"),
        tuple(rows),
    )


def _share(share: float) -> str:
    return f"{share:.0%}" if share == share else MISSING
