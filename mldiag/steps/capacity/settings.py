"""Settings of the capacity step: its fields are the flags of the command and of the function."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from mldiag.early_checks import check_count, check_gain
from mldiag.errors import MldiagError, unknown_name
from mldiag.reference.families import NAMES

AUTO, NONE = "auto", "none"


@dataclass(frozen=True)
class Settings:
    """How the model is looked at.

    Args:
        repeats: Draws of the rows, at most: what is clear after three gets no more.
        families: Reference learners, separated by commas: `auto` for all that suit the data, or `none`.
        human_score: What people reach, in the metric's own unit, where that is known.
        memorise: Rows that the model is asked to memorise; 0 for not at all.
        gain: Smallest gain worth having, in the metric's own unit.
        moves: Whether declared parameters are moved; a check-up has its sweep do that.
    """

    repeats: int = field(
        default=5,
        metadata={"help": "Draws of the rows, at most.", "flags": ("--repeats", "--seeds")},
    )
    families: str = field(
        default=AUTO,
        metadata={
            "help": "Reference learners: auto, none, or some of " + ", ".join(NAMES) + ".",
            "example": "linear,boosting",
        },
    )
    human_score: float | None = field(
        default=None,
        metadata={"help": "What people reach, where that is known.", "example": 0.97},
    )
    memorise: int = field(
        default=64, metadata={"help": "Rows that the model is asked to memorise; 0 for none."}
    )
    gain: float | None = field(
        default=None,
        metadata={
            "help": "Smallest gain worth having, in the metric's own unit.",
            "example": 0.005,
        },
    )
    moves: bool = field(default=True, metadata={"internal": True})

    def __post_init__(self) -> None:
        """Check names and ranges."""
        check_count("repeats", self.repeats, flag="--repeats 5")
        check_count("memorise", self.memorise, least=0, flag="--memorise 64")
        check_gain(self.gain)
        given = self.families
        if not isinstance(given, str):
            object.__setattr__(self, "families", ",".join(given))
        for name in self.named:
            if name not in NAMES:
                raise unknown_name("family", name, NAMES, hint="--families linear,boosting")
        if self.human_score is not None and not _is_number(self.human_score):
            raise MldiagError(
                f"a human score of {self.human_score!r}",
                expected="a number in the metric's own unit",
                hint="--human-score 0.97",
            )

    @property
    def named(self) -> tuple[str, ...]:
        """The families that are wanted, in the order of `reference.families.NAMES`."""
        asked = [name.strip() for name in self.families.split(",") if name.strip()]
        if asked == [AUTO] or not asked:
            return NAMES
        if asked == [NONE]:
            return ()
        return tuple(sorted(dict.fromkeys(asked), key=_place))


def _place(name: str) -> int:
    return NAMES.index(name) if name in NAMES else -1


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
