"""The figure of a table's audit: the columns that findings name, and what remedies did to the score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Finding
from mldiag.metrics import Metric
from mldiag.steps.audit.effects import Effect
from mldiag.steps.audit.files.drawable_text import drawable
from mldiag.steps.drawing import (
    BAD,
    CHOSEN,
    LABEL_SIZE,
    TRAIN,
    VALID,
    new_figure,
    title,
    words_only,
)
from mldiag.wording import plural

if TYPE_CHECKING:
    from mldiag.steps.audit.diagnose import AuditDiagnosis

MOST_PANELS = 6

SHOWN_LEVELS = 8
"""Categories in a panel; the others are drawn as one."""

BINS = 40

_NOTHING_TO_SEE = ("constant-column", "id-like-column")

_BY_MISSING = (
    "missing-values",
    "missing-spellings",
    "missing-share-changed",
    "missingness-predicts-target",
)


def plot(diagnosis: AuditDiagnosis) -> Figure:
    """Draw a panel for each of the first findings that can be seen, and one for the measured remedies."""
    subject: TableAudit = diagnosis.inspected.subject
    shown = [f for f in diagnosis.findings if f.outcome in ("problem", "advice")]
    roots = [f for f in shown if f.caused_by is None and f.slug not in _NOTHING_TO_SEE]
    drawn = [finding for finding in roots if _seen_column(subject, finding)]
    effects = list(diagnosis.effects.values())
    drawn = drawn[: MOST_PANELS - bool(effects)]
    panels = len(drawn) + bool(effects)
    detail = _detail(subject, shown)
    if not panels:
        return words_only(drawable(diagnosis.findings[0].title))
    figure, axes = new_figure(panels)
    for axis, finding in zip(axes, drawn, strict=False):
        _draw(axis, subject, finding)
    if effects:
        _draw_effects(axes[-1], effects, diagnosis.metric)
    title(figure, drawable(diagnosis.findings[0].title), detail)
    return figure


def _detail(subject: TableAudit, shown: Sequence[Finding]) -> str:
    sizes = ", ".join(f"{name} {plural(len(table), 'row')}" for name, table in subject.sides)
    return (
        f"{sizes}, {plural(len(subject.train.columns), 'column')}; {plural(len(shown), 'finding')}"
    )


def _seen_column(subject: TableAudit, finding: Finding) -> str | None:
    """The column in which a finding is drawn: the first it names, else the target where rows are doubted."""
    named = [c for c in finding.evidence.get("columns") or () if c in subject.train.columns]
    if named:
        return str(named[0])
    doubted = finding.slug in ("label-errors", "conflicting-labels", "class-imbalance", "label-drift",
                               "missing-labels", "new-labels", "label-variants")  # fmt: skip
    return subject.target if doubted else None


def _draw(axes: Axes, subject: TableAudit, finding: Finding) -> None:
    name = str(_seen_column(subject, finding))
    column = subject.train[name]
    if finding.slug in _BY_MISSING:
        _missing(
            axes,
            subject,
            [c for c in finding.evidence.get("columns") or () if c in subject.train.columns],
        )
    elif column.is_numeric and not column.is_discrete(12) and len(column.present):
        _histogram(axes, subject, column, finding)
    else:
        _bars(axes, subject, column)
    others = len(finding.evidence.get("columns") or ()) - 1
    more = f" (and {others} more)" if others > 0 else ""
    axes.set_title(
        f"{finding.slug.replace('-', ' ')}: {_short(name)}{more}", fontsize=LABEL_SIZE, loc="left"
    )


def _histogram(axes: Axes, subject: TableAudit, column: Column, finding: Finding) -> None:
    """Shares of rows over the values, both tables, with the rows that the finding names marked below."""
    edges = _edges(column.present)
    _steps(axes, column.present, edges, VALID, "train")
    if subject.test is not None and column.name in subject.test.columns:
        _steps(axes, subject.test[column.name].present, edges, TRAIN, "test")
    named = np.asarray((finding.evidence.get("rows") or {}).get("train", ()), dtype=np.int64)
    if len(named) and column.numbers is not None:
        marked = np.clip(column.numbers[named[:2000]], edges[0], edges[-1])
        axes.plot(marked, np.full(len(marked), -0.015), "|", color=CHOSEN, markersize=9,
                  transform=axes.get_xaxis_transform(), clip_on=False, label="named rows")  # fmt: skip
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    axes.set_ylabel("rows", fontsize=LABEL_SIZE)
    if len(axes.get_legend_handles_labels()[0]) > 1:
        axes.legend(frameon=False, fontsize=LABEL_SIZE - 2)


def _edges(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    if high <= low:
        high = low + max(1.0, abs(low))
    shares = np.linspace(0.0, 1.0, BINS + 1)
    return low * (1 - shares) + high * shares  # high - low may overflow


def _steps(axes: Axes, values: np.ndarray, edges: np.ndarray, colour: str, label: str) -> None:
    if len(values):
        share = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / len(values)
        axes.stairs(share, edges, color=colour, label=label, linewidth=1.6, fill=False)


def _bars(axes: Axes, subject: TableAudit, column: Column) -> None:
    """Shares of the most frequent values, both tables beside one another."""
    order = np.argsort(-column.counts, kind="stable")[:SHOWN_LEVELS]
    sides = [("train", column, VALID)]
    if subject.test is not None and column.name in subject.test.columns:
        sides.append(("test", subject.test[column.name], TRAIN))
    labels = [_level(column.levels[i]) for i in order]
    height = 0.8 / len(sides)
    for number, (name, side, colour) in enumerate(sides):
        counts = dict(zip(map(_level, side.levels), side.counts, strict=True))
        shares = [counts.get(label, 0) / max(1, len(side)) for label in labels]
        places = np.arange(len(labels)) + (number - (len(sides) - 1) / 2) * height
        axes.barh(places, shares, height=height * 0.92, color=colour, label=name)
    axes.yaxis.set_major_locator(FixedLocator(list(range(len(labels)))))
    axes.set_yticklabels([_short(label) for label in labels])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.7)
    left = column.n_unique - len(labels)
    more = f", {plural(left, 'more value')} not shown" if left > 0 else ""
    axes.set_xlabel(f"share of rows{more}", fontsize=LABEL_SIZE)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    if len(sides) > 1:
        axes.legend(frameon=False, fontsize=LABEL_SIZE - 2)


def _level(value: Any) -> str:
    """A value as a person writes it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _missing(axes: Axes, subject: TableAudit, names: Sequence[str]) -> None:
    """Share of missing cells by column, both tables beside one another."""
    names = list(names)[:SHOWN_LEVELS]
    height = 0.8 / len(subject.sides)
    for number, (side, table) in enumerate(subject.sides):
        shares = [float(table[n].missing.mean()) if n in table.columns else 0.0 for n in names]
        places = np.arange(len(names)) + (number - (len(subject.sides) - 1) / 2) * height
        axes.barh(places, shares, height=height * 0.92, color=(VALID, TRAIN)[number], label=side)
    axes.yaxis.set_major_locator(FixedLocator(list(range(len(names)))))
    axes.set_yticklabels([_short(name) for name in names])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("share of rows without a value", fontsize=LABEL_SIZE)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    if len(subject.sides) > 1:
        axes.legend(frameon=False, fontsize=LABEL_SIZE - 2)


def _draw_effects(axes: Axes, effects: Sequence[Effect], metric: Metric) -> None:
    """What each remedy changed, with its 80 % interval; right of zero the score rises."""
    for place, effect in enumerate(effects):
        change = effect.change
        colour = CHOSEN if effect.claimed and not effect.remedy.flattered else BAD
        axes.plot([change.low, change.high], [place, place], color=colour, linewidth=2.5)
        axes.plot(change.estimate, place, "o", color=colour, markersize=7)
    axes.axvline(0, color="#222222", linewidth=0.9)
    labels = [
        e.remedy.slug.replace("-", " ") + ("*" if e.remedy.flattered else "") for e in effects
    ]
    axes.yaxis.set_major_locator(FixedLocator(list(range(len(effects)))))
    axes.set_yticklabels(labels)
    axes.invert_yaxis()
    axes.margins(y=0.25)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(
        f"change of {metric.name.replace('_', ' ')}, higher is better", fontsize=LABEL_SIZE
    )
    flattered = any(effect.remedy.flattered for effect in effects)
    note = " (* the score before was flattered)" if flattered else ""
    axes.set_title(f"measured with and without{note}", fontsize=LABEL_SIZE, loc="left")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return drawable(text if len(text) <= 22 else f"{text[:21]}…")
