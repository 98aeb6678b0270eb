"""The predicted distribution of the expected score, and of its gain, at any number of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mldiag.steps.learning_curve.forecasting.network import KNOTS, Knots

Floats = NDArray[np.float64]

TAIL_FREEDOM = 5.0
"""Degrees of freedom of the t whose halves join at the median; fitted in `benchmarks/forecast_train.txt`."""

_OUTER = float(special.stdtrit(TAIL_FREEDOM, 0.9))

ROUNDING = 1e-9

FARTHEST = float(KNOTS[-1])
"""Doublings: as far as the networks were trained. Beyond, the last step is carried on, and the width too."""


@dataclass(frozen=True)
class Outlook:
    """The distribution by doublings ahead of the largest observed size, in the unit of the forecast.

    Args:
        knots: What the networks say.
        back: Doublings of the observed sizes, ascending, last 0.
        seen: Mean scores there.
    """

    knots: Knots
    back: Floats
    seen: Floats

    def quantile(self, ahead: Floats, probability: float) -> Floats:
        """The score that the expected score stays below with this probability."""
        below, above = self._along(self.knots.below, ahead), self._along(self.knots.above, ahead)
        score: Floats = self._middle(ahead) + _offset(below, above, probability)
        return score

    def gain_quantile(self, ahead: Floats, probability: float) -> Floats:
        """The same for the gain over the largest observed size."""
        below, above = self._gain_widths(ahead)
        gain: Floats = self._middle(ahead) - self.knots.middle[0]
        return gain + _offset(below, above, probability)

    def probability_of_gain(self, ahead: Floats, least: float) -> Floats:
        """How probable a gain of `least` or more is."""
        below, above = self._gain_widths(ahead)
        excess = least - (self._middle(ahead) - self.knots.middle[0])
        width = np.where(excess < 0, below, above)
        with np.errstate(divide="ignore", invalid="ignore"):
            # At the largest size itself the gain is 0 for certain; rounding must not decide.
            sure = np.where(excess > ROUNDING, np.inf, -np.inf)
            t = np.where(width > 0, excess / width, sure)
        chance: Floats = special.stdtr(TAIL_FREEDOM, -t * _OUTER)
        return chance

    def _middle(self, ahead: Floats) -> Floats:
        middle = self.knots.middle
        future = np.interp(ahead, KNOTS, middle)
        last, before = middle[-1] - middle[-2], middle[-2] - middle[-3]
        decay = np.clip(last / before, 0.0, 0.95) if before != 0 else 0.0
        beyond = np.maximum(ahead - FARTHEST, 0)
        future = future + last * decay * (1 - decay**beyond) / (1 - decay)
        correction = middle[0] - self.seen[-1]
        past = np.interp(ahead, self.back, self.seen) + correction
        expected: Floats = np.where(ahead < 0, past, future)
        return expected

    def _gain_widths(self, ahead: Floats) -> tuple[Floats, Floats]:
        away = np.abs(ahead)
        return self._along(self.knots.gain_below, away), self._along(self.knots.gain_above, away)

    @staticmethod
    def _along(width: Floats, ahead: Floats) -> Floats:
        step = max(width[-1] - width[-2], 0.1 * width[-1])
        carried: Floats = np.interp(ahead, KNOTS, width) + step * np.maximum(ahead - FARTHEST, 0)
        return carried


def _offset(below: Floats, above: Floats, probability: float) -> Floats:
    t = float(special.stdtrit(TAIL_FREEDOM, probability)) / _OUTER
    return t * (below if t < 0 else above)
