"""What a patient is: an experiment with one dominating problem, and what every remedy truly gains.

A patient draws a small sample of a large real table; its experiment gets the sample and nothing else. The
truth of a remedy is measured on rows of the same table that are in no sample: the model is trained on as many
rows as the experiment's own trainings get, with and without the remedy, and scored on the rest. The patients
and what is tried on them were written apart from the check-up that they judge.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import mldiag
from mldiag.roles import action_of
from mldiag.run.worker import run_trial
from mldiag.trial_spec import Intervention

Floats = NDArray[np.float64]
Make = Callable[..., mldiag.Experiment]
Part = Literal["seen", "kept", "third", "fourth", "fifth"]

TRUTH_DRAWS = 1000
"""Draws of the truth begin here, so that no check-up is judged by the sample that it saw."""

HELD_ROWS = 2500
"""At most so many rows score a truth."""

VALUES = 7
"""Values of a parameter that are tried between the ends of its range."""

FAMILIES = ("linear", "neighbours", "forest", "boosting", "network")
"""The other families, each with the preprocessing that it needs, on the same rows."""

NOTHING = ("healthy", "at the ceiling", "pure noise")
"""Problems of patients for whom there is nothing to be gained."""


@dataclass(frozen=True, order=True)
class Remedy:
    """A kind of action, and where it turns a parameter, which one."""

    kind: str
    param: str = ""


@dataclass(frozen=True)
class Change:
    """How a training differs from the untreated one.

    Args:
        params: Values that differ from the defaults.
        times: So many times the rows.
        family: Another family of models instead of the patient's.
        fidelity: So many times the epochs.
        prepare: `scale`, `balance` or `clean` the training rows; empty leaves them as they are.
        made: Other arguments for the patient's `make`, as pairs.
    """

    params: tuple[tuple[str, Any], ...] = ()
    times: int = 1
    family: str = ""
    fidelity: float = 1.0
    prepare: str = ""
    made: tuple[tuple[str, Any], ...] = ()

    @property
    def value(self) -> Any:
        """What tells this change from the others of its kind."""
        named = self.params or self.made
        return (
            named[0][1] if named else self.family or (self.fidelity if self.fidelity != 1 else "")
        )


@dataclass(frozen=True)
class Drawn:
    """One draw: what the experiment gets, more rows of the same, and the rows held out.

    Args:
        X: Features of the sample, shape (n, columns).
        y: Targets as the user has them, shape (n,).
        wrong: Which targets of the sample are wrong, shape (n,).
        held: Features, targets as the user would have them, and true targets of the rows held out.
    """

    X: Any
    y: NDArray[Any]
    wrong: NDArray[np.bool_]
    held: tuple[Any, NDArray[Any], NDArray[Any]]


Sicken = Callable[[Any, NDArray[Any], np.random.Generator], tuple[Any, NDArray[Any], Any]]


@dataclass(frozen=True)
class Patient:
    """An experiment with one dominating problem.

    Args:
        name: Its name.
        problem: What is wrong with it, or that nothing is.
        part: `seen` while the ranking is made, `kept` for the final count, or `third` if written apart.
        load: The table that samples are drawn from: features, targets.
        rows: Rows of a sample.
        make: `(X, y, valid=None, **changes) -> Experiment`.
        flipped: Share of the labels that are replaced by another class, wherever they are.
        sicken: What makes the scores of the sample worthless: `(X, y, rng) -> (X, y, valid)`.
        only: The kinds that alone can come first, because no score can be believed before.
        variants: More ways to make it, by kind of action.
        family: The family that its model is of, which is no other one.
        longer: So many times the epochs are tried, where it trains in epochs.
    """

    name: str
    problem: str
    part: Part
    load: Callable[[], tuple[Any, NDArray[Any]]]
    rows: int
    make: Make
    flipped: float = 0.0
    sicken: Sicken | None = None
    only: tuple[str, ...] = ()
    variants: dict[str, tuple[tuple[tuple[str, Any], ...], ...]] = field(default_factory=dict)
    family: str = ""
    longer: tuple[float, ...] = (2.0, 4.0)

    @property
    def nothing_to_gain(self) -> bool:
        """Whether any gain that is claimed is a false one."""
        return self.problem in NOTHING

    def experiment(self, redraw: int) -> mldiag.Experiment:
        """The experiment on one sample; the same number gives the same sample."""
        drawn = draw(self, redraw, self.rows)
        if self.sicken is None:
            return self.make(drawn.X, drawn.y)
        X, y, valid = self.sicken(drawn.X, drawn.y, self.random(redraw, 3))
        return self.make(X, y, valid)

    def random(self, redraw: int, stream: int) -> np.random.Generator:
        """Random numbers of one draw."""
        return np.random.default_rng([zlib.crc32(self.name.encode()), redraw, stream])

    def train_rows(self) -> int:
        """Rows that a training of the experiment gets."""
        return int(self.experiment(0).splits.train_size())

    def changes(self) -> dict[Remedy, list[Change]]:
        """Everything that is tried, by the remedy that it is."""
        if self.only:
            return {}
        found: dict[Remedy, list[Change]] = {Remedy("more_data"): [Change(times=2)]}
        experiment = self.experiment(0)
        for name, parameter in experiment.params.items():
            values = [v for v in parameter.grid(VALUES) if v != parameter.default]
            for value in values:
                remedy = Remedy(action_of(parameter, parameter.default, value), name)
                found.setdefault(remedy, []).append(Change(params=((name, value),)))
        found[Remedy("change_model")] = [
            Change(family=family) for family in FAMILIES if family != self.family
        ]
        found[Remedy("scale_features")] = [Change(prepare="scale")]
        if self.classes:
            found[Remedy("balance_classes")] = [Change(prepare="balance")]
        if self.flipped:
            found[Remedy("clean_labels")] = [Change(prepare="clean")]
        for kind, ways in self.variants.items():
            found.setdefault(Remedy(kind), []).extend(Change(made=way) for way in ways)
        return found

    @property
    def counts_epochs(self) -> bool:
        """Whether it trains in epochs, so that it can train longer."""
        return getattr(self.make, "counts_epochs", False)

    @property
    def classes(self) -> bool:
        """Whether the targets are classes."""
        return self.load()[1].dtype.kind in "iub"

    def remedies(self) -> dict[Remedy, list[Change]]:
        """`changes`, with longer training where the patient counts epochs."""
        found = self.changes()
        if found and self.counts_epochs:
            found.setdefault(Remedy("train_longer"), []).extend(
                Change(fidelity=times) for times in self.longer
            )
        return found

    def score(self, redraw: int, change: Change | None = None) -> tuple[float, float]:
        """What one training scores on the rows held out, larger is better.

        Args:
            redraw: Number of the draw.
            change: The remedy; None leaves the patient untreated.

        Returns:
            The score by true targets, and by targets as the user has them.
        """
        change = change or Change()
        size = self.train_rows()
        drawn = draw(self, TRUTH_DRAWS + redraw, 2 * size)
        X, y = take(drawn.X, slice(size * change.times)), drawn.y[: size * change.times]
        wrong = drawn.wrong[: size * change.times]
        held_X, shown, true = drawn.held
        if change.prepare == "clean":
            X, y = take(X, ~wrong), y[~wrong]
        elif change.prepare == "scale":
            mean, spread = np.mean(X, axis=0), np.std(X, axis=0)
            spread = np.where(np.asarray(spread) > 0, spread, 1.0)
            X, held_X = (X - mean) / spread, (held_X - mean) / spread
        elif change.prepare == "balance":
            chosen = balanced_rows(y, self.random(redraw, 4))
            X, y = take(X, chosen), y[chosen]
        true_score = self._trained(X, y, (held_X, true), change, redraw)
        if shown is true:
            return true_score, true_score
        return true_score, self._trained(X, y, (held_X, shown), change, redraw)

    def _trained(self, X: Any, y: Any, held: Any, change: Change, seed: int) -> float:
        experiment = self.make(X, y, held, **dict(change.made))
        families = (Intervention("reference", (("family", change.family),)),)
        spec = experiment.spec(
            dict(change.params), seed=seed, fidelity=change.fidelity,
            interventions=families if change.family else (),
        )  # fmt: skip
        result = run_trial(experiment, spec, threads=1)
        metric = experiment.metric
        return metric.sign * float(result.score(metric.name))


def take(X: Any, rows: Any) -> Any:
    """Rows of an array or a frame."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def balanced_rows(y: NDArray[Any], random: np.random.Generator) -> NDArray[np.intp]:
    """Rows with every class as often as the largest, those of small classes more than once."""
    classes, counts = np.unique(y, return_counts=True)
    chosen = [
        np.resize(random.permutation(np.flatnonzero(y == one)), counts.max()) for one in classes
    ]
    return random.permutation(np.concatenate(chosen))


@lru_cache(maxsize=8)
def _table(load: Callable[[], Any]) -> tuple[Any, NDArray[Any]]:
    return load()


def draw(patient: Patient, redraw: int, rows: int) -> Drawn:
    """Draw rows, and hold out the others; wrong labels are wrong wherever their row lies."""
    X, y = _table(patient.load)
    order = patient.random(redraw, 1).permutation(len(y))
    sample, held = order[:rows], order[rows:][-HELD_ROWS:]
    wrong = np.zeros(len(y), dtype=bool)
    given = y
    if patient.flipped:
        random = patient.random(0, 2)
        wrong = random.random(len(y)) < patient.flipped
        classes = np.unique(y)
        shift = random.integers(1, len(classes), len(y))
        others = classes[(np.searchsorted(classes, y) + shift) % len(classes)]
        given = np.where(wrong, others, y)
    true = y[held]
    shown = given[held] if patient.flipped else true
    return Drawn(take(X, sample), given[sample], wrong[sample], (take(X, held), shown, true))


def with_part(part: Part, patients: tuple[Patient, ...]) -> tuple[Patient, ...]:
    """The patients, each in this part."""
    return tuple(replace(patient, part=part) for patient in patients)
