"""MD504: does the parameter do anything at all?"""

from __future__ import annotations

from mldiag.findings import Action, Check, Finding
from mldiag.steps.sweep.measured import MeasuredAxis

CHECK = Check(
    code="MD504",
    slug="parameter-ignored",
    title="Does the parameter do anything?",
    detects="Every value gives the same score to the last digit in every repeat.",
    why="A parameter that never reaches the model cannot be tuned, and hides what the default really is.",
    fix="Use trial.params[...] where the model is built.",
    source="By construction: a value that changes no digit of any score was not used.",
)


def judge(found: MeasuredAxis) -> Finding | None:
    """Advice where no value changes anything; None where one does."""
    if found.measured.verdict != "ignored":
        return None
    name = found.axis.name
    return CHECK.finding(
        "advice",
        f"{name} changes nothing: every value gives the same score to the last digit",
        explanation=(
            "Either the train function does not use it, or it has no effect while the other parameters "
            "stand at their defaults."
        ),
        evidence={"param": name, "values": found.axis.values},
        action=Action(
            "fix_bug", f"Use trial.params[{name!r}] where the model is built.", param=name
        ),
    )
