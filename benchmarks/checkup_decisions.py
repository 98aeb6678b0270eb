"""How often `mldiag checkup` names the remedy that is truly best, and whether its gain is true.

    OMP_NUM_THREADS=1 python benchmarks/checkup_decisions.py [--part seen|kept|third|fourth|fifth]
        [--patients NAME ...] [--redraws 5] [--budget 60x] [--save answers.json] [--from answers.json]

Every patient is checked on several samples, each with an empty store. The truth is in patients/truth.json
(`checkup_truth.py`). Standard errors are clustered by patient. An answer that is left open counts as wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from audit_problems.rates import clustered_rate
from checkup_truth import TRUTH, seconds_of_one
from patients import BY_NAME, PATIENTS
from patients.answers import Answer, Judge, answer_of
from patients.common import Patient
from real_draws import print_table

import mldiag

WITHIN = 60
"""So many times the cost of one training may a check-up take."""


def check(patient: Patient, redraw: int, budget: str) -> Answer:
    """One check-up of one sample, with an empty store and no tracking."""
    experiment = patient.experiment(redraw)
    one = seconds_of_one(patient)
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # what a check-up leaves behind lies where it was called
        try:
            began = time.perf_counter()
            report = mldiag.checkup(
                experiment, budget=budget, tracking_uri=False, store=Path(folder) / "store"
            )
            seconds = time.perf_counter() - began
        finally:
            os.chdir(here)
    return answer_of(report, patient.name, redraw, seconds=seconds, one=one)


def rate(cases: list[tuple[str, float]]) -> str:
    """A rate with its clustered standard error."""
    mean, error, runs, patients = clustered_rate(cases)
    return f"{mean:.3f} +-{error:.3f} ({runs} runs, {patients} patients)" if runs else "-"


def patient_row(judge: Judge, answers: list[Answer]) -> tuple[str, ...]:
    """One patient in one line."""
    patient, truth = judge.patient, judge.truth
    said = Counter(answer.shown for answer in answers)
    covered = [c for a in answers if (c := judge.covered(a)) is not None]
    times = [a.seconds / a.one for a in answers]
    return (
        patient.name, patient.part, patient.problem,
        " or ".join(" ".join(one).strip() for one in truth["best"]),
        f"{sum(judge.right(a) for a in answers)} of {len(answers)}",
        ", ".join(f"{name} {count}" for name, count in said.most_common()),
        f"{sum(covered)} of {len(covered)}" if covered else "-",
        str(sum(bool(a.claims) for a in answers)) if patient.nothing_to_gain else "-",
        f"{np.median([a.trainings for a in answers]):.0f}", f"{np.median(times):.0f}",
        f"{np.median([a.one for a in answers]):.2f}",
    )  # fmt: skip


def rates(judges: dict[str, Judge], answers: list[Answer]) -> list[tuple[str, str]]:
    """The rates over all runs."""
    calm = [a for a in answers if judges[a.patient].patient.nothing_to_gain]
    ill = [a for a in answers if not judges[a.patient].patient.nothing_to_gain]
    answered = [a for a in answers if not a.open]

    def right(chosen: list[Answer]) -> str:
        return rate([(a.patient, float(judges[a.patient].right(a))) for a in chosen])

    covered = [(a.patient, c) for a in answers if (c := judges[a.patient].covered(a)) is not None]
    return [
        ("top action truly best (at least .85)", right(answers)),
        ("  of those with a problem", right(ill)),
        ("  of those with nothing to gain", right(calm)),
        ("  of those that were answered", right(answered)),
        ("left open", rate([(a.patient, float(a.open)) for a in answers])),
        ("true gain inside the 80 % interval of the top action (.70 to .90)",
         rate([(name, float(inside)) for name, inside in covered])),
        ("nothing to gain: a gain is claimed (at most .05)",
         rate([(a.patient, float(bool(a.claims))) for a in calm])),
        ("nothing to gain: the top action is another than none",
         rate([(a.patient, float(not a.open and a.kind != "none")) for a in calm])),
        (f"at most {WITHIN} trainings, by its own count",
         rate([(a.patient, float(a.trainings <= WITHIN)) for a in answers])),
        (f"at most {WITHIN} times the seconds of one training, by the clock",
         rate([(a.patient, float(a.seconds <= WITHIN * a.one)) for a in answers])),
        ("median of the seconds, in trainings",
         f"{np.median([a.seconds / a.one for a in answers]):.0f}"),
    ]  # fmt: skip


def report_all(answers: list[Answer], truth: dict[str, Any]) -> None:
    """Print a line a patient, then the rates: of all, and of the patients seen and kept."""
    judges = {name: Judge(BY_NAME[name], truth[name]) for name in {a.patient for a in answers}}
    names = [patient.name for patient in PATIENTS if patient.name in judges]
    head = ("patient", "part", "problem", "truly best", "right", "said first", "gain covered",
            "claims", "trainings", "times one", "seconds of one")  # fmt: skip
    rows = [patient_row(judges[n], [a for a in answers if a.patient == n]) for n in names]
    print_table("patients", head, rows)
    parts = {judges[name].patient.part for name in names}
    for part in ("all", "seen", "kept", "third", "fourth", "fifth"):
        chosen = [a for a in answers if part in ("all", judges[a.patient].patient.part)]
        if chosen and (part == "all" or len(parts) > 1):
            print_table(f"{part} patients", ("what", "rate"), rates(judges, chosen))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--part", choices=("seen", "kept", "third", "fourth", "fifth"))
    parser.add_argument("--patients", nargs="*", default=[], choices=[*BY_NAME], metavar="NAME")
    parser.add_argument("--redraws", type=int, default=5)
    parser.add_argument("--budget", default="60x")
    parser.add_argument("--save", type=Path, help="write what was said, after every check-up")
    parser.add_argument("--from", dest="said", type=Path, help="judge what was said before")
    return parser.parse_args()


def main() -> None:
    """Check, judge, print."""
    options = arguments()
    warnings.simplefilter("ignore")
    truth = json.loads(TRUTH.read_text())
    chosen = [
        patient for patient in PATIENTS
        if options.part in (None, patient.part)
        and (not options.patients or patient.name in options.patients)
    ]  # fmt: skip
    if options.said:
        kept = [Answer(**one) for one in json.loads(options.said.read_text())]
        report_all([a for a in kept if BY_NAME[a.patient] in chosen], truth)
        return
    answers: list[Answer] = []
    began = time.perf_counter()
    for patient in chosen:
        judge = Judge(patient, truth[patient.name])
        for redraw in range(options.redraws):
            answers.append(check(patient, redraw, options.budget))
            if options.save:
                options.save.write_text(json.dumps([a.plain() for a in answers], indent=1) + "\n")
        mine = [answer for answer in answers if answer.patient == patient.name]
        print("  ".join(patient_row(judge, mine)), flush=True)
    report_all(answers, truth)
    print(f"\n{options.redraws} redraws a patient, {(time.perf_counter() - began) / 60:.0f} min")


if __name__ == "__main__":
    main()
