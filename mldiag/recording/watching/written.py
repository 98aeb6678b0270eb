"""Puts what the parts of a watch have seen into one recording."""

from __future__ import annotations

from typing import Any

from mldiag.recording.recorded import Recording
from mldiag.recording.watching.attention import QUANTITIES as ATTENTION
from mldiag.recording.watching.evaluations import Evaluations
from mldiag.recording.watching.optimizers_seen import OptimizersSeen
from mldiag.recording.watching.rows import StepRows
from mldiag.recording.watching.seen import NetworksSeen
from mldiag.recording.watching.structure import (
    Structure,
    network_facts,
    optimizer_facts,
    parameter_facts,
)
from mldiag.recording.watching.unit_stats import QUANTITIES as UNITS


def written(
    facts: dict[str, Any],
    structure: Structure,
    networks: NetworksSeen,
    optimizers: OptimizersSeen,
    rows: StepRows,
    evaluations: Evaluations,
) -> Recording:
    """The recording of a watch.

    Args:
        facts: What the watch itself knows.
        structure: What is watched.
        networks: What was seen of forward passes.
        optimizers: What was seen of updates.
        rows: Losses and sampled steps.
        evaluations: What was told at the end of epochs.
    """
    optimizers.read_flags()
    birth = networks.birth
    if birth is None and optimizers.late_break:
        birth = {"where": "device"}  # noticed too late to trace it
    whole = facts | {
        "networks": network_facts(structure),
        "parameters": parameter_facts(structure, optimizers.left_out),
        "optimizers": optimizer_facts(structure),
        "strays": structure.strays,
        "layers": networks.layer_facts(),
        "updates": [look.updates for look in optimizers.looks],
        "birth": birth,
        "codebook": networks.looks.codebook,
        "not_seen": [*networks.not_seen, *_added_later(structure)],
    }
    arrays = rows.arrays()
    numbers = arrays.pop("output/numbers", None)
    if numbers is not None:
        arrays |= {f"output/{name}": numbers[..., k] for k, name in enumerate(UNITS)}
    weights = arrays.pop("attention/numbers", None)
    if weights is not None:
        arrays |= {f"attention/{name}": weights[..., k] for k, name in enumerate(ATTENTION)}
    return Recording(whole, arrays | evaluations.arrays())


def _added_later(structure: Structure) -> list[str]:
    known = structure.columns()
    added = {
        id(tensor)
        for network in structure.networks.values()
        for tensor in network.parameters()
        if id(tensor) not in known
    }
    return [f"{len(added)} parameters added later than the watch"] if added else []
