"""A check-up as it would be told of the digits, made by hand from what its steps say of them."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from mldiag.findings import Action, Finding, Interval, Report, Table, TrialCounts

ACCURACY = {"name": "accuracy", "direction": "maximize"}
WIDTH = Action(
    "tune", "Set width = 197.", param="width", value=197, gain=Interval(0.029, 0.021, 0.037)
)
ROWS = Action("more_data", "Collect 1,150 more rows of the same kind.", cost="1,150 more rows",
              gain=Interval(0.024, 0.009, 0.040))  # fmt: skip
COLUMNS = Action("clean_data", "Leave out x0, x32 and x39.")
MLFLOW = {"tracking_uri": "http://127.0.0.1:5000", "experiment_id": "1", "run_id": "ab12",
          "url": "http://127.0.0.1:5000/#/experiments/1/runs/ab12"}  # fmt: skip


def checkup_report(folder: Path) -> Report:
    """A check-up of three steps, one that was skipped and one that failed; its figures lie in `folder`."""
    steps = (learning_curve(folder), audit(folder), sweep(folder))
    findings = (steps[2].findings[0], steps[0].findings[0], steps[1].findings[0])
    predicted = {"estimate": 0.021, "low": 0.011, "high": 0.031, "level": 0.8}
    last = {"started": 1_700_000_000.0, "action": "Set lr = 0.0056.", "predicted": predicted,
            "before": 0.915, "now": 0.936, "got": 0.021, "noise": 0.003, "inside": True,
            "text": "predicted +2.1 points (+1.1 to +3.1), got +2.1 points"}  # fmt: skip
    first = last | {"started": 1_690_000_000.0, "action": "Scale the features.", "got": 0.06,
                    "before": 0.855, "now": 0.915, "inside": False}  # fmt: skip
    ranked = [ranked_row(rank, finding) for rank, finding in enumerate(findings, start=1)]
    told = [step_row(step) for step in steps]
    told += [
        {"name": "capacity", "status": "skipped", "outcome": None, "headline": "", "seconds": 0.0,
         "trainings": 0.0, "why": "the budget was spent"},
        {"name": "probe", "status": "failed", "outcome": None, "headline": "", "seconds": 1.5,
         "trainings": 0.2, "why": "the experiment's code failed in every trial of it"},
    ]  # fmt: skip
    return report(
        "checkup", folder, outcome="problem", headline="TUNE width +2.9pt", findings=findings,
        steps=steps, mlflow=MLFLOW, next_command="mldiag sweep --param width",
        notices=("The sweep was cut by its share of the budget.",),
        result={
            "baseline": {"score": 0.936, "low": 0.932, "high": 0.940, "sd": 0.007, "n": 5},
            "ranked": ranked, "steps": told, "budget_seconds": 600.0, "spent_seconds": 83.0,
            "spent_trainings": 41.3, "stopped_by": None, "since_last": last,
            "changed_since_last": ["lr: 0.001 -> 0.0056"], "history": [first, last],
        },
    )  # fmt: skip


def learning_curve(folder: Path) -> Report:
    """Rows that are too few."""
    found = Finding(
        "MD201", "more-data", "advice", "More data would help: +2.4 points with twice the rows",
        "The curve is not flat at its end.", action=ROWS, command="mldiag learning-curve digits",
        evidence={"rows": 1150, "gain_at_2x": {"estimate": 0.024, "low": 0.009, "high": None}},
    )  # fmt: skip
    table = Table("accuracy by training rows, 80 % intervals", ("rows", "validation"),
                  (("36", "0.227 (0.161 to 0.293)"), ("1,150", "0.937 (0.928 to 0.946)"),
                   ("144", "0.594 (0.512 to 0.676)")))  # fmt: skip
    return report(
        "learning-curve", folder, outcome="advice", headline="MORE DATA +2.4pt",
        findings=(found,), tables=(table,),
    )  # fmt: skip


def audit(folder: Path) -> Report:
    """Constant columns, and a great deal that is in order."""
    found = Finding(
        "MD301", "constant-column", "advice", "3 columns hold the same in all 1,797 rows",
        action=COLUMNS, evidence={"n": 1797, "columns": ["x0", "x32", "x39"], "empty": []},
    )  # fmt: skip
    fine = tuple(
        Finding(f"MD31{i}", f"check-{i}", "passed", f"check {i} saw nothing", evidence={"n": 1797})
        for i in range(4)
    )
    other = Finding("MD330", "time-overlap", "not_applicable", "no column of times")
    return report(
        "audit", folder, outcome="advice", headline="LOOK constant-column",
        findings=(found, *fine, other), trials=TrialCounts(),
    )  # fmt: skip


def sweep(folder: Path) -> Report:
    """A width that is too small, and a learning rate that is open."""
    better = Finding(
        "MD501", "better-value", "problem", "width = 197 is better than width = 32: +2.9 points",
        "It holds while the other parameters keep their values.", action=WIDTH,
        evidence={"param": "width", "default": 32, "best_value": 197, "p_better": 0.0024},
        command="mldiag sweep digits --all", cost_seconds=13.0,
    )  # fmt: skip
    edge = Finding("MD502", "edge-of-range", "advice", "width = 197 stands near the edge",
                   caused_by="MD501", evidence={"param": "width"})  # fmt: skip
    open_one = Finding("MD501", "better-value", "inconclusive", "Cannot tell yet whether lr can do better",
                       evidence={"param": "lr", "noise_sd": float("nan")})  # fmt: skip
    table = Table("accuracy by width", ("width", "validation", "failed"),
                  (("4", "0.533", ""), ("197 *", "0.967 (0.961 to 0.973)", "")))  # fmt: skip
    return report(
        "sweep", folder, outcome="problem", headline="TUNE width=197 +2.9pt",
        findings=(better, edge, open_one), tables=(table,), mlflow=MLFLOW,
    )  # fmt: skip


def report(step: str, folder: Path, **parts: object) -> Report:
    """A report whose figure is drawn into a folder of its own."""
    place = folder / f"run-of-{step}"
    place.mkdir(parents=True, exist_ok=True)
    draw(place / "plot.png")
    whole = {
        "step": step, "experiment": "digits", "metric": ACCURACY, "findings": (), "result": {},
        "trials": TrialCounts(planned=25, run=20, cached=5), "cost_seconds": 12.5,
        "figures": (str(place / "plot.png"), str(place / "plot.svg")),
    }  # fmt: skip
    return Report(**(whole | parts))  # type: ignore[arg-type]


def draw(file: Path) -> None:
    """A small figure as PNG."""
    figure = Figure(figsize=(6, 3), dpi=80)
    figure.subplots().plot([1, 2, 3], [0.5, 0.8, 0.9], marker="o")
    figure.savefig(file)


def ranked_row(rank: int, finding: Finding) -> dict[str, object]:
    """A line of the plan as the check-up keeps it."""
    action = finding.action
    assert action is not None
    step = {"MD2": "learning-curve", "MD3": "audit", "MD5": "sweep"}[finding.code[:3]]
    return {
        "rank": rank, "kind": action.kind, "param": action.param, "value": action.value,
        "text": action.text, "gain": action.gain, "basis": "measured" if action.gain else "advised",
        "step": step, "code": finding.code, "cost": action.cost, "note": "",
    }  # fmt: skip


def step_row(step: Report) -> dict[str, object]:
    """A step as the check-up tells of it."""
    return {
        "name": step.step, "status": "done", "outcome": step.outcome, "headline": step.headline,
        "seconds": 20.0, "trainings": 12.0, "why": "a first look",
    }  # fmt: skip
