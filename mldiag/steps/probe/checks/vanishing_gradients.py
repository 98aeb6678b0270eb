"""MD407: gradients that fade on their way to the first layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When gradients count as vanishing.

    Args:
        decades: Powers of ten by which gradient over weight falls from the last layers to the first.
        slow: Update over weight of the faded layers, as a power of ten, below which they do not train.
        fewer: The same as `decades`, where the first layers move by less than `still`.
        still: See `fewer`.
        explained: A network that explains more has what it needs.
    """

    decades: float = 3.0
    slow: float = -4.0
    fewer: float = 2.5
    still: float = -4.5
    explained: float = 0.8


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD407",
    "vanishing-gradients",
    "Gradients vanish",
    detects=(
        "the length of the gradient over that of the weights falls by {decades:g} powers of ten or"
        " more from the last layers to the first, where the first move by less than ten to the"
        " {slow:g} of their length a step; or by {fewer:g}, where these move by less than ten to"
        " the {still:g}"
    ),
    why="The first layers stay as they began: the rest learns from what a random network gives it.",
    fix=(
        "Residual connections, normalising layers, ReLU or GELU instead of sigmoid, an"
        " initialisation for the activation, fewer layers."
    ),
    source="Hochreiter 1998; Glorot and Bengio 2010; thresholds measured on healthy networks",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge the gradients from layer to layer.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    relative = signals.relative_gradients
    if relative.shape[1] < 2 or not len(relative):
        return CHECK.finding("not_applicable", "Fewer than two weight matrices were seen to train")
    typical = np.nanmedian(relative[: max(6, len(relative) // 2)], axis=0)
    third = max(1, len(typical) // 3)
    if not np.isfinite(typical).any():
        return CHECK.finding("not_applicable", "No gradient was seen")
    first, last = float(np.nanmin(typical[:third])), float(np.nanmax(typical[-third:]))
    decades = last - first
    ratios = np.log10(signals.ratios + 1e-15)
    slow = float(np.nanmedian(ratios[len(ratios) // 3 :, :third])) if len(ratios) else 0.0
    evidence = {
        "decades": decades,
        "first_layers": first,
        "last_layers": last,
        "update_of_first_layers": slow,
        "gradient_over_weight": dict(
            zip(signals.names(signals.matrices), typical.tolist(), strict=True)
        ),
    }
    begins = np.nanmedian(relative[:3], axis=0)
    at_start = float(np.nanmax(begins[-third:]) - np.nanmin(begins[:third]))
    evidence["at_start"] = at_start >= THRESHOLDS.decades - 1.0
    dead = first <= -14.0  # an exact zero: off, frozen or alike, not faded
    t = THRESHOLDS
    far = decades >= t.decades and slow < t.slow
    fades = (far or (decades >= t.fewer and slow < t.still)) and not dead
    if not fades or signals.explained > THRESHOLDS.explained:
        told = f"{decades:.1f} powers of ten" if decades > 0 else "nothing"
        return CHECK.finding(
            "passed", f"Gradients lose {told} from the last layers to the first", evidence=evidence
        )
    action = Action(
        "change_activation_or_init",
        "Let the gradient through: residual connections, normalising layers, ReLU or GELU instead"
        " of sigmoid and tanh, an initialisation made for the activation.",
    )
    name = signals.names(signals.matrices[:1])[0]
    title = f"Gradients fade by a factor of {number(10**decades)} on their way to {name}"
    return CHECK.finding("problem", title, evidence=evidence, action=action)
