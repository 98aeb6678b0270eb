"""Seeded bugs and healthy programs as experiments: which bug checks of `mldiag reproduce` see which.

    OMP_NUM_THREADS=1 python benchmarks/trial_bugs.py > benchmarks/trial_bugs.txt

Each program is run on several draws of its data. A bug counts as found where one of the codes that name its
cause is a problem or advice; a healthy program is wronged by any problem. The programs marked as unseen were
written before the checks were tuned and first run after.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from real_draws import print_table
from trial_programs.augmentations import BROKEN, SOUND
from trial_programs.broken import BUGS
from trial_programs.common import Data, Program
from trial_programs.healthy import HEALTHY

import mldiag
from mldiag.steps.reproduce import plan
from mldiag.steps.reproduce.checks import augmentation_breaks_labels
from mldiag.steps.reproduce.runs import reference_specs
from mldiag.steps.reproduce.settings import Settings


def drawn(program: Program, draw: int) -> Data:
    """A draw of the rows, features scaled where columns differ by orders of magnitude."""
    X, y = program.load(return_X_y=True)
    rows = np.random.default_rng([draw, 5]).permutation(len(y))[: program.rows]
    return X[rows] / np.maximum(np.abs(X).max(0), 1e-12), y[rows]


def run(program: Program, draw: int) -> tuple[set[str], set[str], float]:
    """Codes that were advice or problems, those that were problems, and seconds."""
    experiment = program.make(drawn(program, draw), draw)
    started = time.time()
    with tempfile.TemporaryDirectory() as folder:
        report = mldiag.reproduce(
            experiment, tracking_uri=False, store=Path(folder), engine="inline"
        )
    told = {f.code for f in report.findings if f.outcome in ("problem", "advice")}
    problems = {f.code for f in report.findings if f.outcome == "problem"}
    return told, problems, time.time() - started


OF_INTEREST = ("MD128", "MD129")
"""Checks whose false alarms are counted apart."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--seen", action="store_true", help="leave the unseen programs out")
    parser.add_argument("--only", default="", help="programs whose name holds this")
    parser.add_argument(
        "--kind", default="", choices=("", "bugs", "healthy", "augmentations", "memory")
    )
    given = parser.parse_args()
    for title, programs in (("bugs", BUGS), ("healthy", HEALTHY)):
        if given.kind and given.kind != title:
            continue
        chosen = [p for p in programs if not (given.seen and p.unseen) and given.only in p.name]
        told_of(title, chosen, given.draws)
    if given.kind in ("", "augmentations"):
        judged_alone(20)
    if given.kind in ("", "memory"):
        memory_alone(4)


def judged_alone(draws: int) -> None:
    """MD128 needs no training, so that it can be asked of many draws."""
    rows = []
    for title, entries in (("broken", BROKEN), ("sound", SOUND)):
        for program in (Program(*entry) for entry in entries if entry[0].startswith("augments")):
            told = [augmentation_outcome(program, draw) for draw in range(draws)]
            counts = [str(told.count(word)) for word in ("problem", "inconclusive", "passed")]
            rows.append((program.name.removeprefix("augments: "), title, *counts))
    shown = ("augmentation", "labels are", "problem", "inconclusive", "passed")
    print_table(f"MD128 alone, {draws} draws of each", shown, rows)
    for title in ("broken", "sound"):
        problems = sum(int(row[2]) for row in rows if row[1] == title)
        print(f"  {title}: a problem in {problems} of {draws * sum(r[1] == title for r in rows)}")


def memory_alone(draws: int) -> None:
    """MD129 with the runs, a dummy and the few rows alone, so that it can be asked of many draws."""
    rows = []
    for title, programs in (("healthy", HEALTHY), ("broken", BUGS)):
        for program in programs:
            named = not program.codes or "MD129" in program.codes
            if named and not program.name.startswith("augments"):
                told = [memory_outcome(program, draw) for draw in range(draws)]
                words = ("problem", "advice", "inconclusive", "passed", "not_applicable")
                rows.append((program.name, title, *(str(told.count(word)) for word in words)))
    shown = ("program", "it is", "problem", "advice", "inconclusive", "passed", "not asked")
    print_table(f"MD129 alone, {draws} draws of each", shown, rows)
    for title in ("healthy", "broken"):
        problems = sum(int(row[2]) for row in rows if row[1] == title)
        advice = sum(int(row[3]) for row in rows if row[1] == title)
        pairs = draws * sum(row[1] == title for row in rows)
        print(f"  {title}: a problem in {problems}, advice in {advice} of {pairs}")


def memory_outcome(program: Program, draw: int) -> str:
    experiment = program.make(drawn(program, draw), draw)

    def dummies(experiment: Any, settings: Settings) -> list[Any]:
        return reference_specs(experiment, settings, "dummy")

    with tempfile.TemporaryDirectory() as folder, patch.object(plan, "check_specs", dummies):
        report = mldiag.reproduce(
            experiment, tracking_uri=False, store=Path(folder), engine="inline"
        )
    told = [finding.outcome for finding in report.findings if finding.code == "MD129"]
    return told[0] if told else "not_applicable"


def augmentation_outcome(program: Program, draw: int) -> str:
    experiment = program.make(drawn(program, draw), draw)
    found = augmentation_breaks_labels.judge(experiment, Settings(), ())
    return "none" if found is None else found.outcome


def told_of(title: str, chosen: list[Program], draws: int) -> None:
    """Run programs, and print what was told of each."""
    rows, right = [], {False: [0, 0], True: [0, 0]}
    alarms = {code: [0, 0, 0] for code in OF_INTEREST}
    for program in chosen:
        found = [run(program, draw) for draw in range(draws)]
        hits = [
            bool(told & set(program.codes)) if program.codes else not problems
            for told, problems, _ in found
        ]
        right[program.unseen][0] += sum(hits)
        right[program.unseen][1] += len(hits)
        for code, counts in alarms.items():
            counts[0] += sum(code in problems for _, problems, _ in found)
            counts[1] += sum(code in told - problems for told, problems, _ in found)
            counts[2] += len(found) * (code != "MD128" or program.name.startswith("augments"))
        codes = sorted(set().union(*(told for told, _, _ in found)))
        seconds = float(np.median([s for _, _, s in found]))
        rows.append((program.name + " (unseen)" * program.unseen, f"{sum(hits)} of {len(hits)}",
                     " ".join(program.codes), " ".join(codes), f"{seconds:.1f}"))  # fmt: skip
    print_table(title, (title, "right", "expected", "told in any draw", "seconds"), rows)
    for unseen, (hits_of, all_of) in right.items():
        if all_of:
            kept = "unseen" if unseen else "seen"
            print(f"  {kept}: {hits_of} of {all_of} right ({hits_of / all_of:.1%})")
    for code, (problems, advice, pairs) in alarms.items():
        if title == "healthy":
            print(f"  {code}: a problem in {problems}, advice in {advice} of {pairs} healthy pairs")


if __name__ == "__main__":
    main()
