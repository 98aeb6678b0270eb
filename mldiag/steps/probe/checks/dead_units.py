"""MD405: units that are off for every row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """When units that are off count.

    Args:
        most: Share of a layer's units that are off for every row seen in the last third.
        poor: The same where little was learned.
        everywhere: The same of the typical layer, where there are several.
        explained: Below this share, little was learned.
    """

    most: float = 0.9
    poor: float = 0.8
    everywhere: float = 0.5
    explained: float = 0.6


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD405",
    "dead-units",
    "Units are dead",
    detects=(
        "units of a ReLU layer that are zero for every row of every sampled step in the last third"
        " of the training: {most:.0%} of a layer, or {poor:.0%} where little was learned"
    ),
    why="A unit that is zero for every row gets no gradient, and does not come back.",
    fix=(
        "Lower the learning rate, begin biases at zero, or use LeakyReLU, GELU or a normalising"
        " layer before it."
    ),
    source="Lu et al. 2020, Dying ReLU and initialization",
    thresholds=THRESHOLDS,
)

_OFF_AT_ZERO = ("relu", "relu6", "hardswish")


def judge(signals: Signals) -> Finding:
    """Judge the units of rectifying layers.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    columns = signals.layers_of(*_OFF_AT_ZERO)
    on = signals.recording.series("output/on")
    if not len(columns) or on.ndim != 3 or len(on) < 6:
        return CHECK.finding("not_applicable", "No layer was seen whose units can be off")
    late = np.asarray(on[-max(4, len(on) // 3) :], dtype=float)
    shares: dict[int, float] = {}
    for column in columns[columns < late.shape[1]]:
        units = late[:, column]
        measured = np.isfinite(units).any(axis=0)
        if measured.sum() >= 4:
            shares[int(column)] = float((np.nan_to_num(units).max(axis=0)[measured] == 0).mean())
    if not shares:
        return CHECK.finding("not_applicable", "No layer was seen whose units can be off")
    worst = max(shares.values())
    poor = signals.stuck or signals.explained < THRESHOLDS.explained
    least = THRESHOLDS.poor if poor else THRESHOLDS.most
    dead = [k for k, share in shares.items() if share >= least]
    typical = float(np.median(list(shares.values())))
    if (
        not dead
        and len(shares) > 1
        and typical >= THRESHOLDS.everywhere
        and signals.explained < 0.85
    ):
        dead = [k for k, share in shares.items() if share >= THRESHOLDS.everywhere]
    names = [str(signals.recording.layers[k]["name"]) for k in dead]
    evidence = {
        "largest_share": worst,
        "layers": {signals.recording.layers[k]["name"]: s for k, s in shares.items()},
    }
    if not dead:
        return CHECK.finding(
            "passed",
            f"At most {worst:.0%} of a layer's units are off for all rows",
            evidence=evidence,
        )
    action = Action(
        "change_activation_or_init",
        "Use LeakyReLU or GELU, or a normalising layer before the activation, and begin biases at"
        " zero; if the rate of learning was high, lower it first.",
    )
    title = f"{listed(names)}: {worst:.0%} of the units are off for every row"
    return CHECK.finding("problem", title, evidence=evidence, action=action)
