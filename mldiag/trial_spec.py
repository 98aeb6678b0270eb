"""The description of one training run: frozen, hashable, picklable, plain data only."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mldiag.stop_rule import StopRule

Plain = None | bool | int | float | str | tuple["Plain", ...]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RowRecipe:
    """Which rows train and validate, as a recipe: never a list of row numbers.

    Args:
        split: `draw` (the repeat draws the validation rows, or uses the declared ones) or
            `reserve` (train on everything outside the reserve, validate on the reserve).
        repeat: Number of the draw.
        size: Training rows used; None for all of the repeat's training rows.
        digest: Digest of an explicit row set that the training rows are limited to.
    """

    split: Literal["draw", "reserve"] = "draw"
    repeat: int = 0
    size: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Intervention:
    """A change to the data of a trial that the user's code does not know of; plain data only.

    Example:
        >>> Intervention("drop_columns", (("columns", ("age",)),)).argument("columns")
        ('age',)
    """

    kind: str
    arguments: tuple[tuple[str, Plain], ...] = ()

    def argument(self, name: str, default: Plain = None) -> Plain:
        """The named argument, or the default."""
        return dict(self.arguments).get(name, default)


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """The frozen, hashable, picklable description of a trial.

    `target` says where a worker finds the experiment; it is no part of `digest`, so that the command
    line, a script and a notebook share the trials of one experiment. Neither is `stop`, which may only end
    a training early.

    Example:
        >>> spec = TrialSpec("experiment.py", params=(("lr", 0.1),), seed=3)
        >>> TrialSpec.from_json(spec.to_json()) == spec
        True
    """

    target: str
    rows: RowRecipe = RowRecipe()
    params: tuple[tuple[str, Plain], ...] = ()
    seed: int = 0
    fidelity: float = 1.0
    interventions: tuple[Intervention, ...] = ()
    stop: StopRule | None = field(default=None, compare=False, repr=False)

    def to_json(self) -> str:
        """Canonical JSON: equal specs give equal text."""
        return _canonical({"target": self.target, **self._without_target()})

    @classmethod
    def from_json(cls, text: str) -> TrialSpec:
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        return cls(
            target=raw["target"],
            rows=RowRecipe(**raw["rows"]),
            params=tuple((name, _tuples(value)) for name, value in raw["params"]),
            seed=raw["seed"],
            fidelity=raw["fidelity"],
            interventions=tuple(
                Intervention(
                    item["kind"], tuple((name, _tuples(value)) for name, value in item["arguments"])
                )
                for item in raw["interventions"]
            ),
        )

    @property
    def digest(self) -> str:
        """Hash of everything but the target."""
        text = _canonical(self._without_target())
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def _without_target(self) -> dict[str, Any]:
        # By hand: `asdict` copies deeply, which for thousands of trials takes longer than the store.
        return {
            "rows": {item.name: getattr(self.rows, item.name) for item in fields(RowRecipe)},
            "params": self.params,
            "seed": self.seed,
            "fidelity": self.fidelity,
            "interventions": [
                {"kind": item.kind, "arguments": item.arguments} for item in self.interventions
            ],
        }


def _canonical(body: dict[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
