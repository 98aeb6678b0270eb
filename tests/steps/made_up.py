"""Results of experiments that were never run: scores follow from a rule, so that the answer is known."""

import numpy as np

import mldiag
from mldiag.trial_result import TrialResult


def made_up_experiment(rows=1000, **options):
    declared = {
        "metric": "accuracy",
        "params": {
            "lr": mldiag.Float(1e-4, 1, default=1e-2, log=True),
            "width": mldiag.Int(8, 128, default=32, log=True),
            "kind": mldiag.Categorical(["a", "b", None], default="a"),
        },
    }
    declared.update(options)

    @mldiag.experiment(rows=rows, **declared)
    def made_up(trial):
        return 0.0

    return made_up


def answer(step, experiment, settings, score, *, lose=None):
    """Let a step plan, give every trial the score of the rule, and diagnose.

    `score(spec, rows)` gives a number, None for a failed trial, or a dict of metrics. `lose(spec)` tells
    which trials never come back.
    """
    results = {}
    for _ in range(20):
        specs = step.plan(experiment, settings, tuple(results.values()))
        fresh = [spec for spec in specs if spec.digest not in results]
        if not fresh:
            break
        for spec in fresh:
            if lose is None or not lose(spec):
                results[spec.digest] = made_up_result(experiment, spec, score)
        if lose is not None:
            break
    return step.diagnose(experiment, settings, list(results.values())), list(results.values())


def made_up_result(experiment, spec, score):
    train, valid = experiment.splits.rows(spec.rows)
    found = score(spec, len(train))
    shared = {"spec": spec, "train_rows": len(train), "valid_rows": len(valid), "wall_seconds": 0.1}
    if found is None:
        return TrialResult(status="failed", error="ValueError: no", **shared)
    metrics = found if isinstance(found, dict) else {experiment.metric.name: float(found)}
    status = "ok" if np.isfinite(metrics[experiment.metric.name]) else "diverged"
    digest = metrics.pop("rows_digest", str(spec.rows))
    return TrialResult(status=status, metrics=metrics, rows_digest=digest, **shared)


def noise(spec, sd, *, shared=0.01):
    """Noise that a repeat shares over all points, as paired trials do, and noise of the trial alone."""
    common = np.random.default_rng(spec.rows.repeat).normal(0, shared)
    own = np.random.default_rng(int(spec.digest[:8], 16)).normal(0, sd)
    return common + own
