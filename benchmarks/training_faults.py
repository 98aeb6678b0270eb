"""Which faults of a training run `mldiag.watch` names, and what it says of healthy runs.

    OMP_NUM_THREADS=1 python benchmarks/training_faults.py [--part seen|kept|later] [--seeds 3] [--only NAME]
        [--jobs 2] [--scores] [--twins]

The programs are in `sick_programs/`, one fault each, and were written apart from the rules. "First" is the
first finding told whose outcome is a problem or, where no problem is told, an advice; it is right where
it names the family or one of the few others that a case accepts. "Named" is that one of these is among the
problems and advice. A false alarm is a problem on a healthy program; advice is counted apart. Each program
and seed runs in a process of its own, on one thread. Seeds of a program are not independent: standard
errors are over programs. `--scores` runs every program with no watch beside its healthy twin and prints
both scores, the fault taken out and all else equal; `--twins` judges these twins as further healthy programs.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import multiprocessing
import signal
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from real_draws import print_table
from sick_programs import CASES, Case
from sick_programs.common import KEPT_SCORES, StandIn

LIMIT_SECONDS = 180


@dataclass(frozen=True)
class Answer:
    """What was said of one program on one seed."""

    case: Case
    seed: int
    problems: tuple[str, ...]
    advice: tuple[str, ...]
    seconds: float
    score: float = math.nan
    error: str = ""

    @property
    def first(self) -> str:
        """The slug that was told first."""
        return (*self.problems, *self.advice, "")[0]

    @property
    def first_is_right(self) -> bool:
        """Whether the first names the fault; on a healthy program, whether no problem is told."""
        if self.error:
            return False
        return self.first in self.case.right if self.case.family else not self.problems

    @property
    def named(self) -> bool:
        """Whether the fault is among all that is told."""
        return not self.error and bool({*self.problems, *self.advice} & set(self.case.right))


def run(job: tuple[Case, int, bool]) -> Answer:
    """Run one program on one seed in this process."""
    case, seed, watched = job
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LIMIT_SECONDS)
    start = time.monotonic()
    problems: list[str] = []
    advice: list[str] = []
    error = ""
    KEPT_SCORES.clear()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            report = case.make(seed, _watch() if watched else StandIn)
        for finding in report.findings if watched else ():
            if finding.outcome in ("problem", "advice"):
                (problems if finding.outcome == "problem" else advice).append(finding.slug)
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}".splitlines()[0][:160]
    signal.alarm(0)
    score = KEPT_SCORES[-1] if KEPT_SCORES else math.nan
    seconds = time.monotonic() - start
    return Answer(case, seed, tuple(problems), tuple(advice), seconds, score, error)


def _watch() -> Any:
    import mldiag

    return mldiag.watch


def _load() -> None:
    """Watch a tiny run here, so that every process that is forked later judges by the same code."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x, y = torch.randn(32, 4), torch.arange(32) % 2
    with _watch()(net, optimizer, task="classification") as watch:
        for _ in range(4):
            loss = torch.nn.functional.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss=loss, inputs=x, outputs=net(x), targets=y)
        watch.evaluate(score=0.5, outputs=net(x).detach(), targets=y)
    watch.diagnose()


def _too_long(*_: Any) -> None:
    raise TimeoutError(f"more than {LIMIT_SECONDS} s")


def answers(jobs: list[tuple[Case, int, bool]], processes: int) -> Iterator[Answer]:
    """Run all, each in a process of its own, and give the answers in order."""
    with multiprocessing.get_context("fork").Pool(processes, maxtasksperchild=1) as pool:
        for count, answer in enumerate(pool.imap(run, jobs, chunksize=1), start=1):
            said = answer.error or answer.first or "nothing"
            print(f"{count}/{len(jobs)} {answer.case.name} {said}", file=sys.stderr, flush=True)
            yield answer


def mean_and_error(values: list[float]) -> tuple[str, str]:
    """Mean of the programs' shares and its standard error over programs."""
    tensor = torch.tensor(values, dtype=torch.float64)
    error = f"{float(tensor.std()) / len(values) ** 0.5:.1%}" if len(values) > 1 else ""
    return f"{float(tensor.mean()):.1%}", error


def by_case(found: Iterable[Answer]) -> list[list[Answer]]:
    """The answers, program by program."""
    return [list(group) for _, group in groupby(found, key=lambda a: a.case.name)]


def share(group: list[Answer], what: str) -> float:
    """Share of the seeds on which something holds."""
    return sum(bool(getattr(a, what)) for a in group) / len(group)


def print_verdicts(found: list[Answer]) -> None:
    """One line a program and seed."""
    rows = [
        (
            a.case.name + (f" /{a.seed}" if a.seed else ""),
            a.case.family or "healthy",
            "raised" if a.error else "yes" if a.first_is_right else "named" if a.named else "NO",
            a.error or a.first or "nothing",
            " ".join((*a.problems, *(f"({s})" for s in a.advice))),
            f"{a.seconds:.1f}",
        )
        for a in found
    ]
    print_table("verdicts", ("program", "is", "right", "first", "told (advice)", "seconds"), rows)


def print_families(found: list[Answer]) -> None:
    """Shares per family, then the totals with their standard errors."""
    sick = by_case(a for a in found if a.case.family)
    healthy = by_case(a for a in found if not a.case.family)
    families = sorted({group[0].case.family or "" for group in sick})
    rows = []
    for family in [*families, ""]:
        own = [g for g in sick if family in ("", g[0].case.family)]
        if own:
            first = mean_and_error([share(g, "first_is_right") for g in own])
            named = mean_and_error([share(g, "named") for g in own])
            seconds = sum(a.seconds for g in own for a in g) / sum(map(len, own))
            count = str(len(own))
            rows.append((family or "all", count, *first, *named, f"{seconds:.1f}"))
    heads = ("family", "programs", "first", "standard error", "named", "standard error", "seconds")
    if rows:
        print_table("sick programs", heads, rows)
    if healthy:
        rows = [
            (what, str(len(healthy)), *mean_and_error([share(g, what) for g in healthy]))
            for what in ("problems", "advice", "error")
        ]
        print_table(
            "told of healthy programs", ("told", "programs", "share", "standard error"), rows
        )
    flips = [g for g in (*sick, *healthy) if len({a.first_is_right for a in g}) > 1]
    exact = [g for g in (*sick, *healthy) if len({a.first for a in g}) > 1]
    print(
        f"\nverdicts that flip between seeds: {len(flips)} of {len(sick) + len(healthy)} programs"
    )
    print(f"programs whose first slug is not the same on every seed: {len(exact)}")
    for group in flips:
        print(
            f"  {group[0].case.name}: {', '.join(a.error or a.first or 'nothing' for a in group)}"
        )


def print_scores(cases: list[Case], seeds: int, processes: int) -> None:
    """Scores of each program and its twin, no watch: is the fault there?"""
    twins = [case.twin() for case in cases if case.family]
    jobs = [(case, seed, False) for case in (*cases, *twins) for seed in range(seeds)]
    found = {group[0].case.name: group for group in by_case(answers(jobs, processes))}
    rows = []
    for case in cases:
        both = [found.get(case.name, []), found.get(case.twin().name, []) if case.family else []]
        texts = [" ".join(a.error or f"{a.score:.3f}" for a in group) for group in both]
        seconds = sum(a.seconds for a in both[0]) / len(both[0])
        rows.append((case.name, case.family or "healthy", *texts, f"{seconds:.1f}"))
    print_table("scores", ("program", "is", "score", "score of the twin", "seconds"), rows)


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", default="", choices=("", "seen", "kept", "later"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="programs whose name or family holds this")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--scores", action="store_true", help="scores beside healthy twins")
    parser.add_argument("--twins", action="store_true", help="judge the healthy twins as well")
    given = parser.parse_args()
    cases = [
        case
        for case in CASES
        if given.part in ("", case.part)
        and any(word in f"{case.name} {case.family or 'healthy'}" for word in given.only.split(","))
    ]
    started = time.monotonic()
    if given.scores:
        print_scores(cases, given.seeds, given.jobs)
    else:
        twins = [case.twin() for case in cases if case.family] if given.twins else []
        _load()
        jobs = [(case, seed, True) for case in (*cases, *twins) for seed in range(given.seeds)]
        found = list(answers(jobs, given.jobs))
        print_verdicts(found)
        print_families(found)
    print(f"\n{time.monotonic() - started:.0f} s in all")


if __name__ == "__main__":
    main()
