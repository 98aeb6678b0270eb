"""The digest of the code that a trial runs: what a stored result must share to be reused.

It covers, from the train function on and transitively: local functions and methods (their syntax trees
without docstrings, comments and layout; default values; closures; decorators), local classes with their
bases, constants by value, objects by class and attributes, whole local modules that are passed around, and
the versions of the distributions that this code names. Functions without source (made by `exec`, or whose
file was edited after its import) count by their instructions, names and constants.

It leaves out the arguments of `@mldiag.experiment` except the metric's name (which is the key under which a
bare number is kept), and other experiments in the file unless they are called.

It cannot see: modules named at run time (`importlib.import_module(name)`, `getattr(module, name)`);
files, databases and addresses that the code opens (declare these as `data=`); environment variables;
installed
extensions rebuilt under the same version; what modules do when they are imported; state that changes while
the program runs, and random generators kept in globals; distributions that only other distributions use.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mldiag.data.content import hashed
from mldiag.declaration import Experiment
from mldiag.run.code.packages import versions_of
from mldiag.run.code.part_names import free_name, without_file
from mldiag.run.code.reach import Reach

AUGMENT_RULES = "1"
"""Raised when mldiag augments the rows of a trial in another way than before."""

TRIAL_RULES = "1"
"""Raised when mldiag itself draws rows, intervenes or seeds a trial in another way than before."""


@dataclass(frozen=True)
class CodeDigest:
    """What the code of an experiment consists of.

    Args:
        parts: Readable name (`train.py:fit`, `package torch`, `python`) -> kind and hash, or version.

    Example:
        >>> one = CodeDigest({"a.py:fit": "function 12", "python": "3.11"})
        >>> one.digest == CodeDigest({"b.py:fit": "function 12", "python": "3.11"}).digest
        True
    """

    parts: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """Hash over every part; file names do not enter, so code may move between files."""
        items = sorted((without_file(name), text) for name, text in self.parts.items())
        return hashed(text for item in items for text in item).hex()


def code_digest(experiment: Experiment) -> tuple[CodeDigest, dict[str, Any]]:
    """Digest an experiment's code.

    Returns:
        The digest, and the arrays and frames that the train function reaches, by name, where the
        experiment declares only `rows=` (they belong to the data's fingerprint).
    """
    declared = _declared(experiment)
    reach = _reach(experiment, declared)
    reach.follow("train", experiment.train)
    parts = reach.parts | {
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "metric name": experiment.metric.name,
        "trial rules": TRIAL_RULES,
    }
    for value in declared:  # code that calls `X.mean()` runs the package that X comes from
        if _identifies(value):
            for name, version in versions_of(type(value).__module__).items():
                parts[f"package {name}"] = version
    reached: dict[str, Any] = {}
    for name, value in reach.data.items():  # files may be renamed without a change of the data
        reached[free_name(without_file(name), reached)] = value
    return CodeDigest(dict(sorted(parts.items()))), reached


def augment_digest(experiment: Experiment) -> CodeDigest | None:
    """Digest the code of the augment function; None where the experiment declares none.

    It is apart from `code_digest`, because only augmented trials run that code: the others stay valid
    when it is declared, edited or taken away. Versions that both share are in both.

    Example:
        >>> from mldiag.declaration import experiment
        >>> @experiment(data=([[0.0]] * 20, [0, 1] * 10), metric="accuracy", augment=lambda X, y, rng: (X, y))
        ... def train(trial):
        ...     return 0.5
        >>> [name for name in augment_digest(train).parts if "rules" in name]
        ['augment rules']
    """
    if experiment.augment is None or experiment.augment.function is None:
        return None
    reach = _reach(experiment, _declared(experiment))
    reach.follow("augment", experiment.augment.function)
    return CodeDigest(dict(sorted((reach.parts | {"augment rules": AUGMENT_RULES}).items())))


def _declared(experiment: Experiment) -> list[Any]:
    """The experiment's data, as declared and as loaded."""
    source = experiment.source
    declared = _flat((source.data, source.valid, source.test, source.groups, source.time,
                      source.sample_weight, source.stratify))  # fmt: skip
    if experiment.dataset is not None:
        for _, part in experiment.dataset.parts():
            declared += [part.X, part.y, part.weights]
    return declared


def _reach(experiment: Experiment, declared: Iterable[Any]) -> Reach:
    identifying = [item for item in declared if _identifies(item)]
    return Reach(identifying, arrays_are_data=experiment.dataset is None)


def _flat(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        found.append(value)
        if isinstance(value, (tuple, list)) and len(value) == 2:
            found += value
    return found


def _identifies(value: Any) -> bool:
    """Whether being the same object means being the data: not so for None, numbers and short texts."""
    return hasattr(value, "shape") or (isinstance(value, (list, tuple)) and len(value) > 0)
