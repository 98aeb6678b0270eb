"""Settings of the probe: its fields are the flags of the command and of the function."""

from __future__ import annotations

from dataclasses import dataclass, field

from mldiag.early_checks import check_count
from mldiag.errors import MldiagError


@dataclass(frozen=True)
class Settings:
    """How one training is looked into.

    Args:
        seed: Seed of the watched trial, and the first of several.
        repeats: Seeds that are watched, on the same rows; of several the answer that most of them give.
        lr_range: Whether the range test of the learning rate runs on a copy.
    """

    seed: int = field(default=0, metadata={"help": "Seed of the watched trial.", "example": 1})
    repeats: int = field(
        default=1,
        metadata={
            "help": "Seeds that are watched; the answer is that of most.",
            "flags": ("--repeats", "--seeds"),
        },
    )
    lr_range: bool = field(
        default=False,
        metadata={
            "help": "Also run the range test of the learning rate, on a copy of the training."
        },
    )

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise MldiagError(
                f"seed is {self.seed!r}", expected="a whole number from 0 on", hint="--seed 1"
            )
        check_count("repeats", self.repeats, flag="--repeats 3")
