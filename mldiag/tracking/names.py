"""Names that MLflow accepts, and short run names that a list does not cut."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from mldiag import wording
from mldiag.trial_spec import TrialSpec

KEY_LENGTH = 250
"""Longest name of a metric, parameter or tag."""

VALUE_LENGTH = 6000
"""Longest value of a parameter."""

TAG_LENGTH = 8000
"""Longest value of a tag, the description included."""

_WORDS = {"%": "percent", "@": "_at_", "=": "-", "+": "plus", "<": "below", ">": "above"}


def key(name: str) -> str:
    """The name with everything that MLflow refuses replaced.

    MLflow takes letters, digits, slashes, dots, dashes, colons, spaces and underscores, and no name
    that would mean another path.

    Example:
        >>> key("f1(macro)|top=5%"), key("../loss//train")
        ('f1_macro__top-5percent', 'loss/train')
    """
    text = "".join(_WORDS.get(letter, letter) for letter in name)
    text = re.sub(r"[^/\w.\- :]", "_", text).rstrip("_ ") or "_"
    parts = [part for part in text.split("/") if part.strip(". ")]
    return "/".join(parts)[:KEY_LENGTH].rstrip("/") or "unnamed"


def keys(names: Iterable[str]) -> dict[str, str]:
    """An accepted name for each, no two alike.

    Example:
        >>> keys(["f(x)", "f[x]"])
        {'f(x)': 'f_x', 'f[x]': 'f_x-2'}
    """
    taken: set[str] = set()
    chosen: dict[str, str] = {}
    for name in names:
        base = candidate = key(name)
        number = 1
        while candidate.lower() in taken:  # some databases compare without case
            number += 1
            candidate = f"{base[: KEY_LENGTH - 5]}-{number}"
        taken.add(candidate.lower())
        chosen[name] = candidate
    return chosen


def log10_of(value: Any) -> float | None:
    """The decimal logarithm of a positive number, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return math.log10(value) if value > 0 and math.isfinite(value) else None


def child_name(
    spec: TrialSpec,
    *,
    varying: Sequence[str],
    defaults: dict[str, Any],
    train_rows: int,
) -> str:
    """A child's name: what was moved, then the repeat.

    Example:
        >>> from dataclasses import replace
        >>> spec = TrialSpec("t", params=(("lr", 0.1), ("width", 8)))
        >>> child_name(spec, varying=["lr", "width"], defaults={"lr": 0.01, "width": 8}, train_rows=90)
        'lr=.1 r0'
        >>> child_name(spec, varying=["train_rows"], defaults={}, train_rows=1240)
        'n=1240 r0'
        >>> child_name(replace(spec, seed=3), varying=["lr"], defaults={}, train_rows=90)
        'lr=.1 r0 s3'
    """
    params = dict(spec.params)
    moved = [name for name in varying if name in params and params[name] != defaults.get(name)]
    parts = [f"{name}={wording.setting_short(params[name])}" for name in moved]
    if "train_rows" in varying:
        parts.insert(0, f"n={train_rows or spec.rows.size or 'all'}")
    parts += [str(change.argument("family", change.kind)) for change in spec.interventions]
    if spec.fidelity != 1:
        parts.append(f"{spec.fidelity:.0%}")
    if not parts:
        parts = ["default"]
    if spec.rows.split == "reserve":
        parts.append("reserve")
    parts.append(f"r{spec.rows.repeat}")
    if spec.seed not in (0, spec.rows.repeat):  # 0 where no seed changes the training
        parts.append(f"s{spec.seed}")
    return " ".join(parts)[:KEY_LENGTH]
