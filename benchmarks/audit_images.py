"""Faults injected into real images: which are found, on the right files, and what clean sets raise.

    python benchmarks/audit_images.py              # the sets that the rules were written with
    python benchmarks/audit_images.py --kept-back  # sets and seeds that no rule has seen
    python benchmarks/audit_images.py --last       # looked at once, after the last change of a rule
    python benchmarks/audit_images.py --show dark  # every case of one fault

A fault counts as found where the right check gives a problem or advice and, where files were touched,
names at least 80 % of them with at least half of its names right. Each set is split at random into train
and test.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from audit_image_faults import FAULTS, MEANINGLESS, NEEDS_LABELS, Files, Rng, shuffled_names, write
from audit_image_sets import KEPT_BACK, LAST, SEEN, ImageSet

from mldiag.data.images.read import read_images
from mldiag.data.media import find_media
from mldiag.findings import Finding
from mldiag.steps.audit.checks import checks_of

TOLD = ("problem", "advice")
TRUE_FACTS = {
    ("file-name-predicts-label", "any"): "the names of these sets begin with the label",
    ("near-constant-images", "tissue"): "the corners of the retina are black",
    ("near-constant-images", "nuclei"): "tiles between the cells are empty",
    ("near-constant-images", "photo tiles"): "tiles of clear sky",
}
"""What is so in a clean set, looked at by eye: still counted, and named in the listing."""


def audited(folder: Path) -> list[Finding]:
    images = read_images(find_media(folder))
    found = [module.judge(images) for module in checks_of("image")]
    return [finding for finding in found if finding is not None]


def is_found(finding: Finding | None, touched: Files, folder: Path) -> bool:
    if finding is None or finding.outcome not in TOLD:
        return False
    wanted = {file.relative_to(folder).as_posix() for file in touched}
    named = set(finding.evidence.get("files", ()))
    hits = len(wanted & named)
    return not wanted or (hits >= 0.8 * len(wanted) and hits >= 0.5 * len(named))


def run_case(
    make: Callable[[Rng], ImageSet], seed: int, fault: str | None, strength: int
) -> tuple[bool, list[Finding]]:
    rng = np.random.default_rng([seed, strength])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        files = write(make(np.random.default_rng(seed)), folder, rng)
        if fault is None:
            return False, audited(folder)
        if fault == "class by name":
            files = shuffled_names(files, rng)
        slug, strengths = FAULTS[fault]
        _, inject, share = strengths[strength]
        touched = inject(files, share, rng)
        findings = audited(folder)
        return is_found(
            next((f for f in findings if f.slug == slug), None), touched, folder
        ), findings


def cases(names: list[str], show: str | None) -> list[tuple[str, str, int, str]]:
    labelled = {"night sky": False, "nuclei": False}
    return [
        (name, fault, place, strength[0])
        for fault, (_, strengths) in FAULTS.items()
        if show is None or show == fault
        for place, strength in enumerate(strengths)
        for name in names
        if (fault, name) not in MEANINGLESS
        and (labelled.get(name, True) or fault not in NEEDS_LABELS)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept-back", action="store_true")
    parser.add_argument("--last", action="store_true")
    parser.add_argument("--show")
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    which = "last" if arguments.last else "kept back" if arguments.kept_back else "seen"
    sets = {"last": LAST, "kept back": KEPT_BACK, "seen": SEEN}[which]
    first = {"last": 200, "kept back": 100, "seen": 0}[which]
    seeds = range(first, first + arguments.seeds)
    began = time.perf_counter()
    print(f"{which}: sets {', '.join(sets)}; seeds {first} to {seeds[-1]}\n")
    if arguments.show is None:
        clean(sets, seeds)
    faulty(sets, seeds, arguments.show)
    print(f"\n{time.perf_counter() - began:.0f} s")


def clean(sets: dict[str, Callable[[Rng], ImageSet]], seeds: range) -> None:
    print("clean sets, per set and seed")
    counts: dict[str, list[int]] = defaultdict(list)
    for name, make in sets.items():
        for seed in seeds:
            _, findings = run_case(make, seed, None, 0)
            told = [f for f in findings if f.outcome in TOLD]
            counts["problem"].append(sum(f.outcome == "problem" for f in told))
            counts["advice"].append(sum(f.outcome == "advice" for f in told))
            if seed == seeds[0]:
                for finding in told:
                    reason = TRUE_FACTS.get((finding.slug, name)) or TRUE_FACTS.get(
                        (finding.slug, "any"), ""
                    )
                    print(
                        f"  {name:12} {finding.outcome:8} {finding.slug}: {finding.title}"
                        + (f"  [{reason}]" if reason else "")
                    )
    for outcome, numbers in counts.items():
        print(f"  {outcome}: {statistics.mean(numbers):.2f} a set ({len(numbers)} sets)")


def faulty(sets: dict[str, Callable[[Rng], ImageSet]], seeds: range, show: str | None) -> None:
    print("\nfaults: share found with the right check and files; problems of other checks")
    rates: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for name, fault, place, strength in cases(list(sets), show):
        for seed in seeds:
            found, findings = run_case(sets[name], seed, fault, place)
            rates[fault, strength].append(found)
            if show or not found:
                own = next((f for f in findings if f.slug == FAULTS[fault][0]), None)
                said = f"{own.outcome}: {own.title}" if own else "no finding"
                word = "found" if found else "missed"
                print(f"    {word} {fault}, {strength}: {name}, seed {seed}: {said}")
    for (fault, strength), found in rates.items():
        print(f"  {fault:20} {strength:18} {sum(found):3} of {len(found)}")
    every = [hit for found in rates.values() for hit in found]
    print(f"  all {sum(every)} of {len(every)} ({sum(every) / len(every):.1%})")


if __name__ == "__main__":
    main()
