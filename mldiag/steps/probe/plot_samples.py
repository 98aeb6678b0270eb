"""Figures of what a network makes: samples beside real rows, reconstructions, diversity over steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mldiag.recording.recorded import Recording
from mldiag.steps.drawing import AUGMENTED, CHOSEN, LABEL_SIZE, TRAIN, VALID, new_figure, title
from mldiag.steps.probe.mistakes import sample_diversity, samples_memorised
from mldiag.steps.probe.plot_examples import caption, draw, frame, kind_of, sheet
from mldiag.wording import number

ACROSS = 8


def figures(recording: Recording) -> dict[str, Figure]:
    """`samples`, `diversity` and `reconstructions`, as far as there are data for them.

    Args:
        recording: What was measured.

    Example:
        >>> random = np.random.default_rng(0)
        >>> seen = Recording({}, {"samples/made": random.random((16, 1, 8, 8))})
        >>> list(figures(seen))
        ['samples']
    """
    found: dict[str, Figure] = {}
    made = recording.series("samples/made")
    if made.ndim >= 2 and len(made):
        found["samples"] = _points(recording) if made[0].size <= 3 else _sheet(recording)
    coverage = recording.series("eval/samples/coverage")
    if np.isfinite(coverage).sum() >= 2:
        found["diversity"] = _diversity(recording)
    originals, outputs = recording.series("eval/originals"), recording.series("eval/outputs")
    if originals.ndim >= 2 and originals.shape == outputs.shape and len(originals):
        found["reconstructions"] = _reconstructions(recording)
    return found


def _verdict(recording: Recording, otherwise: str) -> str:
    found = samples_memorised.judge(recording)
    if found is not None and found.outcome in ("problem", "advice"):
        return found.title
    varied = sample_diversity.judge(recording)
    return varied.title if varied is not None else otherwise


def _sheet(recording: Recording) -> Figure:
    made = recording.series("samples/made")
    near, real = recording.series("samples/neighbours"), recording.series("samples/real")
    near = near if near.shape[1:] == made.shape[1:] else np.empty(0)
    real = real if real.shape[1:] == made.shape[1:] else np.empty(0)
    bands: list[tuple[str, NDArray[Any], str]] = []
    for start in range(0, min(len(made), 2 * ACROSS), ACROSS):
        bands.append(("samples", made[start : start + ACROSS], CHOSEN))
        if len(near):
            bands.append(("nearest real", near[start : start + ACROSS], VALID))
    if len(real):
        bands.append(("other real", real[:ACROSS], VALID))
    figure, axes = sheet(len(bands), ACROSS, height=1.35)
    kind = kind_of(made, recording.facts)
    closeness = recording.series("samples/closeness")
    copy = samples_memorised.THRESHOLDS.close
    for place, (name, values, colour) in enumerate(bands):
        _name_row(axes[place][0], name, colour)
        for k, (axis, value) in enumerate(zip(axes[place], values, strict=False)):
            draw(axis, value, kind, recording)
            row = ACROSS * (place // 2) + k
            if name == "nearest real" and row < len(closeness):
                near_one = float(closeness[row])
                caption(
                    axis,
                    f"{number(near_one, 2)} apart",
                    colour=CHOSEN if near_one < copy else "#555555",
                )
            if name == "samples":
                frame(axis, colour)
    title(
        figure,
        _verdict(recording, "Samples of the last evaluation"),
        "each sample above the real row nearest to it; apart: their distance over that row's own to the "
        "next real "
        f"one, a copy below {copy:g}"
        if len(near)
        else "samples of the last evaluation, as they came",
    )
    return figure


def _name_row(axis: Axes, name: str, colour: str) -> None:
    axis.text(
        -0.12, 0.5, name, transform=axis.transAxes, rotation=90, ha="center", va="center",
        fontsize=LABEL_SIZE - 2, color=colour,
    )  # fmt: skip


def _points(recording: Recording) -> Figure:
    """Points of one to three numbers: both clouds."""
    figure, (axes,) = new_figure()
    for name, label, colour, mark in (
        ("samples/real", "real", VALID, "o"), ("samples/made", "samples", TRAIN, "x"),
    ):  # fmt: skip
        values = recording.series(name).reshape(len(recording.series(name)), -1)
        if not len(values):
            continue
        if values.shape[1] == 1:
            axes.hist(
                values[:, 0], bins=40, density=True, histtype="step", color=colour, label=label
            )
        else:
            axes.scatter(
                values[:, 0], values[:, 1], s=14, c=colour, marker=mark, alpha=0.65, label=label,
                linewidths=1.0 if mark == "x" else 0.0,
            )  # fmt: skip
    axes.legend(frameon=False, fontsize=LABEL_SIZE - 1)
    title(figure, _verdict(recording, "Samples beside real rows"), "first two numbers of each row")
    return figure


def _diversity(recording: Recording) -> Figure:
    figure, (axes, other) = new_figure(2)
    coverage = recording.series("eval/samples/coverage")
    steps = recording.series("eval/step")
    steps = steps if len(steps) == len(coverage) else np.arange(len(coverage))
    density = recording.series("eval/samples/density")
    axes.plot(steps, 100 * coverage, color=VALID, marker="o", markersize=3)
    axes.set_ylim(0, 103)
    axes.set_ylabel("real rows with a sample nearby (%)", fontsize=LABEL_SIZE)
    own, typical = (
        recording.series(f"eval/samples/{n}") for n in ("own_distance", "typical_distance")
    )
    if len(own) == len(coverage) == len(typical):
        apart = np.divide(own, typical, out=np.full(len(own), np.nan), where=typical > 0)
        other.plot(
            steps,
            apart,
            color=TRAIN,
            marker="o",
            markersize=3,
            label="distance between samples, real rows = 1",
        )
    if len(density) == len(coverage):
        other.plot(
            steps,
            density,
            color=AUGMENTED,
            marker="s",
            markersize=3,
            label="density of real rows around samples",
        )
    other.axhline(1.0, color="#999999", linewidth=0.8)
    other.set_ylim(bottom=0)
    top = other.get_ylim()[1]
    other.set_ylim(0, 1.25 * top)
    if other.get_legend_handles_labels()[0]:
        other.legend(frameon=False, fontsize=LABEL_SIZE - 2, loc="upper left")
    for axis in (axes, other):
        axis.set_xlabel("training step", fontsize=LABEL_SIZE)
    title(
        figure,
        _verdict(recording, "Diversity of the samples"),
        "coverage and density with 5 neighbours; 1 is what real rows would show",
    )
    return figure


def _reconstructions(recording: Recording) -> Figure:
    originals, outputs = recording.series("eval/originals"), recording.series("eval/outputs")
    count = min(len(originals), 2 * ACROSS)
    chosen = np.unique(np.linspace(0, count - 1, min(count, ACROSS)).astype(int))
    figure, axes = sheet(2, ACROSS)
    kind = kind_of(originals, recording.facts)
    for place, (name, values, colour) in enumerate(
        (("given", originals, VALID), ("made of it", outputs, CHOSEN))
    ):
        _name_row(axes[place][0], name, colour)
        for axis, row in zip(axes[place], chosen, strict=False):
            draw(axis, values[row], kind, recording)
            if place:
                error = float(np.mean((np.asarray(outputs[row], float) - originals[row]) ** 2))
                caption(axis, f"error {number(error, 2)}")
    errors = recording.series("eval/errors")
    spread = ""
    if len(errors):
        middle, worst = number(float(np.median(errors)), 2), number(float(errors.max()), 2)
        spread = f": squared error {middle} in the middle, {worst} at worst"
    title(
        figure,
        f"Reconstructions from the worst to the best{spread}",
        f"of {len(errors):,} evaluated rows",
    )
    return figure
