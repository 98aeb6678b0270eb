"""MD422: a variational autoencoder whose latent units say nothing of their inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When a posterior counts as collapsed.

    Args:
        active: Variance of a unit's mean over the rows above which it is active.
        share: Share of active units at or below which the posterior has collapsed.
        nats: Divergence from the prior over all units, in nats, below which nothing is said.
    """

    active: float = 0.01
    share: float = 0.1
    nats: float = 0.5


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD422",
    "posterior-collapse",
    "The posterior has collapsed",
    detects=(
        "{share:.0%} or fewer of the latent units active (variance of their mean above {active}),"
        " or a divergence from the prior of under {nats} nats over all units, in the last third"
    ),
    why=(
        "The decoder has learned to do without the code: samples and reconstructions do not depend"
        " on it."
    ),
    fix=(
        "Warm the weight of the divergence up from zero, use free bits, sum the reconstruction over"
        " pixels instead of averaging, weaken the decoder."
    ),
    source="Burda et al. 2016 (active units); Bowman et al. 2016",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge what the latent units carry.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    variance, divergence = (
        signals.recording.series("batch/mu_variance"),
        signals.recording.series("batch/kl"),
    )
    if variance.ndim != 2 or len(variance) < 3:
        return CHECK.finding("not_applicable", "No mean and log-variance of a posterior were told")
    late = slice(-max(3, len(variance) // 3), None)
    units = np.nanmedian(variance[late], axis=0)
    active = float((units > THRESHOLDS.active).mean())
    nats = float(np.nanmedian(np.nansum(divergence[late], axis=1)))
    evidence = {
        "active_units": int((units > THRESHOLDS.active).sum()),
        "units": len(units),
        "nats": nats,
    }
    if active > THRESHOLDS.share and nats > THRESHOLDS.nats:
        title = (
            f"{evidence['active_units']} of {len(units)} latent units carry something"
            f" ({number(nats)} nats)"
        )
        return CHECK.finding("passed", title, evidence=evidence)
    action = Action(
        "tune",
        "Warm the weight of the divergence up from zero over the first third, or use free bits; see"
        " that reconstruction and divergence are summed alike.",
        param="beta",
    )
    title = (
        f"{evidence['active_units']} of {len(units)} latent units carry anything ({number(nats)}"
        " nats): the decoder ignores the code"
    )
    return CHECK.finding("problem", title, evidence=evidence, action=action)
