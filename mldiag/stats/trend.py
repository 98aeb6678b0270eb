"""Whether the last doubling of the rows has raised the score."""

from __future__ import annotations

from numpy.typing import ArrayLike

from mldiag.errors import MldiagError
from mldiag.findings import SHOWN_LEVEL
from mldiag.stats.intervals import PairedDifference, finite_scores, paired_difference

DOUBLING_OVERLAP = 0.5
"""Part of `valid_to_train` that the gain of a doubling needs.

Two repeats share half as many of the rows that a doubling adds as of all rows, and their validation rows
cancel in the difference. Measured on twelve pairs of data and learner with 20 % validation rows, the means
over five repeats varied as if it were 0 (-.02 to .07 for .25); with one half the 80 % intervals covered
.80 to .88, with all of it .83 to .93, and real gains of one sd were claimed .48 instead of .32 of the time.
"""


def last_doubling(
    scores: ArrayLike, *, valid_to_train: float, level: float = SHOWN_LEVEL
) -> PairedDifference:
    """The gain from the second largest to the largest training size, with nested subsets.

    "Still improving" is claimed where `p_greater` is below .05, "getting worse" where `p_less` is;
    `interval` is the gain with its 80 % interval. Only the last two sizes are used: noise shrinks as rows
    are added, so pooling it over smaller sizes never helped (a real gain was claimed in .03 to .13 of the
    curves where the last two sizes alone claim .31).

    Args:
        scores: Shape (S, R), smallest size first, NaN where a trial failed; higher is better.
        valid_to_train: Of the full split, as in `intervals.mean_interval`.
        level: Level of the interval.

    Raises:
        MldiagError: Fewer than two sizes.

    Example:
        >>> gain = last_doubling([[0.6, 0.65, 0.62], [0.7, 0.74, 0.73]], valid_to_train=0.25)
        >>> round(gain.interval.estimate, 2), gain.p_greater < 0.05
        (0.1, True)
    """
    table = finite_scores(scores, "scores", dimensions=2)
    if len(table) < 2:
        raise MldiagError(f"{len(table)} training size", expected="two or more, smallest first")
    return paired_difference(
        table[-2], table[-1], valid_to_train=DOUBLING_OVERLAP * valid_to_train, level=level
    )
