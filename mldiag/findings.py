"""The words of an answer: outcome, interval, action, finding, check, diagnosis, report."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, get_args

Outcome = Literal["problem", "advice", "inconclusive", "passed", "not_applicable", "skipped"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""In the order in which a person should read them."""

ActionKind = Literal[
    "fix_bug", "fix_labels", "fix_leak", "fix_split", "clean_labels", "clean_data", "scale_features",
    "balance_classes", "more_data", "augment_data", "tune", "train_longer", "larger_model",
    "smaller_model", "more_regularization", "less_regularization", "change_activation_or_init",
    "stabilize_training", "change_model", "none",
]  # fmt: skip

FIX_FIRST: tuple[ActionKind, ...] = ("fix_bug", "fix_leak", "fix_split", "fix_labels")
"""Remedies that come before any other: until then no score can be trusted."""

SHOWN_LEVEL = 0.8
"""Level of every interval that is shown to a person."""

CLAIM_ERROR = 0.05
"""One-sided error of a claim, over everything that one step compared."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its two ends, in the unit of the metric."""

    estimate: float
    low: float
    high: float
    level: float = SHOWN_LEVEL


@dataclass(frozen=True, slots=True)
class Action:
    """What to do, and what it is predicted to gain: positive is better, whatever the metric's direction."""

    kind: ActionKind
    text: str
    param: str | None = None
    value: object = None
    gain: Interval | None = None
    cost: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of one check.

    Args:
        code: Stable code such as `MD201`, never reused.
        slug: Stable kebab-case name, the check's file name.
        outcome: One of `OUTCOMES`.
        title: One line that stands alone.
        explanation: The reasons, for a person.
        evidence: Numbers with n, effect, interval; plain data.
        action: At most one remedy.
        command: The command that reproduces the finding.
        cost_seconds: What it has cost so far, in seconds of training.
        caused_by: Code of the finding that this one follows from.
    """

    code: str
    slug: str
    outcome: Outcome
    title: str
    explanation: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    action: Action | None = None
    command: str = ""
    cost_seconds: float = 0.0
    caused_by: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """What `mldiag explain CODE` tells of a check; `detects` may name the thresholds in braces.

    Example:
        >>> @dataclass(frozen=True)
        ... class Limits:
        ...     share: float = 0.99  # a column is quasi-constant above it
        >>> check = Check("MD399", "example", "An example", detects="one value in over {share:.0%} of rows",
        ...               why="it cannot help", fix="drop it", source="made up", thresholds=Limits())
        >>> check.detection()
        'one value in over 99% of rows'
    """

    code: str
    slug: str
    title: str
    detects: str
    why: str
    fix: str
    source: str
    thresholds: Any = None

    def detection(self) -> str:
        """The detection rule with the thresholds of the code filled in."""
        if self.thresholds is None:
            return self.detects
        values = {f.name: getattr(self.thresholds, f.name) for f in fields(self.thresholds)}
        return self.detects.format(**values)

    def finding(self, outcome: Outcome, title: str, **parts: Any) -> Finding:
        """A finding that carries this check's code and slug."""
        return Finding(self.code, self.slug, outcome, title, **parts)


@dataclass(frozen=True, slots=True)
class Table:
    """A small table for people: a title, column names and rows of ready text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Diagnosis:
    """What a step's `diagnose` returns: the findings and the numbers that its `plot` draws.

    A step subclasses it with its own frozen numbers; `result` gives them as plain data for JSON.
    """

    findings: tuple[Finding, ...]
    headline: str
    """The verdict in at most 14 characters at the start: MLflow cuts run names there."""
    outcome: Outcome
    notices: tuple[str, ...] = field(default=(), kw_only=True)
    tables: tuple[Table, ...] = field(default=(), kw_only=True)
    next_step: str = field(default="", kw_only=True)
    """The command to run next, without the program's name and the target, such as `sweep --all`."""
    steps: tuple[Report, ...] = field(default=(), kw_only=True)
    """The reports that a check-up rests on."""
    in_order: bool = field(default=False, kw_only=True)
    """Whether the findings are in the order in which a person should read them, and are left there."""

    def result(self) -> dict[str, Any]:
        """The numbers behind the plot as plain data."""
        return {}

    def curves(self) -> dict[str, dict[int, float]]:
        """Series for MLflow's charts: name -> {integer step: value}."""
        return {}

    def scalars(self) -> dict[str, float]:
        """The few numbers that a table of runs should show."""
        return {}


@dataclass(frozen=True)
class TrialCounts:
    """How many trials a command planned, ran, took from the store, and lost to failures."""

    planned: int = 0
    run: int = 0
    cached: int = 0
    failed: int = 0


@dataclass(frozen=True, repr=False)
class Report:
    """The answer of one command, in reading order; `to_dict()` is what `--json` prints.

    Example:
        >>> Report("sweep", "digits", {"name": "f1"}, "passed", "FLAT lr", (), {}, TrialCounts(), 1.0)
        <Report FLAT lr: sweep of digits, f1>
    """

    step: str
    experiment: str
    metric: Mapping[str, str]
    outcome: Outcome
    headline: str
    findings: tuple[Finding, ...]
    result: Mapping[str, Any]
    trials: TrialCounts
    cost_seconds: float
    mlflow: Mapping[str, str] | None = None
    figures: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    next_command: str = ""
    steps: tuple[Report, ...] = ()
    """The reports of the steps that a checkup went through, in its order; of one step, none."""
    as_html: Callable[[Report], str] | None = field(default=None, repr=False, compare=False)
    """Makes the HTML for notebooks; handed in from above, because rendering imports this module."""
    as_text: Callable[[Report], str] | None = field(default=None, repr=False, compare=False)
    """Makes what `print` shows; handed in likewise."""

    @property
    def actions(self) -> tuple[Action, ...]:
        """The remedies, best first; empty only where the outcome is `inconclusive`."""
        return tuple(f.action for f in self.findings if f.action is not None)

    def to_dict(self) -> dict[str, Any]:
        """Strict plain data in the schema `mldiag/1`: NaN and infinities become None."""
        whole: dict[str, Any] = plain(
            {
                "schema": "mldiag/1",
                "step": self.step,
                "experiment": self.experiment,
                "metric": dict(self.metric),
                "outcome": self.outcome,
                "headline": self.headline,
                "findings": self.findings,
                "result": self.result,
                "trials": self.trials,
                "cost_seconds": self.cost_seconds,
                "mlflow": self.mlflow,
                "figures": self.figures,
                "notices": self.notices,
                "next_command": self.next_command,
                "tables": self.tables,
            }
        )
        return whole | ({"steps": [one.to_dict() for one in self.steps]} if self.steps else {})

    def __repr__(self) -> str:
        subject = f"{self.step} of {self.experiment}, {self.metric['name']}"
        return f"<Report {self.headline}: {subject}>"

    def __str__(self) -> str:
        return self.as_text(self) if self.as_text else repr(self)

    def _repr_html_(self) -> str | None:
        return self.as_html(self) if self.as_html else None


def plain(value: Any) -> Any:
    """Turn dataclasses, NumPy scalars and arrays, tuples and sets into strict JSON data.

    Example:
        >>> plain({"gain": Interval(0.1, float("nan"), float("inf")), "n": (1, 2)})
        {'gain': {'estimate': 0.1, 'low': None, 'high': None, 'level': 0.8}, 'n': [1, 2]}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return plain({f.name: getattr(value, f.name) for f in fields(value)})
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy scalars and arrays, without importing NumPy here
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def ranked(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Order findings for a person: problems first, larger gains first, consequences after their cause.

    Problems that make every score untrustworthy (`FIX_FIRST`) come first, a possible leak before advice.
    Equals stay in the order given, in which a step puts what its verdict rests on first.

    Example:
        >>> a = Finding("MD2", "b", "passed", "fine"); b = Finding("MD1", "a", "problem", "bad")
        >>> [f.outcome for f in ranked([a, b])]
        ['problem', 'passed']
    """

    def key(finding: Finding) -> tuple[int, bool, float]:
        action = finding.action
        gain = action.gain.estimate if action and action.gain else 0.0
        grave = FIX_FIRST if finding.outcome == "problem" else ("fix_leak",)
        first = action is not None and action.kind in grave
        return OUTCOMES.index(finding.outcome), not first, -gain

    roots = sorted((f for f in findings if f.caused_by is None), key=key)
    consequences = sorted((f for f in findings if f.caused_by is not None), key=key)
    ordered: list[Finding] = []
    for root in roots:
        ordered.append(root)
        ordered += [f for f in consequences if _follows(f, root) and f not in ordered]
        subjects = [other.evidence.get("param") for other in roots if other.code == root.code]
        ordered += [
            f
            for f in consequences
            if f.caused_by == root.code
            and f.evidence.get("param") not in subjects
            and f not in ordered
        ]
    ordered += [f for f in consequences if f not in ordered]
    return tuple(ordered)


def _follows(finding: Finding, root: Finding) -> bool:
    """Whether a finding follows from a root: by its code, and by its parameter where there are several."""
    same_subject = finding.evidence.get("param") == root.evidence.get("param")
    return finding.caused_by == root.code and same_subject
