"""Runs the audit over a split table, clean, with harmless changes and with every fault."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from audit_problems.audited_with import Way, audit_findings
from audit_problems.catalogue import FAULTS, named_rng
from audit_problems.common import Injected, NotHere, Tables
from audit_problems.healthy import TWINS
from audit_problems.scoring import SPOKEN, Score, false_alarms, score
from audit_problems.tables import tables_of


@dataclass(frozen=True)
class Result:
    """What came of one audit.

    Args:
        kind: `clean`, `twin` or `fault`.
        name: Of the twin or the fault.
        strength: Of the fault.
        table: Name of the table.
        seed: Its split.
        outcome: Of a fault `found`, `missed`, `there before`, `not here`; of the others `ok` or `alarm`.
        detail: Why, or which checks spoke.
        counts: Of a clean table: problems, advice and unfounded advice; of a twin: new problems.
        seconds: The audit took.
    """

    kind: str
    name: str
    table: str
    seed: int
    outcome: str
    detail: str = ""
    strength: float = 0.0
    counts: tuple[int, ...] = ()
    seconds: float = 0.0
    severity: str = ""


@dataclass(frozen=True)
class Wanted:
    """What is run on a split table.

    Args:
        faults: Names and strengths.
        twins: Names of the harmless changes.
        way: How the audit is called.
    """

    faults: tuple[tuple[str, float], ...]
    twins: tuple[str, ...] = ()
    way: Way = "checks"


def run_split(table: str, seed: int, wanted: Wanted) -> list[Result]:
    """Everything on one split of one table."""
    tables = tables_of(table, seed)
    began = time.perf_counter()
    clean = audit_findings(tables, way=wanted.way)
    results = [_of_clean(tables, seed, clean, time.perf_counter() - began)]
    for twin in TWINS:
        if twin.name in wanted.twins:
            rng = named_rng(twin.name, table, seed)
            results.append(_of_twin(twin.name, twin.change, tables, seed, clean, rng, wanted.way))
    for name, strength in wanted.faults:
        results.append(_of_fault(name, strength, tables, seed, clean, wanted.way))
    return results


def run_splits(
    splits: Sequence[tuple[str, int]], wanted: dict[str, Wanted], jobs: int
) -> Iterator[Result]:
    """Everything on several splits, in several processes where asked."""
    if jobs == 1:
        for table, seed in splits:
            yield from run_split(table, seed, wanted[table])
        return
    with ProcessPoolExecutor(jobs) as pool:
        running = [pool.submit(run_split, table, seed, wanted[table]) for table, seed in splits]
        for done in as_completed(running):
            yield from done.result()


def _of_clean(tables: Tables, seed: int, found: Sequence[Any], seconds: float) -> Result:
    alarms = false_alarms(tables.name, found)
    parts = [f"{'!' if f.outcome == 'problem' else ''}{_told(f)}" for f in alarms["problem"]]
    parts += [f"{'?' if f in alarms['unfounded'] else ''}{_told(f)}" for f in alarms["advice"]]
    broken = [f"broke: {f.slug} {f.evidence['error'][:60]}" for f in found if "error" in f.evidence]
    counts = tuple(len(alarms[kind]) for kind in ("problem", "advice", "unfounded"))
    outcome = "alarm" if counts[0] else "ok"
    detail = "; ".join(parts + broken)
    return Result(
        "clean", "clean", tables.name, seed, outcome, detail, counts=counts, seconds=seconds
    )


def _told(finding: Any) -> str:
    columns = [str(name) for name in finding.evidence.get("columns") or ()]
    shown = ", ".join(columns[:3]) + (f", {len(columns) - 3} more" if len(columns) > 3 else "")
    return f"{finding.slug} ({shown})" if shown else str(finding.slug)


def _of_twin(
    name: str, change: Callable[..., Injected], tables: Tables, seed: int, clean: Sequence[Any],
    rng: Any, way: Way,
) -> Result:  # fmt: skip
    try:
        changed = change(tables, rng)
    except NotHere as reason:
        return Result("twin", name, tables.name, seed, "not here", str(reason))
    found = audit_findings(changed.tables, changed.estimator, way=way)
    before = {f.slug for f in clean if f.outcome == "problem"}
    problems = [f for f in found if f.outcome == "problem" and f.slug not in before]
    forbidden = [
        f for f in found if f.slug in (changed.slug, *changed.also) and f.outcome in SPOKEN
    ]
    told = [f for f in forbidden if _speaks_of(f, changed, clean)]
    detail = "; ".join(
        [f"!{_told(f)}" for f in problems] + [_told(f) for f in told if f not in problems]
    )
    outcome = "alarm" if problems or told else "ok"
    return Result(
        "twin", name, tables.name, seed, outcome, detail, counts=(len(problems), len(told))
    )


def _speaks_of(finding: Any, changed: Injected, clean: Sequence[Any]) -> bool:
    if changed.columns:
        return any(names[0] in (finding.evidence.get("columns") or ()) for names in changed.columns)
    return not any(f.slug == finding.slug and f.outcome in SPOKEN for f in clean)


def _of_fault(
    name: str, strength: float, tables: Tables, seed: int, clean: Sequence[Any], way: Way
) -> Result:
    try:
        injected = FAULTS[name].inject(tables, strength, named_rng(name, tables.name, seed))
    except NotHere as reason:
        return Result("fault", name, tables.name, seed, "not here", str(reason), strength)
    began = time.perf_counter()
    try:
        found = audit_findings(injected.tables, injected.estimator, way=way)
        got = score(found, injected, clean)
    except Exception:  # an audit that breaks is a miss, told with its reason
        last = traceback.format_exc().strip().splitlines()[-1]
        got = Score("missed", why=f"broke: {last}")
    seconds = time.perf_counter() - began
    told = f"{got.why}{' | others: ' + ', '.join(got.others) if got.others else ''}"
    return Result(
        "fault", name, tables.name, seed, got.outcome, told, strength, (len(got.others),), seconds,
        got.severity,
    )  # fmt: skip
