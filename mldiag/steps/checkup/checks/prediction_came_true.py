"""MD702: has the last check-up's prediction come true?"""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.findings import Check, Finding
from mldiag.steps.checkup.history import Came

CHECK = Check(
    code="MD702",
    slug="prediction-came-true",
    title="Has the last prediction come true?",
    detects=(
        "Where code or data have changed since an earlier check-up, the score then and now are compared with "
        "the gain that was predicted for its first action. Inside: the difference lies in the predicted 80 % "
        "interval, widened by the noise of the two scores."
    ),
    why="A tool that predicts has to show how often it was right, on your own project.",
    fix="Outside: look at what else was changed at the same time. mldiag report --history shows all of them.",
    source="Calibration of forecasts: Gneiting, Balabdaoui and Raftery (2007), JRSS B 69.",
)


def judge(history: Sequence[Came]) -> Finding | None:
    """The last prediction beside what came; None where there is none."""
    if not history:
        return None
    last, inside = history[-1], sum(came.inside for came in history)
    return CHECK.finding(
        "passed" if last.inside else "advice",
        f"Since the last check-up: {last.text}",
        explanation=(
            f"It was: {last.action} Of {len(history)} predictions {inside} came true so far; "
            "80 % should."
        ),
        evidence={"predictions": len(history), "inside": inside, "got": last.got},
    )
