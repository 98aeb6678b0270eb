"""MD406: activations at the ends of their range, where their slope is nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import Action, Check, Finding
from mldiag.recording.unit_numbers import RANGES
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """When units count as saturated.

    Args:
        share: Share of a hidden layer's values within a hundredth of an end of the range.
        early: The same at the start, before anything was learned.
        gates: Share of a recurrent layer's gates that are shut by their bias.
    """

    share: float = 0.6
    early: float = 0.4
    gates: float = 0.5


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD406",
    "saturated-units",
    "Units are saturated",
    detects=(
        "a hidden layer of sigmoid, tanh or the like with {share:.0%} of its values at an end of"
        " the range for most of the training and {early:.0%} at its start, or a recurrent layer"
        " with {gates:.0%} of its gates shut by their bias"
    ),
    why="At the ends of its range an activation has no slope: no gradient comes through.",
    fix=(
        "Scale what goes in, begin with smaller weights or a normalising layer before it, or use"
        " another activation."
    ),
    source="Glorot and Bengio 2010; thresholds measured on healthy networks",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge the activations that have ends.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    shut = [g for g in signals.recording.facts.get("gates", []) if g["shut"] >= THRESHOLDS.gates]
    if shut:
        names = [str(g["layer"]) for g in shut]
        action = Action(
            "change_activation_or_init",
            "Begin the biases of these gates near zero (a forget gate at 1).",
        )
        title = f"{listed(names)}: {max(g['shut'] for g in shut):.0%} of the gates begin shut"
        return CHECK.finding("problem", title, evidence={"gates": shut}, action=action)
    columns = signals.layers_of(*RANGES)
    full = signals.recording.series("output/full")
    if not len(columns) or full.ndim != 2 or len(full) < 6:
        return CHECK.finding("not_applicable", "No activation with ends was seen")
    last = len(signals.recording.layers) - 1
    hidden = [k for k in columns if k != last and k < full.shape[1]]
    shares = {int(k): float(np.nanmedian(full[len(full) // 3 :, k])) for k in hidden}
    early = {int(k): float(np.nan_to_num(full[0, k])) for k in hidden}
    evidence = {"layers": {str(signals.recording.layers[k]["name"]): s for k, s in shares.items()}}
    squashed = _squashed_output(signals, int(last), columns, full)
    if squashed is not None:
        return squashed
    bad = [k for k in shares if shares[k] >= THRESHOLDS.share and early[k] >= THRESHOLDS.early]
    bad += [k for k in shares if k not in bad and shares[k] >= 0.9 and signals.explained < 0.6]
    if not bad:
        worst = max(shares.values(), default=0.0)
        return CHECK.finding(
            "passed",
            f"At most {worst:.0%} of a hidden layer's values are at an end",
            evidence=evidence,
        )
    names = [str(signals.recording.layers[k]["name"]) for k in bad]
    action = Action(
        "change_activation_or_init",
        "Begin with smaller weights, scale the inputs, or put a normalising layer before the"
        " activation.",
    )
    title = (
        f"{listed(names)}: {max(shares[k] for k in bad):.0%} of the values are at an end of the"
        " range"
    )
    at_start = any(early[k] >= THRESHOLDS.early for k in bad)
    told = {**evidence, "at_start": at_start}
    return CHECK.finding("problem", title, evidence=told, action=action)


def _squashed_output(
    signals: Signals, last: int, columns: NDArray[np.int64], full: NDArray[np.float64]
) -> Finding | None:
    """A range at the very end, where the targets of a regression lie beyond it."""
    if last not in columns or last >= full.shape[1] or signals.task not in ("regression", None):
        return None
    share = float(np.nanmedian(full[-max(3, len(full) // 4) :, last]))
    mean = signals.recording.series("batch/target_mean")
    low, high = RANGES[str(signals.recording.layers[last]["kind"])]
    beyond = mean.size > 0 and not low <= float(np.nanmedian(mean)) <= high
    if share < 0.5 or not beyond:
        return None
    name = str(signals.recording.layers[last]["name"])
    title = f"{name} squashes the output between {low:g} and {high:g}, and the targets lie beyond"
    action = Action(
        "change_activation_or_init", f"Leave {name} out, or scale the targets to its range."
    )
    evidence = {"full": share, "target_mean": float(np.nanmedian(mean)), "at_start": True}
    return CHECK.finding("problem", title, evidence=evidence, action=action)
