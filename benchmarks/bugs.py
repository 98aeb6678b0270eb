"""All seeded bugs and healthy programs together: PyTorch loops and experiments, in one table.

    OMP_NUM_THREADS=1 python benchmarks/bugs.py [--seeds 3] > benchmarks/bugs.txt

The programs, and what counts as right, are those of `training_bugs.py` (the first problem told names the
bug) and of `trial_bugs.py` (a finding that names the cause is a problem or advice). A false alarm is any
problem on a healthy program. The seeds of a program are not independent, so standard errors are over
programs: each program's share over its seeds is one value. Where all programs are alike the standard error
is 0 and says nothing; "may be" is then the end of the exact 95 % interval, one-sided, for as many programs.
Programs that were seen while the checks were made are among these: `training_bugs.py` tells the first runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
import training_bugs
import trial_bugs
from real_draws import print_table
from trial_programs.common import Program


@dataclass(frozen=True)
class Entry:
    """A program, whatever it is made of.

    Args:
        kind: `loop` for PyTorch, `experiment` for what is run by trials.
        name: The program.
        sick: Whether it has a bug.
        is_right: Whether the bug is found, or the healthy program left alone, on a seed.
    """

    kind: str
    name: str
    sick: bool
    is_right: Callable[[int], bool]


@dataclass(frozen=True)
class Answer:
    """What became of one program."""

    entry: Entry
    right: list[bool]
    seconds: float


def entries() -> Iterator[Entry]:
    """All programs of both benchmarks."""
    for case in training_bugs.cases():
        name = f"{case.kind}: {case.bug}" if case.bug else case.kind
        yield Entry("loop", name, bool(case.bug), _loop_judge(case))
    for program in (*trial_bugs.BUGS, *trial_bugs.HEALTHY):
        yield Entry("experiment", program.name, bool(program.codes), _trial_judge(program))


def _loop_judge(case: training_bugs.Case) -> Callable[[int], bool]:
    def is_right(seed: int) -> bool:
        return training_bugs.is_right(case, case.judge(seed))

    return is_right


def _trial_judge(program: Program) -> Callable[[int], bool]:
    def is_right(seed: int) -> bool:
        told, problems, _ = trial_bugs.run(program, seed)
        return bool(told & set(program.codes)) if program.codes else not problems

    return is_right


def answers(chosen: Iterable[Entry], seeds: int) -> Iterator[Answer]:
    """Run the programs one after the other."""
    for entry in chosen:
        start = time.monotonic()
        right = [entry.is_right(seed) for seed in range(seeds)]
        yield Answer(entry, right, (time.monotonic() - start) / seeds)


def rate(values: list[float]) -> tuple[float, float]:
    """Mean of the programs' shares, and its standard error over programs."""
    tensor = torch.tensor(values, dtype=torch.float64)
    if len(values) < 2:
        return float(tensor.mean()), float("nan")
    return float(tensor.mean()), float(tensor.std() / len(values) ** 0.5)


def line(title: str, found: list[Answer]) -> tuple[str, ...]:
    """One line of the table: programs, pairs, rate with its standard error, seconds."""
    sick = found[0].entry.sick
    shares = [sum(a.right) / len(a.right) for a in found]
    mean, error = rate(shares if sick else [1 - share for share in shares])
    bound = 0.05 ** (1 / len(found)) if all(all(a.right) for a in found) else None
    pairs = sum(len(a.right) for a in found)
    hits = sum(sum(a.right) for a in found)
    return (
        title,
        str(len(found)),
        f"{hits if sick else pairs - hits} of {pairs}",
        f"{mean:.1%}",
        f"{error:.1%}",
        "" if bound is None else f"{bound if sick else 1 - bound:.1%}",
        f"{sum(a.seconds for a in found) / len(found):.1f}",
    )


SHOWN = ("what", "programs", "pairs", "rate", "standard error", "may be", "seconds")


def print_rates(found: list[Answer]) -> None:
    """The joint table, then what was not right."""
    rows = []
    for sick, what in ((True, "bugs found"), (False, "false alarms")):
        own = [a for a in found if a.entry.sick == sick]
        for kind in ("loop", "experiment"):
            part = [a for a in own if a.entry.kind == kind]
            if part:
                rows.append(line(f"{what}, {kind}s", part))
        if own:
            rows.append(line(f"{what}, all", own))
    print_table("rates", SHOWN, rows)
    wrong = [a for a in found if not all(a.right)]
    rows = [
        (
            a.entry.name,
            a.entry.kind,
            "bug" if a.entry.sick else "healthy",
            f"{sum(a.right)} of {len(a.right)}",
        )
        for a in wrong
    ]
    if rows:
        print_table("not right on every seed", ("program", "kind", "is", "right"), rows)


def main() -> None:
    """Run what was asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kind", default="", choices=("", "loop", "experiment"))
    parser.add_argument("--only", default="", help="programs whose name holds this")
    given = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [e for e in entries() if given.only in e.name and given.kind in ("", e.kind)]
    started = time.monotonic()
    found = list(answers(chosen, given.seeds))
    print(
        f"{given.seeds} seeds of {len(found)} programs, {time.monotonic() - started:.0f} seconds; "
        "seconds are a program's and seed's mean"
    )
    print_rates(found)


if __name__ == "__main__":
    main()
