"""How often `mldiag capacity` claims a gain where every training is equally good, on made-up scores.

Each draw gives every trial the same expected score, a part that the repeat shares (its split), and noise of
its own; references are noisier than the model. Scores of different repeats are independent here, which those
of redrawn splits of the same rows are not: the correction for their overlap makes the claims cautious. The
second row takes it away, to see the error itself.

    python benchmarks/capacity_nulls.py [--draws 400]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import numpy as np
from real_draws import print_table, share

import mldiag
from mldiag.steps import score_table
from mldiag.steps.capacity.diagnose import diagnose
from mldiag.steps.capacity.plan import plan
from mldiag.steps.capacity.settings import Settings
from mldiag.trial import SCORE_TRAINING_ROWS, reference_family
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

SHARED, OWN, OF_REFERENCES = 0.02, 0.008, 0.016


def experiment() -> mldiag.Experiment:
    X, y = np.random.default_rng(0).normal(size=(400, 3)), np.arange(400) % 2

    @mldiag.experiment(
        data=(X, y), metric="accuracy",
        params={
            "width": mldiag.Int(8, 512, default=32, log=True, role="capacity"),
            "alpha": mldiag.Float(1e-5, 1, default=1e-3, log=True, role="regularization"),
        },
    )  # fmt: skip
    def made_up(trial: Any) -> float:
        return 0.0

    return made_up


def result_of(spec: TrialSpec, draw: int) -> TrialResult:
    family = reference_family(spec)
    if any(change.kind == SCORE_TRAINING_ROWS for change in spec.interventions):
        score = 0.5 if family == "dummy" else 1.0
    elif family == "dummy":
        score = 0.5
    else:
        split = np.random.default_rng([draw, spec.rows.repeat]).normal(0, SHARED)
        noise = np.random.default_rng([draw, int(spec.digest[:8], 16)])
        score = 0.8 + split + noise.normal(0, OF_REFERENCES if family else OWN)
    return TrialResult(
        spec=spec, status="ok", metrics={"accuracy": score}, train_rows=256, valid_rows=64,
        wall_seconds=0.1, fidelity_reached=spec.fidelity,
    )  # fmt: skip


def claims(made: mldiag.Experiment, draw: int) -> tuple[bool, bool]:
    """Whether anything is claimed, and whether only a first look was taken."""
    results: dict[str, TrialResult] = {}
    while specs := plan(made, Settings(), tuple(results.values())):
        results |= {spec.digest: result_of(spec, draw) for spec in specs}
    judged = diagnose(made, Settings(), list(results.values())).judged
    assert judged is not None
    return bool(judged.remedies), max(r.spec.rows.repeat for r in results.values()) < 3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=400)
    options = parser.parse_args()
    made = experiment()
    rows = []
    plain = score_table.score_table
    for word, independent in (("with the correction for overlap", False), ("without it", True)):
        if independent:
            from mldiag.steps.capacity import measured

            measured.score_table = lambda *given: replace(plain(*given), valid_to_train=0.0)
        found = [claims(made, draw) for draw in range(options.draws)]
        rows.append(
            (word, share([claimed for claimed, _ in found]), share([one for _, one in found]))
        )
    print(
        f"{options.draws} draws; a model, 8 values of two parameters, 2 lengths, 5 references and a dummy"
    )
    print_table("nothing differs", ("intervals", "anything claimed", "one look was enough"), rows)


if __name__ == "__main__":
    main()
