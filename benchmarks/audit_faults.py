"""What `mldiag audit` finds: 69 faults put into 25 real tables, harmless changes, and the clean tables.

    OMP_NUM_THREADS=1 python benchmarks/audit_faults.py > benchmarks/audit_faults.txt
    python benchmarks/audit_faults.py --quick                  # under three minutes, while rules are written
    python benchmarks/audit_faults.py --quick --show overlap   # every case of one fault, with what was said
    python benchmarks/audit_faults.py --kept-back              # tables and splits that no rule was made on

The tables lie inside packages; `audit_problems/sources.py` names them with their licences. A fault counts as
found where the right check says problem or advice and names the right column or rows (four fifths of the rows
changed, and half of the rows named must be right), and did not say so of the clean table. Tables and splits
are divided by a fixed hash: two thirds are seen while rules are written, a third is kept for the final count.
"""

from __future__ import annotations

import argparse
import sys
import time

from audit_problems.audited_with import WAYS
from audit_problems.catalogue import FAULTS, Case, named_rng
from audit_problems.healthy import TWINS
from audit_problems.label_errors import print_label_errors
from audit_problems.printing import (
    print_cases,
    print_clean,
    print_faults,
    print_misses,
    print_twins,
)
from audit_problems.running import Result, Wanted, run_splits
from audit_problems.sources import pip_command
from audit_problems.tables import (
    KEPT_SEEDS,
    KEPT_TABLES,
    SEEDS,
    SEEN_SEEDS,
    SEEN_SINCE,
    SEEN_TABLES,
)

HEAVY = ("diamonds", "flights")
"""Left out of --quick."""

QUICK_TABLES = 4
"""Tables that a fault or a harmless change is tried on with --quick, drawn for each."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="one split, stated strengths, a few tables"
    )
    parser.add_argument(
        "--kept-back", action="store_true", help="the third that is kept for the final count"
    )
    parser.add_argument(
        "--show", metavar="NAME", help="only this fault or harmless change, case by case"
    )
    parser.add_argument("--faults", default="", help="names of faults, by comma")
    parser.add_argument(
        "--tables", default="", help="names of tables, by comma, of those that are run"
    )
    parser.add_argument("--seeds", type=int, default=0, help="at most so many splits a table")
    parser.add_argument("--stated", action="store_true", help="only the stated strengths")
    parser.add_argument("--clean", action="store_true", help="only clean tables")
    parser.add_argument("--way", choices=WAYS, default="checks", help="how the audit is called")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--no-labels", action="store_true", help="without the comparison of label errors"
    )
    parser.add_argument("--misses", action="store_true", help="list what was missed")
    return parser.parse_args()


def chosen_splits(options: argparse.Namespace) -> list[tuple[str, int]]:
    """The tables and splits that are run."""
    if options.kept_back:
        splits = [(table, seed) for table in KEPT_TABLES for seed in SEEDS]
        splits += [(table, seed) for table in SEEN_TABLES for seed in KEPT_SEEDS]
    else:
        seeds = SEEN_SEEDS[:1] if options.quick else SEEN_SEEDS
        splits = [(table, seed) for table in SEEN_TABLES for seed in seeds]
    if options.tables:
        wanted = options.tables.split(",")
        splits = [split for split in splits if split[0] in wanted]
    elif options.quick:
        splits = [split for split in splits if split[0] not in HEAVY]
    if options.seeds:
        splits = [
            (t, s) for t, s in splits if sum(o == t and q < s for o, q in splits) < options.seeds
        ]
    return sorted(splits, key=lambda split: (split[0] not in HEAVY, split[1], split[0]))


def wanted_of(options: argparse.Namespace, tables: list[str]) -> dict[str, Wanted]:
    """What is run on each table."""
    names = [n for n in (options.show or options.faults).split(",") if n]
    unknown = set(names) - set(FAULTS) - {twin.name for twin in TWINS}
    if unknown:
        raise SystemExit(
            f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}"
        )
    faults: dict[str, list[tuple[str, float]]] = {table: [] for table in tables}
    twins: dict[str, list[str]] = {table: [] for table in tables}
    few = options.quick and not names
    for name in [*FAULTS, *([] if options.faults else [twin.name for twin in TWINS])]:
        if options.clean or (names and name not in names):
            continue
        for table in _fitting(name, tables) if few else tables:
            if name not in FAULTS:
                twins[table].append(name)
                continue
            fault = FAULTS[name]
            strengths = (fault.stated,) if options.stated or few else fault.strengths
            faults[table] += [(name, strength) for strength in strengths]
    return {
        table: Wanted(tuple(faults[table]), tuple(twins[table]), options.way) for table in tables
    }


def _fitting(name: str, tables: list[str]) -> list[str]:
    """Where --quick tries a fault or a harmless change: tables drawn from those where it means something."""
    found: list[str] = []
    for table in named_rng("quick", name).permutation(sorted(tables)).tolist():
        if (
            name in FAULTS
            and not Case(name, FAULTS[name].stated, table, SEEN_SEEDS[0]).means_something()
        ):
            continue
        found.append(table)
        if len(found) == QUICK_TABLES:
            break
    return found


def main() -> None:
    """Run what was asked, and print."""
    options = arguments()
    began = time.perf_counter()
    splits = chosen_splits(options)
    tables = sorted({table for table, _ in splits})
    wanted = wanted_of(options, tables)
    results: list[Result] = []
    for done, result in enumerate(run_splits(splits, wanted, options.jobs)):
        results.append(result)
        if sys.stderr.isatty() and done % 20 == 0:
            print(f"\r{done} audits", end="", file=sys.stderr)
    seeds = sorted({seed for _, seed in splits})
    which = "kept back" if options.kept_back else "seen"
    print(f"{len(results)} audits of {len(tables)} tables ({which}), splits {seeds}")
    print(f"tables: {pip_command()}\n")
    if options.show:
        print_cases(results, options.show)
        return
    if not options.kept_back:
        _print_all(results, options)
    else:
        new = [table for table in KEPT_TABLES if table not in SEEN_SINCE]
        print(f"=== New tables: {', '.join(new)}\n")
        _print_all([r for r in results if r.table in new], options)
        print(f"\n=== Seen since, a rule was mended on them: {', '.join(SEEN_SINCE)}\n")
        _print_all([r for r in results if r.table in SEEN_SINCE], options)
        print("\n=== New splits of the seen tables\n")
        _print_all([r for r in results if r.table not in KEPT_TABLES], options)
    if not (options.quick or options.no_labels or options.clean or options.faults):
        print()
        print_label_errors()
    print(f"\n{time.perf_counter() - began:.0f} s on {options.jobs} processes")


def _print_all(results: list[Result], options: argparse.Namespace) -> None:
    if not results:
        return
    print_clean(results, each=True)
    print()
    if options.clean:
        return
    print_faults(results)
    if options.misses or options.quick:
        print("\nMissed at the stated strength:")
        print_misses(results)
    print()
    print_twins(results)


if __name__ == "__main__":
    main()
