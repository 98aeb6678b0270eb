"""How often `mldiag capacity` names the right remedy, claims a gain that is none, or a ceiling too early.

Cases with a known cause (`capacity_cases.py`) are drawn again and again from real data sets. The truth of a
gain is the difference of the same two trainings on as many rows, scored on all rows of the population that
they did not train on, and averaged over further draws.

    OMP_NUM_THREADS=1 python benchmarks/capacity_verdicts.py [--draws 12] [--truths 12] [--seen | --unseen]

A rate is followed by its Monte Carlo standard error. The draws of one population overlap, which makes the
standard errors a little too small.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from capacity_cases import CASES, Case
from real_draws import print_table, share
from sklearn.model_selection import train_test_split

from mldiag.run.worker import run_trial
from mldiag.steps.capacity.capacity_diagnosis import CapacityDiagnosis
from mldiag.steps.capacity.diagnose import diagnose
from mldiag.steps.capacity.lines import counts_epochs, epochs_probe, line_grid, lines_of
from mldiag.steps.capacity.plan import plan
from mldiag.steps.capacity.settings import Settings
from mldiag.trial_result import TrialResult

Truth = dict[tuple[str, Any], float]


@dataclass(frozen=True)
class Outcome:
    """What one draw gave.

    Args:
        first: Kind of the first action that claims something, or `none` where none does.
        verdict: The joined verdict.
        claims: Claimed gains as (estimate, low, high, truth), the first action's first.
        best: Largest true gain of everything that was tried.
        worth: Smallest gain worth having.
        trials: Trials that it took.
        seconds: Seconds of training.
    """

    first: str
    verdict: str
    claims: tuple[tuple[float, float, float, float], ...]
    best: float
    worth: float
    trials: int
    seconds: float


def true_gains(case: Case, truths: int) -> Truth:
    """Mean gain of everything that is tried over the model as it stands."""
    inputs, target = case.load()
    drawn = case.make(inputs[: case.rows], target[: case.rows])
    size = drawn.splits.train_size()
    gains: dict[tuple[str, Any], list[float]] = {}
    for draw in range(truths):
        train, rest = drawn_rows(target, size, seed=10_000 + draw)
        experiment = case.make(inputs[train], target[train], valid=(inputs[rest], target[rest]))
        sign, name = experiment.metric.sign, experiment.metric.name
        done: dict[str, float] = {}
        for line in lines_of(experiment, Settings()):
            row = [specs[0] for specs in line_grid(experiment, line, [draw])]
            for spec in row:
                if spec.digest not in done:
                    done[spec.digest] = run_trial(experiment, spec, threads=1).score(name)
            own = done[row[line.default].digest]
            for value, spec in zip(line.values, row, strict=True):
                gains.setdefault((line.name, value), []).append(sign * (done[spec.digest] - own))
    return {key: float(np.nanmean(values)) for key, values in gains.items()}


def drawn_rows(target: Any, count: int, *, seed: int) -> tuple[Any, Any]:
    """Rows of a draw and the others, with the classes in proportion.

    Else the scoring rows of a draw would share its chance excess of some classes with its training rows, and
    a model that knows some classes only would look better than it is.
    """
    classes = target if np.issubdtype(target.dtype, np.integer) else None
    return train_test_split(
        np.arange(len(target)), train_size=count, stratify=classes, random_state=seed
    )


def kept_gains(case: Case, truths: int, cache: Path | None) -> Truth:
    file = None if cache is None else cache / f"{case.name.replace(' ', '_')}_truth{truths}.pickle"
    if file is not None and file.exists():
        kept: Truth = pickle.loads(file.read_bytes())
        return kept
    found = true_gains(case, truths)
    if file is not None:
        file.write_bytes(pickle.dumps(found))
    return found


def answer(
    case: Case, draw: int, settings: Settings, cache: Path | None
) -> tuple[CapacityDiagnosis, list[TrialResult]]:
    """Plan, train and diagnose as the command does; results may be kept, to judge them again."""
    inputs, target = case.load()
    rows, _ = drawn_rows(target, case.rows, seed=draw)
    experiment = case.make(inputs[rows], target[rows])
    kept = None if cache is None else cache / f"{case.name.replace(' ', '_')}_{draw}.pickle"
    known: dict[str, TrialResult] = {}
    if kept is not None and kept.exists():
        known = pickle.loads(kept.read_bytes())
    results: dict[str, TrialResult] = {}
    while specs := plan(experiment, settings, tuple(results.values())):
        for spec in specs:
            found = known.get(spec.digest) or run_trial(experiment, spec, threads=1)
            results[spec.digest] = known[spec.digest] = found
    if kept is not None:
        kept.write_bytes(pickle.dumps(known))
    assert epochs_probe(experiment) is None or counts_epochs(experiment, list(results.values()))
    return diagnose(experiment, settings, list(results.values())), list(results.values())


def outcome_of(case: Case, draw: int, truth: Truth, cache: Path | None) -> Outcome:
    found, results = answer(case, draw, Settings(), cache)
    judged = found.judged
    assert judged is not None
    claims = []
    for remedy in judged.remedies:
        true = truth[remedy.found.line.name, remedy.found.best_value]
        gain = remedy.gain, remedy.found.gain.low, remedy.found.gain.high
        claims.append((*gain, true))
    acting = [
        f.action.kind for f in found.findings if f.action is not None and f.action.kind != "none"
    ]
    broken = judged.verdict == "broken"
    first = "fix_bug" if broken else judged.remedies[0].kind if judged.remedies else "none"
    assert broken == ("fix_bug" in acting)
    tried = [gain for (name, _), gain in truth.items() if name != "dummy"]
    return Outcome(
        first, judged.verdict, tuple(claims), max(tried), found.lines[0].worth, len(results),
        sum(result.wall_seconds for result in results),
    )  # fmt: skip


def report(done: dict[str, list[Outcome]], cases: list[Case]) -> None:
    rows = []
    for case in cases:
        all_draws = done[case.name]
        firsts = [outcome.first for outcome in all_draws]
        counted = ", ".join(
            f"{kind} {firsts.count(kind)}" for kind in sorted(set(firsts), key=firsts.count)[::-1]
        )
        claims = [claim for outcome in all_draws for claim in outcome.claims]
        tops = [outcome.claims[0] for outcome in all_draws if outcome.claims]
        false = [any(truth <= 0 for *_, truth in o.claims) for o in all_draws]
        ceilings = [o for o in all_draws if o.verdict == "ceiling"]
        rows.append((
            case.name + (" (unseen)" if case.unseen else ""),
            case.cause,
            f"{sum(first in case.right for first in firsts)} of {len(firsts)}",
            counted,
            f"{sum(false)} of {len(all_draws)}",
            f"{sum(low <= true <= high for _, low, high, true in tops)} of {len(tops)}" if claims else "-",
            f"{len(ceilings)}",
            f"{all_draws[0].best / all_draws[0].worth:.1f}",
            f"{np.median([o.trials for o in all_draws]):.0f}",
            f"{np.median([o.seconds for o in all_draws]):.0f}",
        ))  # fmt: skip
    head = ("case", "cause", "first action right", "first actions", "draws with a false claim",
            "top gain covered", "ceilings", "best true gain / worth", "trials", "seconds")  # fmt: skip
    print_table("cases", head, rows)


def summary(title: str, done: dict[str, list[Outcome]], cases: list[Case]) -> None:
    pairs = [(case, outcome) for case in cases for outcome in done[case.name]]
    sick = [(case, o) for case, o in pairs if not case.sound]
    sound = [(case, o) for case, o in pairs if case.sound]
    tops = [o.claims[0] for _, o in pairs if o.claims]
    every = [claim for _, o in pairs for claim in o.claims]
    ceilings = [o for _, o in pairs if o.verdict == "ceiling"]

    def rate(hits: list[bool]) -> str:
        return f"{share(hits)} (of {len(hits)})" if hits else "-"

    rows = [
        ("something is wrong: the first action is right", rate([o.first in c.right for c, o in sick])),
        ("something is wrong: left open", rate([o.first == "none" for _, o in sick])),
        ("something is wrong: another first action",
         rate([o.first not in (*c.right, "none") for c, o in sick])),
        ("nothing is to be gained: a gain is claimed", rate([bool(o.claims) for _, o in sound])),
        ("draws with a claim whose true gain is 0 or less, all cases",
         rate([any(true <= 0 for *_, true in o.claims) for _, o in pairs])),
        ("80 % interval of the first gain covers the truth",
         rate([low <= true <= high for _, low, high, true in tops])),
        ("80 % interval of every claimed gain covers the truth",
         rate([low <= t <= high for _, low, high, t in every])),
        ("of the ceilings: a gain worth having was among what was tried",
         rate([o.best >= o.worth for o in ceilings])),
        ("of the ceilings: twice that", rate([o.best >= 2 * o.worth for o in ceilings])),
        ("ceiling called, where there is one (nothing tried gains what is worth having)",
         rate([o.verdict == "ceiling" for _, o in pairs if o.best < o.worth])),
    ]  # fmt: skip
    print_table(title, ("what", "rate"), rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=12)
    parser.add_argument("--truths", type=int, default=12)
    parser.add_argument("--seen", action="store_true")
    parser.add_argument("--unseen", action="store_true")
    parser.add_argument("--case", default="", help="only cases whose names begin so")
    parser.add_argument("--cache", type=Path, help="an existing folder that keeps the trials")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    cases = [case for case in CASES if case.name.startswith(options.case)]
    if options.seen or options.unseen:
        cases = [case for case in cases if case.unseen == options.unseen]
    started = time.perf_counter()
    done: dict[str, list[Outcome]] = {}
    for case in cases:
        truth = kept_gains(case, options.truths, options.cache)
        done[case.name] = [
            outcome_of(case, draw, truth, options.cache) for draw in range(options.draws)
        ]
        print(f"{case.name}: done", file=sys.stderr)
    print(f"\n{options.draws} draws a case, truth from {options.truths} further draws; "
          f"{(time.perf_counter() - started) / 60:.0f} min")  # fmt: skip
    report(done, cases)
    summary("all cases", done, cases)
    for word, unseen in (("seen", False), ("unseen", True)):
        chosen = [case for case in cases if case.unseen == unseen]
        if chosen and len(chosen) < len(cases):
            summary(f"{word} cases", done, chosen)


if __name__ == "__main__":
    main()
