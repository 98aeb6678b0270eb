"""MD603: is the model held back too much, or too little?"""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.findings import Check, Finding
from mldiag.steps.capacity.checks.moved import judge_move, no_parameter
from mldiag.steps.capacity.measured import MeasuredLine
from mldiag.steps.capacity.told import TESTED

CHECK = Check(
    code="MD603",
    slug="regularization-moved",
    title="Is the model held back too much, or too little?",
    detects=(
        "Every parameter with the role regularization moves by a quarter and by half of its declared "
        f"range, on its own scale, both ways; 0 is tried where it is a value; {TESTED}."
    ),
    why=(
        "That a more regularised twin gains, on the same rows and seeds, is what shows variance; a gap "
        "between train and validation score does not: a random forest always has one."
    ),
    fix="Set the value that gains; where it is the farthest one tried, sweep on from there.",
    source=(
        "Belkin et al. (2019), PNAS 116(32), for gaps that mean nothing; Dunnett (1955), JASA 50; Nadeau and "
        "Bengio (2003), Machine Learning 52."
    ),
)


def judge(lines: Sequence[MeasuredLine]) -> list[Finding]:
    """One finding for each regularization that was moved."""
    found = [line for line in lines if line.line.kind == "regularization"]
    if not found:
        example = "mldiag.Float(1e-6, 1, default=1e-4, log=True)"
        return [no_parameter(CHECK, "regularization", example)]
    return [judge_move(CHECK, line) for line in found]
