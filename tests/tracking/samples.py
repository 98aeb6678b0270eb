"""A learning curve as a command leaves it: contexts, trials, the answer with its figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from matplotlib.figure import Figure

from mldiag.findings import Action, Diagnosis, Finding, Interval, Report, Table, TrialCounts
from mldiag.tracking.context import DatasetSummary, RunAnswer, RunContext
from mldiag.trial_result import Predictions, TrialResult
from mldiag.trial_spec import RowRecipe, TrialSpec

SIZES = (44, 80, 145, 260, 470, 860)
VERDICT = "More data will help: twice the rows should gain +1.8 points"
HEADLINE = "MORE DATA +1.8pt"

CONTEXT = RunContext(
    run_id="20260102-030405-abcdef",
    experiment="digits",
    step="learning-curve",
    command="mldiag learning-curve --tracking-uri http://me:hunter2@host/",
    metric="accuracy",
    maximize=True,
    started=1_767_323_045.0,
    code_digest="c0de",
    settings={"repeats": 2, "sizes": (), "gain": None},
    defaults={"lr": 0.01},
    log_params=("lr",),
    dataset=DatasetSummary("digits", "d16e57", 1075, (("pixel 0", "float64"), ("label", "int64"))),
)


@dataclass(frozen=True)
class CurveDiagnosis(Diagnosis):
    """The numbers of a curve, as the step has them."""

    means: dict[int, float] = field(default_factory=dict)

    def curves(self) -> dict[str, dict[int, float]]:
        return {
            "learning_curve/accuracy_mean": self.means,
            "learning_curve/accuracy_low": {n: mean - 0.01 for n, mean in self.means.items()},
            "learning_curve/accuracy_high": {n: mean + 0.01 for n, mean in self.means.items()},
        }

    def scalars(self) -> dict[str, float]:
        return {"best_accuracy": max(self.means.values()), "gain": 0.018, "noise_sd": math.nan}


def score(size: int, repeat: int) -> float:
    return 1 - 0.9 * size**-0.5 + 0.002 * repeat


def curve_results(repeats: int = 2, sizes: Sequence[int] = SIZES) -> list[TrialResult]:
    return [curve_result(size, repeat) for size in sizes for repeat in range(repeats)]


def curve_result(size: int, repeat: int) -> TrialResult:
    import numpy as np

    value = score(size, repeat)
    spec = TrialSpec("digits", RowRecipe(repeat=repeat, size=size), (("lr", 0.01),), seed=repeat)
    history = tuple(
        (epoch, {"loss": 2 / (epoch + 1), "accuracy": value * (1 - 0.5 ** (epoch + 1))})
        for epoch in range(5)
    )
    rows = np.arange(300)
    return TrialResult(
        spec,
        "ok",
        metrics={"train_accuracy": 1.0, "accuracy": value},
        history=history,
        wall_seconds=0.4,
        train_rows=size,
        valid_rows=300,
        predictions=Predictions(rows, rows),
    )


def failed_result(size: int = 99) -> TrialResult:
    error = (
        'Traceback:\n  File "train.py", line 3\nValueError: the loader at https://me:pw@host broke'
    )
    good = curve_result(size, 0)
    return replace(good, status="failed", metrics={}, history=(), error=error, predictions=None)


def curve_answer(folder: Path, results: Sequence[TrialResult]) -> RunAnswer:
    """The answer, with its figure drawn into the folder."""
    sizes = sorted({result.train_rows for result in results if result.status == "ok"})
    means = {size: score(size, 0) for size in sizes}
    finding = Finding(
        "MD201",
        "still-improving",
        "advice",
        VERDICT,
        "The curve still rises at the full size.",
        action=Action("more_data", "Collect 860 more rows.", gain=Interval(0.018, 0.011, 0.026)),
    )
    table = Table(
        "Score by training rows",
        ("rows", "validation"),
        tuple((str(size), f"{mean:.3f}") for size, mean in means.items()),
    )
    diagnosis = CurveDiagnosis((finding,), HEADLINE, "advice", tables=(table,), means=means)
    report = Report(
        step="learning-curve",
        experiment="digits",
        metric={"name": "accuracy", "direction": "maximize"},
        outcome="advice",
        headline=HEADLINE,
        findings=diagnosis.findings,
        result={"points": len(sizes)},
        trials=TrialCounts(len(results), len(results), 0, 0),
        cost_seconds=4.8,
        next_command="mldiag sweep --param lr",
    )
    figure = Figure(figsize=(12, 6))  # wider than the page
    axes = figure.subplots()
    axes.plot(list(means), list(means.values()), "o-")
    axes.set(xscale="log", xlabel="training rows", ylabel="accuracy", title=VERDICT)
    files = [folder / "plot.png", folder / "plot.svg"]
    for file in files:
        figure.savefig(file)
    return RunAnswer.of(report, diagnosis, figures=list(map(str, files)), wall_seconds=6.5)
