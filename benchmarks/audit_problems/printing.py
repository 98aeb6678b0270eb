"""The tables that the benchmark prints."""

from __future__ import annotations

import math
from collections.abc import Sequence

from audit_problems.catalogue import FAULTS, GROUPS
from audit_problems.rates import clustered_rate
from audit_problems.running import Result

COUNTED = ("found", "missed")


def _percent(value: float) -> str:
    return "    –" if math.isnan(value) else f"{100 * value:4.0f}%"


def _rate(results: Sequence[Result]) -> str:
    rate, error, n, tables = clustered_rate(
        (r.table, float(r.outcome == "found")) for r in results if r.outcome in COUNTED
    )
    noise = "" if math.isnan(error) else f" ± {100 * error:.0f}"
    return f"{_percent(rate)}{noise:5} ({n} cases, {tables} tables)" if n else "    – (no case)"


def print_faults(results: Sequence[Result]) -> None:
    """For every fault how often it was found, at the stated strength and at the others."""
    cases = [r for r in results if r.kind == "fault"]
    stated = [r for r in cases if r.strength == FAULTS[r.name].stated]
    print(
        "Faults found, by the right check with the right column or rows; ± is a standard error over tables."
    )
    print(f"{'fault':20}{'stated':>8}  {'found':36}{'problem':>8}  other strengths")
    for group, faults in GROUPS.items():
        print(f"-- {group}: {_rate([r for r in stated if FAULTS[r.name] in faults])}")
        for fault in faults:
            _print_fault(fault.name, [r for r in cases if r.name == fault.name])
    print(f"\nAll at the stated strength: {_rate(stated)}")
    by_fault = [_mean([r for r in stated if r.name == name]) for name in FAULTS]
    known = [rate for rate in by_fault if not math.isnan(rate)]
    if known:
        print(
            f"Mean over the {len(known)} faults, each counted once: {100 * sum(known) / len(known):.1f} %"
        )
    weaker = [r for r in cases if r.strength != FAULTS[r.name].stated]
    if weaker:
        print(f"All at other strengths: {_rate(weaker)}")


def _mean(results: Sequence[Result]) -> float:
    return clustered_rate(
        (r.table, float(r.outcome == "found")) for r in results if r.outcome in COUNTED
    )[0]


def _print_fault(name: str, results: Sequence[Result]) -> None:
    fault = FAULTS[name]
    if not results:
        return
    own = [r for r in results if r.strength == fault.stated]
    found = [r for r in own if r.outcome == "found"]
    severe = sum(r.severity == "problem" for r in found) / len(found) if found else math.nan
    others = [
        f"{strength:g}: {_percent(_mean([r for r in results if r.strength == strength])).strip()}"
        for strength in fault.strengths
        if strength != fault.stated and any(r.strength == strength for r in results)
    ]
    before = sum(r.outcome == "there before" for r in own)
    note = f"  [{before} there before]" if before else ""
    print(
        f"{name:20}{fault.stated:>8g}  {_rate(own):36}{_percent(severe):>8}  {'  '.join(others)}{note}"
    )


def print_clean(results: Sequence[Result], *, each: bool) -> None:
    """Alarms on clean tables: `!` is a false problem, `?` advice that is no known fact."""
    clean = [r for r in results if r.kind == "clean"]
    print(
        f"{'clean table':16}{'splits':>7}{'problems':>10}{'advice':>8}{'unfounded':>11}{'seconds':>9}"
    )
    for table in sorted({r.table for r in clean}):
        own = [r for r in clean if r.table == table]
        means = [sum(r.counts[k] for r in own) / len(own) for k in range(3)]
        seconds = sum(r.seconds for r in own) / len(own)
        print(
            f"{table:16}{len(own):7}{means[0]:10.2f}{means[1]:8.2f}{means[2]:11.2f}{seconds:9.2f}"
        )
        if each:
            for result in sorted(own, key=lambda r: r.seed):
                print(f"    split {result.seed}: {result.detail or 'nothing'}")
    for k, what in enumerate(("false problems", "pieces of advice", "of them unfounded")):
        rate, error, n, tables = clustered_rate((r.table, float(r.counts[k])) for r in clean)
        print(f"{what:18} {rate:.2f} ± {error:.2f} a clean table ({n} splits of {tables} tables)")


def print_twins(results: Sequence[Result]) -> None:
    """Harmless changes that raised an alarm."""
    twins = [r for r in results if r.kind == "twin" and r.outcome != "not here"]
    if not twins:
        return
    print(
        "Harmless changes: share of cases with a problem that the clean table has not, or in which a check"
    )
    print("that should stay silent spoke of the change.")
    for name in dict.fromkeys(r.name for r in twins):
        own = [r for r in twins if r.name == name]
        problems = sum(r.counts[0] > 0 for r in own) / len(own)
        spoke = sum(r.counts[1] > 0 for r in own) / len(own)
        print(
            f"{name:24}{_percent(problems)} new problem{_percent(spoke)} spoke ({len(own)} cases)"
        )
    rate, error, n, tables = clustered_rate((r.table, float(r.outcome == "alarm")) for r in twins)
    print(
        f"{'all':24}{_percent(rate)} ± {100 * error:.0f} with an alarm ({n} cases, {tables} tables)"
    )


def print_cases(results: Sequence[Result], name: str) -> None:
    """Every case of a fault or a twin."""
    for r in sorted(
        (r for r in results if r.name == name), key=lambda r: (r.table, r.strength, r.seed)
    ):
        told = f"{r.outcome} {r.severity} {r.detail}".rstrip()
        print(f"{r.name} {r.strength:g} {r.table} split {r.seed}: {told}")


def print_misses(results: Sequence[Result], limit: int = 400) -> None:
    """What was missed at the stated strength, and why."""
    missed = [r for r in results if r.kind == "fault" and r.outcome == "missed"]
    for r in missed[:limit]:
        if r.strength == FAULTS[r.name].stated:
            print(f"  {r.name:20} {r.table:14} split {r.seed}: {r.detail[:150]}")
