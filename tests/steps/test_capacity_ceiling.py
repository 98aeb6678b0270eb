"""The ceiling: families that miss the same rows speak for it, families that miss different ones do not."""

import numpy as np
import pytest

import mldiag
from mldiag.steps import step_named
from mldiag.steps.capacity.ceiling import kappa
from mldiag.steps.capacity.settings import Settings
from mldiag.trial import reference_family
from mldiag.trial_result import Predictions, TrialResult

STEP = step_named("capacity")
ROWS = 2000
CLASSES = np.arange(ROWS) % 2


def experiment():
    X = np.random.default_rng(0).normal(size=(ROWS, 3))

    @mldiag.experiment(
        data=(X, CLASSES),
        metric="accuracy",
        params={"C": mldiag.Float(1e-2, 1e2, default=1, log=True)},
    )
    def made(trial):
        return 0.0

    return made


def missed(spec, *, shared, own):
    """Rows that a trial misses: some that every family misses, and some of its own."""
    hard = np.random.default_rng(1).random(ROWS) < shared
    family = reference_family(spec) or "yours"
    if family == "dummy":
        return CLASSES == 1
    unlucky = np.random.default_rng([7, len(family), int(spec.digest[:6], 16)])
    return hard ^ (unlucky.random(ROWS) < own)


def result(made, spec, **noise):
    train, valid = made.splits.rows(spec.rows)
    shared = {"spec": spec, "train_rows": len(train), "fidelity_reached": 1.0, "wall_seconds": 0.1}
    if any(change.kind == "score_training_rows" for change in spec.interventions):
        score = {"dummy": 0.5}.get(reference_family(spec) or "", 1.0)
        return TrialResult(status="ok", metrics={"accuracy": score}, valid_rows=64, **shared)
    wrong = missed(spec, **noise)[valid]
    truth = CLASSES[valid]
    metrics = {"accuracy": float(1 - wrong.mean())}
    if reference_family(spec) == "neighbours":
        metrics |= {"one_neighbour_error": 0.05, "conflicting_rows": 0.0}
    kept = Predictions(valid, np.where(wrong, 1 - truth, truth), truth)
    return TrialResult(
        status="ok", metrics=metrics, valid_rows=len(valid), predictions=kept, **shared
    )


def judged(**noise):
    made, results = experiment(), {}
    for _ in range(6):
        specs = STEP.plan(made, Settings(gain=0.01), tuple(results.values()))
        if not specs:
            break
        results |= {spec.digest: result(made, spec, **noise) for spec in specs}
    return STEP.diagnose(made, Settings(gain=0.01), list(results.values()))


def finding(diagnosis):
    return next(f for f in diagnosis.findings if f.code == "MD606")


def test_the_same_misses_in_every_family_show_the_ceiling():
    diagnosis = judged(shared=0.2, own=0.01)
    assert diagnosis.judged.verdict == "ceiling"
    assert diagnosis.ceiling.agreement > 0.8
    assert finding(diagnosis).action.kind == "none"
    assert finding(diagnosis).evidence["rows"] >= 3 * 320
    assert all(f.outcome in ("passed", "not_applicable") for f in diagnosis.findings)
    assert STEP.plot(diagnosis).axes


def test_misses_that_differ_do_not():
    """The healthy twin: every family is as good, but each misses rows of its own: there is more to learn."""
    diagnosis = judged(shared=0.0, own=0.2)
    assert diagnosis.judged.verdict == "inconclusive"
    assert diagnosis.ceiling.agreement < 0.2
    assert finding(diagnosis).outcome == "inconclusive"


def test_too_few_repeats_claim_no_ceiling():
    made = experiment()
    settings = Settings(gain=0.01, repeats=1)
    specs = STEP.plan(made, settings)
    results = [result(made, spec, shared=0.2, own=0.01) for spec in specs]
    assert STEP.diagnose(made, settings, results).judged.verdict != "ceiling"


@pytest.mark.parametrize(("first", "second", "value"), [
    ([1, 1, 0, 0], [1, 1, 0, 0], 1.0),
    ([1, 1, 0, 0], [0, 0, 1, 1], -1.0),
    ([1, 0, 1, 0], [1, 1, 0, 0], 0.0),
])  # fmt: skip
def test_kappa(first, second, value):
    assert kappa(np.array(first, float), np.array(second, float)) == pytest.approx(value)
