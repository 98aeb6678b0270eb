"""The figure of a training: loss and scores, then gradients, updates and activations by layer and step."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mldiag.recording.recorded import Recording
from mldiag.steps.drawing import CHOSEN, LABEL_SIZE, TRAIN, VALID, new_figure, title, words_only
from mldiag.steps.probe import plot_mistakes, plot_samples
from mldiag.steps.probe.probe_diagnosis import ProbeDiagnosis
from mldiag.steps.range_test.plot import plot as plot_range

MOST_LAYERS = 40
"""Layers of a heat map that still have a line of their own."""


def plot(diagnosis: ProbeDiagnosis) -> Figure:
    """Draw the course of the training and the layers over the steps.

    Args:
        diagnosis: The answer of the step.
    """
    recording = diagnosis.recording
    if recording is None:
        return words_only(diagnosis.findings[0].title)
    maps = [found for found in _maps(recording) if found is not None]
    figure, axes = new_figure(1 + len(maps))
    _draw_course(axes[0], recording)
    for axis, (name, names, steps, values, colours, limits) in zip(axes[1:], maps, strict=True):
        _draw_map(axis, name, names, steps, values, colours, limits)
    optimizers = ", ".join(o["class"] for o in recording.facts.get("optimizers", []))
    detail = (
        f"{recording.steps} steps, batch {recording.facts.get('batch') or 'unknown'},"
        f" {optimizers or 'no optimizer'}"
    )
    passed = diagnosis.outcome == "passed"
    title(figure, "No fault seen" if passed else diagnosis.findings[0].title, detail)
    return figure


def figures(diagnosis: ProbeDiagnosis) -> dict[str, Figure]:
    """Every figure by the name of its file, the course of the training first.

    Args:
        diagnosis: The answer of the step.
    """
    drawn = {"plot": plot(diagnosis)}
    if diagnosis.tested is not None:
        drawn["learning_rate"] = plot_range(diagnosis.tested)
    if diagnosis.recording is not None:
        drawn |= plot_mistakes.figures(diagnosis.recording)
        drawn |= plot_samples.figures(diagnosis.recording)
    return drawn


def _draw_course(axes: Axes, recording: Recording) -> None:
    steps, loss = recording.series("loss/step"), recording.series("loss/mean")
    if loss.size:
        width = max(1, len(loss) // 60)
        axes.plot(steps, loss, color=TRAIN, lw=0.8, alpha=0.35)
        smooth = np.convolve(loss, np.ones(width) / width, mode="valid")
        start = (len(loss) - len(smooth)) // 2
        axes.plot(
            steps[start : start + len(smooth)], smooth, color=TRAIN, lw=1.8, label="training loss"
        )
        finite = loss[np.isfinite(loss)]
        if finite.size and finite.min() > 0 and finite.max() > 30 * np.median(finite):
            axes.set_yscale("log")
    else:
        _draw_named_losses(axes, recording)
    held = recording.series("eval/valid/loss")
    if held.size:
        axes.plot(
            recording.series("eval/step"),
            held,
            "o-",
            color=VALID,
            ms=3,
            lw=1.4,
            label="held-out loss",
        )
    axes.set_xlabel("step", fontsize=LABEL_SIZE)
    axes.set_ylabel("loss", fontsize=LABEL_SIZE)
    handles, labels = axes.get_legend_handles_labels()
    score = recording.series("eval/score")
    if score.size:
        twin = axes.twinx()
        twin.plot(
            recording.series("eval/step"), score, "s-", color=CHOSEN, ms=3, lw=1.4, label="score"
        )
        twin.set_ylabel("score", fontsize=LABEL_SIZE, color=CHOSEN)
        twin.spines[["top"]].set_visible(False)
        more = twin.get_legend_handles_labels()
        handles, labels = handles + more[0], labels + more[1]
    if handles:
        axes.legend(handles, labels, frameon=False, fontsize=LABEL_SIZE - 2, loc="upper center", ncols=3,
                    bbox_to_anchor=(0.5, 1.14))  # fmt: skip
    birth = recording.facts.get("birth")
    if birth and birth.get("step") is not None:
        axes.axvline(birth["step"], color=CHOSEN, ls="--", lw=1.2)
        axes.annotate("not finite", (birth["step"], 0.98), xycoords=("data", "axes fraction"), rotation=90,
                      ha="right", va="top", color=CHOSEN, fontsize=LABEL_SIZE - 2)  # fmt: skip


def _draw_named_losses(axes: Axes, recording: Recording) -> None:
    """Losses that were told by name alone, as those of a generator and a discriminator are."""
    named = [name for name in recording.arrays if name.startswith("losses/")]
    for place, name in enumerate(sorted(name for name in named if name.endswith("/mean"))):
        told = name.removeprefix("losses/").removesuffix("/mean")
        steps = recording.series(name.removesuffix("mean") + "step")
        if len(steps) == len(recording.series(name)):
            axes.plot(steps, recording.series(name), color=f"C{place % 10}", lw=1.2, label=told)


Map = tuple[str, list[str], NDArray[Any], NDArray[Any], str, tuple[float, float]]


def _maps(recording: Recording) -> list[Map | None]:
    columns = [k for k, p in enumerate(recording.parameters) if p["matrix"] and p["trainable"]]
    names = [str(recording.parameters[k]["name"]).removesuffix(".weight") for k in columns]
    gradient, weight = recording.series("gradient/norm"), recording.series("weight/norm")
    update = recording.series("update/norm")
    found: list[Map | None] = []
    with np.errstate(all="ignore"):
        for name, series, limits in (
            ("gradient over weight (powers of ten)", gradient, (-6.0, 1.0)),
            ("update over weight (powers of ten)", update, (-6.0, 0.0)),
        ):
            if series.ndim == 2 and columns:
                values = np.log10(series[:, columns] / weight[:, columns] + 1e-15)
                found.append(_map(recording, name, names, values, "viridis", limits))
    off, full = recording.series("output/off"), recording.series("output/full")
    if off.ndim == 2:
        layers = recording.layers
        active = [
            k
            for k, layer in enumerate(layers)
            if str(layer["kind"]).islower() and layer["kind"] != "attention"
        ]
        if active:
            shares = np.fmax(np.nan_to_num(off[:, active]), np.nan_to_num(full[:, active]))
            shown = [str(layers[k]["name"]) for k in active]
            found.append(
                _map(
                    recording,
                    "share of an activation that is off or full",
                    shown,
                    shares,
                    "magma_r",
                    (0.0, 1.0),
                )
            )
    return found


def _map(
    recording: Recording,
    name: str,
    names: list[str],
    values: NDArray[Any],
    colours: str,
    limits: tuple[float, float],
) -> Map | None:
    steps = np.asarray(recording.series("sample/step"))
    seen = np.isfinite(values).any(axis=1)
    if not seen.any():
        return None
    return name, names, steps[seen], values[seen], colours, limits


def _draw_map(
    axes: Axes, name: str, names: list[str], steps: NDArray[Any], values: NDArray[Any], colours: str,
    limits: tuple[float, float],
) -> None:  # fmt: skip
    if len(names) > MOST_LAYERS:
        pick = [k * len(names) // MOST_LAYERS for k in range(MOST_LAYERS)]
        names, values = [names[k] for k in pick], values[:, pick]
    edges = np.append(steps, steps[-1] + (steps[-1] - steps[-2] if len(steps) > 1 else 1))
    mesh = axes.pcolormesh(edges, np.arange(len(names) + 1), values.T, cmap=colours, vmin=limits[0],
                           vmax=limits[1], rasterized=True)  # fmt: skip
    every = max(1, len(names) // 12)
    places = range(0, len(names), every)
    axes.set_yticks(
        [k + 0.5 for k in places], [_short(names[k]) for k in places], fontsize=LABEL_SIZE - 3
    )
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set_facecolor("#eeeeee")
    axes.set_xlabel("step", fontsize=LABEL_SIZE)
    axes.set_title(name, fontsize=LABEL_SIZE)
    figure = axes.get_figure()
    assert figure is not None
    figure.colorbar(mesh, ax=axes, pad=0.01)


def _short(name: str, most: int = 26) -> str:
    return name if len(name) <= most else "..." + name[-(most - 3) :]
