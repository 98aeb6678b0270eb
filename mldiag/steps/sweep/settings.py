"""Settings of the sweep: its fields are the flags of the command and of the function."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from mldiag.early_checks import check_count, check_gain
from mldiag.errors import MldiagError, unknown_name

METHODS = ("auto", "grid", "random", "tpe", "gp", "cmaes", "hyperband")
DESIGNS = ("adaptive", "full")


@dataclass(frozen=True)
class Settings:
    """How parameters are moved.

    Args:
        param: Parameters to move one at a time, each from the defaults: `lr`, `lr=1e-4:1:log` or
            `lr=0.01,0.1`; one or several.
        values: Values on the grid of each parameter.
        repeats: Draws of the rows for every value.
        all: Move every declared parameter.
        widen: Go on beyond the range while the best value stands at its edge.
        design: `adaptive` looks coarsely, then refines around the best and repeats where the choice is
            open; `full` runs every repeat of every value on the grid.
        pairs: After each parameter alone, look at the strongest pairs of them together.
        search: Method that searches the named parameters (all, where none is named) together.
        trials: Points that a search may try.
        range_test: Raise the learning rate within one training, instead of training once a value.
        study: Database (an Optuna storage URL) in which several machines share one search.
        gain: Smallest gain worth having, in the metric's own unit.
    """

    param: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "lr, lr=1e-4:1:log or lr=0.01,0.1; repeat it for several, moved one at a time."
        },
    )
    values: int = field(
        default=9, metadata={"help": "Values on the grid.", "flags": ("-n", "--values")}
    )
    repeats: int = field(
        default=5,
        metadata={"help": "Draws of the rows for every value.", "flags": ("--repeats", "--seeds")},
    )
    all: bool = field(default=False, metadata={"help": "Move every declared parameter."})
    widen: bool = field(
        default=False,
        metadata={"help": "Go on beyond the range while the best value is at its edge."},
    )
    design: str = field(
        default="adaptive",
        metadata={
            "help": "adaptive: refine and repeat only where the choice is open; full: the whole grid.",
            "choices": DESIGNS,
        },
    )
    pairs: bool = field(
        default=False,
        metadata={"help": "Then look at the strongest pairs of parameters together."},
    )
    search: str | None = field(
        default=None,
        metadata={
            "help": "Search the named parameters together: auto, grid, random, tpe, gp, cmaes, hyperband.",
            "choices": METHODS,
        },
    )
    trials: int = field(default=30, metadata={"help": "Points that a search may try."})
    range_test: bool = field(
        default=False,
        metadata={"help": "Raise the learning rate within one training, to see where it breaks."},
    )
    study: str | None = field(
        default=None,
        metadata={
            "help": "Database URL in which several machines share one search.",
            "shown": "URL",
        },
    )
    gain: float | None = field(
        default=None,
        metadata={
            "help": "Smallest gain worth having, in the metric's own unit.",
            "example": 0.005,
        },
    )

    def __post_init__(self) -> None:
        """Accept one parameter or several, and check the ranges."""
        given = (self.param,) if isinstance(self.param, str) else self.param
        if not isinstance(given, (tuple, list)) or not all(isinstance(one, str) for one in given):
            raise MldiagError(
                f"param is {self.param!r}",
                expected="a parameter's name, or several",
                hint='param="lr"',
            )
        object.__setattr__(self, "param", tuple(given))
        names = [text.partition("=")[0].strip() for text in given]
        for name in names:
            if names.count(name) > 1:
                raise MldiagError(
                    f"parameter {name!r} is named twice",
                    expected="each once, with all its values",
                    hint=f"--param {shlex.quote(name)}",
                )
        if self.search is not None and self.search not in METHODS:
            raise unknown_name("search method", self.search, METHODS, hint="--search tpe")
        if self.design not in DESIGNS:
            raise unknown_name("design", str(self.design), DESIGNS, hint="--design full")
        _check_ways(self)
        check_count("values", self.values, least=2, flag="-n 9")
        check_count("repeats", self.repeats, flag="--repeats 5")
        check_count("trials", self.trials, flag="--trials 30")
        check_gain(self.gain)


def _check_ways(settings: Settings) -> None:
    """A sweep asks in one way: each parameter alone, pairs, a search, or a range test."""
    asked = {
        "--pairs": settings.pairs,
        "--search": settings.search is not None,
        "--range-test": settings.range_test,
    }
    ways = [flag for flag, given in asked.items() if given]
    if len(ways) > 1:
        raise MldiagError(
            f"{' and '.join(ways)} are two ways of asking",
            expected="one of them a command: results are shared between commands",
            hint=f"leave {ways[1]} out",
        )
    if settings.study is not None and settings.search is None:
        raise MldiagError(
            "--study is the database of a search, and no search is asked for",
            expected="--search with a method",
            hint="--search tpe",
        )
