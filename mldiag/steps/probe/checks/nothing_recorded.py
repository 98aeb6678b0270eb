"""MD400: a training of which nothing was seen."""

from __future__ import annotations

from mldiag.findings import Check, Finding

CHECK = Check(
    "MD400",
    "nothing-recorded",
    "Nothing of the training was seen",
    detects=(
        "a watched trial in which no optimizer of PyTorch stepped, that is no learner of"
        " scikit-learn which can be stepped, and that gave no predictions"
    ),
    why="There is nothing to judge.",
    fix=(
        "Call trial.watch(net, optimizer) and its step() in the train function, or give"
        " trial.predictions(...)."
    ),
    source="the recording of the watched trial",
)


def not_told() -> Finding:
    """The finding where a loop of one's own was watched, and told of no step."""
    call = "watch.step(loss=loss, outputs=outputs, targets=targets)"
    return CHECK.finding(
        "inconclusive",
        CHECK.title,
        explanation=f"No step was told: call {call} after each optimizer.step().",
    )


def found() -> Finding:
    """The finding where there is no recording."""
    return CHECK.finding(
        "inconclusive",
        CHECK.title,
        explanation=(
            "No optimizer stepped in the process of the trial. A program that runs in a process of its own "
            "cannot be seen from outside: put `with mldiag.watch(net, optimizer)` into it."
        ),
    )
