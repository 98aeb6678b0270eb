"""What every remedy of every patient truly gains, on rows that no check-up sees; writes patients/truth.json.

    OMP_NUM_THREADS=1 python benchmarks/checkup_truth.py [--patients few_digits ...] [--draws 5]

A gain is the difference of two trainings on the same draw. Of a remedy that has a value (a parameter, a
family), the value is chosen on the other draws, so that it is not flattered by being chosen. Truly best
are the remedies whose mean gain is within two standard errors of the largest, pair by pair; where no remedy
gains half a point and two standard errors, `none` is. Where no score can be believed, only the cure is.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from patients import PATIENTS
from patients.common import Patient, Remedy
from real_draws import print_table

from mldiag.run.worker import run_trial

TRUTH = Path(__file__).parent / "patients" / "truth.json"

WORTH = 0.005
"""A gain below half a point of accuracy, or of the explained variance, is not worth naming."""

ERRORS = 2.0
"""Standard errors within which two remedies tie."""


def standard_error(values: Any) -> float:
    """Of the mean of independent values."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))


def measured(patient: Patient, draws: int) -> dict[str, Any]:
    """Every change tried on every draw."""
    scores = [patient.score(r) for r in range(draws)]
    base = np.array(scores)
    tried = []
    for remedy, changes in patient.remedies().items():
        for change in changes:
            gains = np.array([patient.score(r, change) for r in range(draws)]) - base
            tried.append({
                "kind": remedy.kind, "param": remedy.param, "value": change.value,
                "gains": gains[:, 0].tolist(), "shown": gains[:, 1].tolist(),
            })  # fmt: skip
    return {"baseline": base[:, 0].tolist(), "shown_baseline": base[:, 1].tolist(), "tried": tried}


def chosen_elsewhere(tried: list[dict[str, Any]], field: str = "gains") -> np.ndarray:
    """Gain of a remedy on each draw, at the value that is best on the others."""
    table = np.array([one["gains"] for one in tried])
    others = (table.sum(axis=1, keepdims=True) - table) / (table.shape[1] - 1)
    # A value that diverged on one draw is nobody's choice.
    picked = np.argmax(np.where(np.isfinite(others), others, -np.inf), axis=0)
    return np.array([one[field] for one in tried])[picked, np.arange(table.shape[1])]


def judged(patient: Patient, found: dict[str, Any]) -> dict[str, Any]:
    """The remedies, largest gain first, and which of them are truly best."""
    if patient.only:
        return {"remedies": [], "best": [[kind, ""] for kind in patient.only], "gain": None}
    groups: dict[Remedy, list[dict[str, Any]]] = {}
    for one in found["tried"]:
        groups.setdefault(Remedy(one["kind"], one["param"]), []).append(one)
    gains = {remedy: chosen_elsewhere(tried) for remedy, tried in groups.items()}
    rows = []
    for remedy, values in gains.items():
        best = max(groups[remedy], key=lambda one: np.nan_to_num(np.mean(one["gains"]), nan=-9e9))
        rows.append({"kind": remedy.kind, "param": remedy.param, "value": best["value"],
                     "gain": float(np.mean(values)), "error": standard_error(values)})  # fmt: skip
    rows = sorted(rows, key=lambda row: -np.nan_to_num(row["gain"], nan=-9e9))
    top = gains[Remedy(rows[0]["kind"], rows[0]["param"])]
    best = []
    for row in rows:
        own = gains[Remedy(row["kind"], row["param"])]
        behind = top - own
        worth = row["gain"] > max(WORTH, ERRORS * row["error"])
        if worth and np.mean(behind) <= ERRORS * standard_error(behind):
            best.append([row["kind"], row["param"]])
    if patient.problem == "pure noise":
        best = []  # known, where a measured gain can only be luck
    return {"remedies": rows, "best": best or [["none", ""]], "gain": rows[0]["gain"]}


def seconds_of_one(patient: Patient, clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of one full training of the patient's own experiment, the least of three."""
    experiment = patient.experiment(0)
    spent = []
    for repeat in range(3):
        began = clock()
        run_trial(experiment, experiment.spec(repeat=repeat), threads=1)
        spent.append(clock() - began)
    return min(spent)


def held_rows(patient: Patient) -> int:
    """Rows that score a truth."""
    from patients.common import HELD_ROWS

    return int(min(HELD_ROWS, len(patient.load()[1]) - 2 * patient.train_rows()))


def truth_of(patient: Patient, draws: int) -> dict[str, Any]:
    """Everything about one patient."""
    found: dict[str, Any] = {} if patient.only else measured(patient, draws)
    return {
        "problem": patient.problem, "part": patient.part, "metric": patient.experiment(0).metric.name,
        "seconds": seconds_of_one(patient, time.process_time), "train_rows": patient.train_rows(),
        "held_rows": held_rows(patient), "draws": draws, **judged(patient, found), **found,
    }  # fmt: skip


def written(told: dict[str, Any]) -> str:
    """The truth as JSON with a line a patient; a score has no more than six digits that mean anything."""

    def rounded(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, 6) if np.isfinite(value) else value
        if isinstance(value, dict):
            return {key: one if key == "value" else rounded(one) for key, one in value.items()}
        return [rounded(one) for one in value] if isinstance(value, list) else value

    lines = [f"{json.dumps(name)}: {json.dumps(rounded(one))}" for name, one in told.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def shown_row(name: str, truth: dict[str, Any]) -> tuple[str, ...]:
    """One line of the table."""
    best = [tuple(one) for one in truth["best"]]
    rest = [row for row in truth["remedies"] if (row["kind"], row["param"]) not in best]

    def words(row: dict[str, Any]) -> str:
        value = row["value"]
        shown = f"{value:.3g}" if isinstance(value, float) else str(value)
        named = f"{row['kind']} {row['param']}{'=' if row['param'] else ''}{shown}".strip()
        return f"{named} {100 * row['gain']:+.1f} +-{100 * row['error']:.1f}"

    right = [words(row) for row in truth["remedies"] if (row["kind"], row["param"]) in best]
    base = f"{np.mean(truth['baseline']):.3f}" if "baseline" in truth else "-"
    return (
        name, truth["part"], truth["problem"], f"{truth['seconds']:.2f}", base,
        "; ".join(right) or best[0][0], words(rest[0]) if rest else "-",
    )  # fmt: skip


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", nargs="*", default=[])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--shown", action="store_true", help="print what is there, measure nothing")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    known: dict[str, Any] = json.loads(TRUTH.read_text()) if TRUTH.exists() else {}
    began = time.perf_counter()
    for patient in PATIENTS:
        if options.shown or (options.patients and patient.name not in options.patients):
            continue
        known[patient.name] = truth_of(patient, options.draws)
        told = {one.name: known[one.name] for one in PATIENTS if one.name in known}
        TRUTH.write_text(written(told))
        spent = time.perf_counter() - began
        print(
            f"{spent:5.0f} s  " + "  ".join(shown_row(patient.name, told[patient.name])), flush=True
        )
    known = {one.name: known[one.name] for one in PATIENTS if one.name in known}
    head = ("patient", "part", "problem", "seconds", "score", "truly best, gain in points", "next")
    print_table(
        "patients (seconds of one training; gains on rows held out, with standard errors)",
        head, [shown_row(name, truth) for name, truth in known.items()],
    )  # fmt: skip


if __name__ == "__main__":
    main()
