"""Settings of the check-up: its fields are the flags of the command and of the function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mldiag.early_checks import check_count, check_gain
from mldiag.errors import MldiagError, unknown_name
from mldiag.steps import STEPS
from mldiag.steps.checkup.gathered import Gathered

NAMES = tuple(step.name for step in STEPS)

DEFAULT_BUDGET = "60x"
"""What a check-up may cost where nobody said: sixty full trainings."""


@dataclass(frozen=True)
class Settings:
    """Which steps are asked, and how.

    Args:
        steps: Steps to ask; all of them, where none is named.
        skip: Steps to leave out.
        repeats: Draws of the rows for each comparison.
        gain: Smallest gain worth having, in the metric's own unit; half a point for scores in [0, 1],
            else 1 % of the score.
        gathered: What the steps have said; filled in by the check-up itself.
    """

    steps: tuple[str, ...] = field(
        default=(),
        metadata={"help": "Ask only these: audit,sweep.", "shown": "STEPS", "choices": NAMES},
    )
    skip: tuple[str, ...] = field(
        default=(), metadata={"help": "Leave these out.", "shown": "STEPS", "choices": NAMES}
    )
    repeats: int = field(
        default=5,
        metadata={
            "help": "Draws of the rows for each comparison.",
            "flags": ("--repeats", "--seeds"),
        },
    )
    gain: float | None = field(
        default=None,
        metadata={
            "help": "Smallest gain worth having, in the metric's own unit.",
            "example": 0.005,
        },
    )
    gathered: Gathered | None = field(default=None, repr=False, metadata={"internal": True})

    def __post_init__(self) -> None:
        """Read the names of the steps, and check the ranges."""
        for name in ("steps", "skip"):
            object.__setattr__(self, name, _named(getattr(self, name), flag=f"--{name}"))
        if not self.asked:
            raise MldiagError(
                "every step is left out",
                expected=f"at least one of {', '.join(NAMES)}",
                hint="--steps audit,sweep",
            )
        check_count("repeats", self.repeats, least=2, flag="--repeats 5")
        check_gain(self.gain)

    @property
    def asked(self) -> tuple[str, ...]:
        """The steps that are asked, in the order of the checklist."""
        return tuple(
            name for name in NAMES if name in (self.steps or NAMES) and name not in self.skip
        )


def _named(given: str | Iterable[str], *, flag: str) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else list(given or ())
    if not all(isinstance(text, str) for text in texts):
        raise MldiagError(
            f"{flag} {texts!r:.60}", expected="names of steps", hint=f"{flag} audit,sweep"
        )
    named = [part.strip().replace("_", "-") for text in texts for part in text.split(",")]
    for name in filter(None, named):
        if name not in NAMES:
            raise unknown_name("step", name, NAMES, hint=f"{flag} sweep")
    return tuple(dict.fromkeys(filter(None, named)))
