"""MD602: would a larger or a smaller model do better?"""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.findings import Check, Finding
from mldiag.steps.capacity.checks.moved import judge_move, no_parameter
from mldiag.steps.capacity.measured import MeasuredLine
from mldiag.steps.capacity.told import TESTED

CHECK = Check(
    code="MD602",
    slug="capacity-moved",
    title="Would a larger or a smaller model do better?",
    detects=(
        "Every parameter with the role capacity is doubled, doubled again, halved and halved again, within "
        f"its declared range; {TESTED}."
    ),
    why=(
        "A model without room for what the rows show cannot be helped by more rows; one with too much room "
        "fits their noise. The distance between train and validation score alone tells neither."
    ),
    fix="Set the value that gains; where it is the farthest one tried, sweep on from there.",
    source=(
        "Hestness et al. (2017), arXiv 1712.00409, for capacity against score; Dunnett (1955), JASA 50; "
        "Nadeau and Bengio (2003), Machine Learning 52."
    ),
)


def judge(lines: Sequence[MeasuredLine]) -> list[Finding]:
    """One finding for each capacity that was moved."""
    found = [line for line in lines if line.line.kind == "capacity"]
    if not found:
        return [no_parameter(CHECK, "capacity", "mldiag.Int(8, 512, default=64, log=True)")]
    return [judge_move(CHECK, line) for line in found]
