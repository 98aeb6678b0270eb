"""Budgets: a time, or so many times the cost of one full training."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mldiag.errors import MldiagError

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Budget:
    """What a command may cost; at most one of the limits is set.

    Args:
        seconds: Wall time, in seconds; None for no limit.
        trainings: Multiple of the measured cost of one full default training, everything counted.
        trained_seconds: Time of the trainings alone, in seconds: what a check-up gives to each of its steps.
        of_training: Whether `trainings` counts the time of the trainings alone.
        shown: How a person wrote the budget that this is a part of.
    """

    seconds: float | None = None
    trainings: float | None = None
    trained_seconds: float | None = field(default=None, kw_only=True)
    of_training: bool = field(default=False, kw_only=True)
    shown: str = field(default="", kw_only=True, compare=False)

    def __str__(self) -> str:
        return self.shown

    def remaining(
        self,
        elapsed_seconds: float,
        full_trial_seconds: float | None = None,
        trained_seconds: float = 0.0,
    ) -> float | None:
        """Seconds that are left, never below 0.

        Args:
            elapsed_seconds: Wall time of the command so far, in seconds.
            full_trial_seconds: Measured time of one full default training, in seconds.
            trained_seconds: Time of the trainings so far, one after the other, in seconds.

        Returns:
            None where there is no limit, or where it is not known yet because no full training has
            been measured.

        Example:
            >>> parse_budget("60x").remaining(20.0, full_trial_seconds=0.5)
            10.0
        """
        if self.trained_seconds is not None:
            return max(0.0, self.trained_seconds - trained_seconds)
        limit = self.seconds
        if self.trainings is not None:
            if full_trial_seconds is None:
                return None
            limit = self.trainings * full_trial_seconds
            elapsed_seconds = trained_seconds if self.of_training else elapsed_seconds
        return None if limit is None else max(0.0, limit - elapsed_seconds)


def parse_budget(text: str | Budget | None) -> Budget:
    """Read `90s`, `10m`, `2h`, `1h30m`, or `60x` for sixty times one full training.

    Args:
        text: The budget as written; None for no limit.

    Raises:
        MldiagError: If it is none of these, or not above zero.

    Example:
        >>> parse_budget("1.5h").seconds
        5400.0
    """
    if isinstance(text, Budget):
        return text
    if text is None:
        return Budget()
    written = str(text).strip().lower().replace(" ", "")
    number = r"(\d+(?:\.\d*)?|\.\d+)"
    if times := re.fullmatch(f"{number}x", written):
        return Budget(trainings=_positive(float(times[1]), text))
    if re.fullmatch(f"(?:{number}[smh])+", written):
        parts = re.findall(f"{number}([smh])", written)
        if len({unit for _, unit in parts}) == len(parts):
            seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in parts)
            return Budget(seconds=_positive(seconds, text))
    nearest = f"{written}s or {written}m" if re.fullmatch(number, written) else ""
    raise MldiagError(
        f"cannot read the budget {text!r}",
        expected="a time (90s, 10m, 2h), or a multiple of one full training (60x)",
        nearest=nearest,
        hint="--budget 10m",
    )


def _positive(value: float, text: str) -> float:
    if not value > 0:
        raise MldiagError(
            f"the budget {text!r} is empty", expected="more than 0", hint="--budget 10m"
        )
    return value
