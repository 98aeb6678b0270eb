"""MD502: does the best value stand at the edge of the range, so that a better one may lie beyond?"""

from __future__ import annotations

import shlex

from mldiag.findings import Action, Check, Finding
from mldiag.steps.sweep.measured import MeasuredAxis
from mldiag.wording import setting

CHECK = Check(
    code="MD502",
    slug="edge-of-range",
    title="Is the best value at the edge of the range?",
    detects=(
        "The best value is the first or last of a range that can be widened, and some value is surely "
        "better or worse than the default (MD501): a flat parameter has no edge."
    ),
    why="The optimum was not seen, only the direction in which it lies.",
    fix="Widen the range at that end, or let --widen do it.",
    source="Google Research, Deep Learning Tuning Playbook: check the boundaries of the search space.",
)


def judge(found: MeasuredAxis, command: str = "mldiag sweep") -> Finding | None:
    """Advice where the best value stands at an edge; None where it does not."""
    edge = found.edge
    if edge is None:
        return None
    name, value = found.axis.name, setting(found.best_value)
    wider = found.axis.suggested_range(low=edge == "low")
    return CHECK.finding(
        "advice",
        f"{name} = {value} stands at the {edge} edge of the range: widen it",
        explanation="A better value may lie beyond; --widen goes on by itself.",
        evidence={"param": name, "value": found.best_value, "edge": edge},
        action=Action(
            "tune", f"Look beyond {name} = {value}: --param {shlex.quote(wider)}", param=name
        ),
        command=f"{command} --param {shlex.quote(wider)}",
        caused_by="MD501" if found.measured.verdict == "better value" else None,
    )
