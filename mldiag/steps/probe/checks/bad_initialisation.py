"""MD404: weights that begin all alike, at zero, far too large or far too small."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.wording import listed, number


@dataclass(frozen=True)
class Thresholds:
    """When weights count as badly initialised.

    Args:
        large: Size of a matrix (root mean square times the root of its inputs) that is too large; usual
            ones have
            0.4 to 1.5.
        small: Size that is too small.
        start: First loss over that of chance above which outputs begin far off.
        faint: Spread of the last layers' outputs at the start below which nothing comes through.
    """

    large: float = 4.0
    small: float = 0.05
    start: float = 3.0
    faint: float = 1e-4


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD404",
    "bad-initialisation",
    "Weights are badly initialised",
    detects=(
        "before the first step: matrices whose rows are all the same or zero; matrices of a size"
        " above {large} whose outputs begin far off (a loss above {start} times that of chance);"
        " matrices of a size below {small} through which nothing comes"
    ),
    why=(
        "Units that begin alike stay alike; signals that grow or shrink from layer to layer leave"
        " some layers without a gradient that can be used."
    ),
    fix=(
        "Keep the framework's own initialisation, or Kaiming's for ReLU and Xavier's for tanh; set"
        " only the last layer of a residual branch to zero."
    ),
    source="Glorot and Bengio 2010; He et al. 2015",
    thresholds=THRESHOLDS,
)

_PLAIN = ("Linear", "Conv", "LSTM", "GRU", "RNN", "Embedding", "Bilinear", "MultiheadAttention")


def judge(signals: Signals) -> Finding:
    """Judge the weights before the first step.

    Args:
        signals: Numbers of the recording.
    """
    beginning = signals.recording.facts.get("beginning", [])
    columns = [
        k
        for k, p in enumerate(signals.parameters)
        if p["matrix"] and any(word in p["module"] for word in _PLAIN)
        and k < len(beginning) and beginning[k].get("size") is not None
    ]  # fmt: skip
    if not columns:
        return CHECK.finding("not_applicable", "No weight matrices of known layers were seen")
    sizes = {k: _size(signals, k, float(beginning[k]["size"])) for k in columns}
    alike = [k for k in columns if beginning[k]["alike"] and signals.parameters[k]["trainable"]]
    if len(alike) <= len(columns) / 2:  # a few that begin at zero may be so on purpose
        alike = [k for k in alike if not _left_zero(signals, k)]
    evidence = {
        "smallest": min(sizes.values()),
        "largest": max(sizes.values()),
        "n_matrices": len(columns),
    }
    found = _alike(signals, alike, columns) or _large(signals, sizes) or _small(signals, sizes)
    if found is None:
        title = (
            f"The {len(columns)} weight matrices begin at usual sizes"
            f" ({number(evidence['smallest'])} to "
        )
        return CHECK.finding("passed", f"{title}{number(evidence['largest'])})", evidence=evidence)
    title, text, names = found
    action = Action("change_activation_or_init", text)
    told = {**evidence, "parameters": names[:50]}
    return CHECK.finding("problem", title, evidence=told, action=action)


def _size(signals: Signals, column: int, size: float) -> float:
    """An embedding's rows are looked up, not multiplied: their own size counts."""
    parameter = signals.parameters[column]
    if "Embedding" in parameter["module"]:
        return size / math.sqrt(max(int(np.prod(parameter["shape"][1:])), 1))
    return size


def _left_zero(signals: Signals, column: int) -> bool:
    """Whether a matrix that began at zero is on its way: residual branches and heads are often begun so."""
    weights = signals.recording.series("weight/norm")
    began = float(signals.recording.facts["beginning"][column]["size"]) == 0.0
    if not began or weights.ndim != 2 or column >= weights.shape[1]:
        return False
    last = weights[-1, column]
    return bool(np.isfinite(last) and last > 1e-6)


Found = tuple[str, str, list[str]]


def _alike(signals: Signals, alike: list[int], columns: list[int]) -> Found | None:
    # One matrix of zeros is how residual branches and last layers are often begun, on purpose.
    if not alike or (len(alike) < 2 and len(columns) > 1 and len(alike) / len(columns) < 0.5):
        return None
    if len(alike) / len(columns) < 0.34:
        return None
    names = signals.names(alike)
    zero = all(float(signals.recording.facts["beginning"][k]["size"]) == 0 for k in alike)
    what = "begin at zero" if zero else "begin with all rows alike"
    text = (
        "Initialise them at random (torch.nn.init.kaiming_uniform_ or xavier_uniform_): units alike"
        " get the same gradient."
    )
    return f"{listed(names)} {what}: their units can never differ", text, names


def _large(signals: Signals, sizes: dict[int, float]) -> Found | None:
    large = [k for k, size in sizes.items() if size > THRESHOLDS.large]
    first = float(signals.loss.values[0]) if len(signals.loss) else math.nan
    off = (
        math.isfinite(signals.chance_loss) and first > THRESHOLDS.start * signals.chance_loss + 1.0
    )
    logits = signals.recording.series("batch/logit_size")
    off = off and (not logits.size or float(logits[0]) > 5.0)
    error, spread = (
        signals.recording.series("batch/error"),
        signals.recording.series("batch/target_sd"),
    )
    if error.size and spread.size:
        off = off or float(error[0]) > 10.0 * max(float(np.nanmean(spread)), 1e-12)
    grown = signals.grown_forward
    if not large or not (off or grown > 100.0):
        return None
    names = signals.names(sorted(large, key=lambda k: -sizes[k]))
    worst = max(sizes[k] for k in large)
    title = f"{listed(names)} begin up to {number(worst / 0.58)} times as large as usual"
    if off:
        title += f": the first loss is {number(first)}"
    return (
        title,
        "Initialise them at the usual size: divide by that factor, or leave the framework's own.",
        names,
    )


def _small(signals: Signals, sizes: dict[int, float]) -> Found | None:
    small = [k for k, size in sizes.items() if 0 < size < THRESHOLDS.small]
    if len(small) < 2 or len(small) < 0.4 * len(sizes) or signals.learned_well:
        return None
    spread = signals.recording.series("output/row_sd")
    if (
        spread.ndim == 2
        and len(spread)
        and signals.normalised
        and np.nanmin(spread[0]) > THRESHOLDS.faint
    ):
        return None
    names = signals.names(small)
    title = (
        f"{listed(names)} begin at {number(min(sizes[k] for k in small) / 0.58)} of the usual size:"
        " hardly anything comes through"
    )
    return title, "Initialise them at the usual size (torch.nn.init.kaiming_uniform_).", names
