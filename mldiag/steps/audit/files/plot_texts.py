"""The figure of an audit of texts: how long they are, and which labels they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from mldiag.data.texts.read import TextAudit
from mldiag.findings import Finding
from mldiag.steps.audit.files.drawable_text import drawable
from mldiag.steps.audit.files.texts import texts_of
from mldiag.steps.drawing import CHOSEN, LABEL_SIZE, TRAIN, VALID, new_figure, title

SHOWN_LABELS = 12


def plot(subject: TextAudit, findings: Sequence[Finding]) -> Figure:
    """Draw lengths, with those of the texts that findings name, and labels.

    Args:
        subject: The texts.
        findings: What was found.
    """
    (texts,) = texts_of(subject)
    told = [f for f in findings if f.outcome in ("problem", "advice")]
    figure, (lengths, labels) = new_figure(2)
    found = {side: np.array([len(x) + 1 for x in own.texts]) for side, own in texts.sides}
    everything = np.concatenate(list(found.values()))
    edges = np.geomspace(max(1, everything.min()), max(2, everything.max()), 40)
    for (side, values), colour in zip(found.items(), (VALID, TRAIN), strict=True):
        if len(values):
            lengths.stairs(
                np.histogram(values, edges)[0] / len(values),
                edges,
                color=colour,
                label=side,
                lw=1.6,
            )
    named = {int(row) for f in told for row in (f.evidence.get("rows") or {}).get("train", ())}
    marked = [
        len(x) + 1
        for x, row in zip(texts.train.texts, texts.train.rows, strict=True)
        if row in named
    ]
    if marked:
        lengths.plot(marked, np.full(len(marked), -0.02), "|", color=CHOSEN, ms=9, clip_on=False,
                     transform=lengths.get_xaxis_transform(), label="named texts")  # fmt: skip
    lengths.set_xscale("log")
    lengths.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    lengths.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    lengths.set_xlabel("letters", fontsize=LABEL_SIZE)
    lengths.set_ylabel("texts", fontsize=LABEL_SIZE)
    lengths.legend(frameon=False, fontsize=LABEL_SIZE - 2)
    counts = Counter(label or "(none)" for label in texts.train.labels).most_common(SHOWN_LABELS)
    labels.barh(range(len(counts)), [count for _, count in counts], color=VALID)
    labels.yaxis.set_major_locator(FixedLocator(list(range(len(counts)))))
    labels.set_yticklabels([drawable(str(name)[:22]) for name, _ in counts])
    labels.invert_yaxis()
    labels.grid(visible=False, axis="y")
    labels.set_xlabel("training texts of a label", fontsize=LABEL_SIZE)
    title(figure, drawable(findings[0].title), f"{texts.total:,} texts; {len(told)} findings")
    return figure
