"""MD401: a number that is not finite, and where it was born."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.wording import listed, number

CHECK = Check(
    "MD401",
    "not-finite",
    "A number is not finite",
    detects=(
        "a loss, a gradient or a weight that is NaN or infinite; the forward pass is then done"
        " again on the same batch, module by module, to find where it was born"
    ),
    why="From the first such number on, every weight it touches is lost.",
    fix=(
        "Mend the operation named: a logarithm or a root of zero, a division by a spread of zero, a"
        " number too large for its type; or the input row it came in with."
    ),
    source="forward pass repeated with the weights of the step before the update",
)


def judge(signals: Signals) -> Finding:
    """Judge whether every number stayed finite.

    Args:
        signals: Numbers of the recording.
    """
    recording = signals.recording
    birth = recording.facts.get("birth")
    broken = recording.series("loss/broken")
    steps = recording.series("loss/step")
    lost = int(broken.sum()) if broken.size else 0
    weights = recording.series("weight/norm")
    last = weights[-1] if weights.ndim == 2 and len(weights) else np.empty(0)
    # Where no optimizer stepped in the last look (gradients that accumulate, one of two networks) are no
    # numbers either; with losses told, weights that are lost show in them.
    lost_some = not broken.size and bool(np.isnan(last).any()) and _once_finite(weights)
    gone = bool(np.isinf(last).any()) or lost_some
    if birth is None and not lost and not gone:
        return CHECK.finding("passed", f"Every number of {recording.steps} steps is finite")
    where = birth or {"where": "unknown"}
    step = where.get("step", int(steps[np.argmax(broken > 0)]) if lost else None)
    title, text = _told(where, step)
    evidence = {"step": step, "losses_not_finite": lost, "n": recording.steps, **where}
    action = Action("fix_bug", text)
    return CHECK.finding(
        "problem", title, explanation=_reason(where), evidence=evidence, action=action
    )


def _once_finite(weights: Any) -> bool:
    """A column that was measured and is lost at the end; one that was never measured says nothing."""
    return bool((np.isfinite(weights).any(axis=0) & ~np.isfinite(weights[-1])).any())


def _told(where: Mapping[str, Any], step: int | None) -> tuple[str, str]:
    at = "" if step is None else f" in step {step}"
    kind = where.get("where")
    if kind == "input":
        rows = listed([str(row) for row in where.get("rows", [])])
        return (
            f"The batch itself is not finite{at}: {where.get('count')} of its rows (first {rows})",
            (
                "Fill or drop the missing values of the inputs before training; `mldiag audit`"
                " lists the rows."
            ),
        )
    if kind == "module":
        came = where.get("inputs")
        reach = "" if came is None else f"; what came in reached {number(float(came))}"
        return (
            (
                f"{where.get('module')} ({where.get('kind')}) gave the first number that is not"
                f" finite{at}{reach}"
            ),
            (
                f"Look at {where.get('module')}: keep what goes into a logarithm, a root, an"
                " exponential or a division away from zero and from its largest value."
            ),
        )
    if kind == "parameters":
        names = listed([str(name) for name in where.get("parameters", [])])
        return (
            f"Weights are not finite{at}: {names}",
            (
                "The forward pass was still finite and the gradient of the step before was not:"
                " look for a root, a norm or a division that meets zero, whose slope there is"
                " infinite, or clip the gradient."
            ),
        )
    if kind == "backward":
        names = listed([str(name) for name in where.get("parameters", [])])
        return (
            f"Gradients are not finite{at}, while the loss is: {names}",
            (
                "Look for a root, a norm, a logarithm or a division that meets zero between these"
                " weights and the loss: its slope there is infinite. Add a small number under it."
            ),
        )
    if kind == "loss":
        return (
            f"The loss or its gradient is not finite{at}, while every layer's output is",
            (
                "Use the loss of the library on logits (such as cross_entropy) instead of a"
                " logarithm of probabilities, and add a small number under every root and below"
                " every division."
            ),
        )
    return (
        f"A loss or a gradient is not finite{at}",
        "Train a few steps with torch.autograd.set_detect_anomaly(True): it names the operation.",
    )


def _reason(where: Mapping[str, Any]) -> str:
    if where.get("where") == "device":
        return (
            "On this device gradients are looked at in lots, too late to do the forward pass again."
        )
    return "The forward pass was done again on the same batch, with the weights before the update."
