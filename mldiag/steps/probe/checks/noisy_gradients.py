"""MD415: batches too small for the rate they are used with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.checks.learning_rate_too_high import diverged
from mldiag.steps.probe.motion import motion_of
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When gradients count as too noisy.

    Args:
        batch: Rows of a batch, at most.
        noise: Gradient noise scale over the batch.
        update: Update over weight, as a power of ten, above which noise does harm.
        thrown: The same in early steps above which it is the rate.
    """

    batch: int = 16
    noise: float = 4.0
    update: float = -2.2
    thrown: float = 0.0


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD415",
    "noisy-gradients",
    "Gradients are mostly noise",
    detects=(
        "batches of {batch} rows or fewer, a gradient noise scale of {noise:g} batches or more,"
        " updates above ten to the {update:g} of the weights, and a training that ends above where"
        " it was or learns little"
    ),
    why="Each step follows the one row it saw; the steps are too long to average out.",
    fix="A larger batch, or accumulate gradients; else a lower rate, in proportion.",
    source=(
        "McCandlish et al. 2018, An empirical model of large-batch training: noise scale from"
        " neighbouring gradients"
    ),
    thresholds=THRESHOLDS,
)


def noise_scale(signals: Signals) -> float:
    """Gradient noise scale in batches: variance of a batch's gradient over the squared mean gradient.

    From the dot products of neighbouring gradients: a gradient with itself holds signal and noise, one with
    the
    next holds the signal alone. NaN where not measured.
    """
    windows = np.asarray(signals.recording.series("window/0"), dtype=float)
    if windows.ndim != 3:
        return math.nan
    windows = windows[np.isfinite(windows).all(axis=(1, 2))]
    if len(windows) < 5:
        return math.nan
    own = windows[:, [0, 2, 4], [0, 2, 4]].mean(axis=1)
    cross = windows[:, [0, 0, 2], [2, 4, 4]].mean(axis=1)
    scale = np.median(own)
    signal = float(np.mean(cross / np.maximum(own, 1e-300)))
    if not scale > 0:
        return math.nan
    return (1.0 - signal) / signal if signal > 0.001 else 1000.0


def judge(signals: Signals) -> Finding:
    """Judge whether batches are large enough.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals, 60)
    if few is not None:
        return few
    batch = signals.recording.facts.get("batch")
    noise = noise_scale(signals)
    if batch is None or not math.isfinite(noise):
        return CHECK.finding("not_applicable", "The size of a batch or its gradients were not seen")
    motion = motion_of(signals)
    typical = motion.late if math.isfinite(motion.late) else motion.early
    broken = signals.recording.series("loss/broken")
    lost = (
        diverged(signals)
        or bool(broken.size and broken.sum())
        or signals.recording.facts.get("birth") is not None
    )
    worse = signals.loss.last > signals.loss.best + 0.25 * abs(
        signals.loss.first - signals.loss.best
    )
    harmed = lost or worse or signals.stuck
    evidence = {
        "batch": batch,
        "noise_scale_in_batches": noise,
        "update_over_weight": typical,
        "n": signals.steps,
    }
    t = THRESHOLDS
    thrown = motion.early > t.thrown  # steps as long as the weights: no batch would help
    if (
        thrown
        or batch > t.batch
        or noise < t.noise
        or max(typical, motion.early) < t.update
        or not harmed
    ):
        return CHECK.finding(
            "passed",
            f"Batches of {batch} rows carry enough signal for their rate",
            evidence=evidence,
        )
    wanted = 2 ** math.ceil(math.log2(min(batch * noise, 256)))
    action = Action(
        "tune",
        f"Use batches of about {wanted} rows, or accumulate gradients over as many; else lower the"
        f" rate {number(wanted / batch)} times.",
        param="batch_size",
        value=int(wanted),
    )
    title = (
        f"Gradients of {batch} row{'s' if batch > 1 else ''} are mostly noise ({number(noise)}"
        " parts to one of signal), and the steps are long"
    )
    return CHECK.finding("problem", title, evidence=evidence, action=action)
