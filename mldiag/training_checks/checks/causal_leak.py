"""MD148: does a language model see the tokens that it has to predict?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldiag.findings import Action, Check, Finding

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop

CHECK = Check(
    code="MD148",
    slug="causal-leak",
    title="Does each place see earlier places alone?",
    detects=(
        "In eval mode the later part of every row is replaced; outputs at earlier places must "
        "not change by more "
        "than rounding. For task='language_model', and where the targets are tokens or numbers "
        "that were read, moved "
        "by one place. What else the network is given stays."
    ),
    why="A model that reads the answer has a loss near zero and can write nothing.",
    fix=(
        "Give the attention a causal mask (is_causal=True, or -inf above the diagonal), pad "
        "convolutions on the "
        "left only, and use no bidirectional layer and no norm over time."
    ),
    source="Vaswani et al. (2017), section 3.2.3: masking of illegal connections.",
)

NEEDS: tuple[str, ...] = ()


def judge(loop: Loop) -> Finding:
    """Judge the first call where tokens are to be predicted."""
    if loop.task != "language_model" and loop.continued is None:
        return CHECK.finding(
            "not_applicable",
            "Only where the next place is predicted must later ones not be seen",
            explanation="Tell the task where this is one: task='language_model'.",
        )
    leaks = loop.later_places_change_earlier()
    if leaks is None:
        return CHECK.finding(
            "inconclusive",
            "The outputs have no place by place form that could be compared",
            explanation="Call the network as model(inputs) in step, with rows by places.",
        )
    if not leaks:
        return CHECK.finding("passed", "Later places change no earlier output")
    return CHECK.finding(
        "problem",
        "Later places change earlier outputs: the model sees what it has to predict",
        evidence={"places_changed": leaks},
        action=Action(
            "fix_leak", "Mask later places in the attention; pad convolutions on the left only."
        ),
    )
