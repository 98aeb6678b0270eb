"""MD145: is a language model asked for the token that it has just read?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldiag.findings import Action, Check, Finding

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD145.

    Args:
        share: Places at which the target is the token just read, from which it is the same.
        chance: Share that the tokens' own repetition may reach for this to say anything.
    """

    share: float = 0.99
    chance: float = 0.8


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD145",
    slug="unshifted-targets",
    title="Are a language model's targets moved by one place?",
    detects=(
        "At {share:.0%} or more of the places that the loss judges, the target is the very "
        "token that the network "
        "reads there, while each place sees earlier ones alone or the task is language_model; "
        "not judged where "
        "neighbouring tokens are the same at over {chance:.0%} of the places."
    ),
    why="The model learns to copy: the loss falls to zero in minutes and it can write nothing.",
    fix="inputs = tokens[:, :-1], targets = tokens[:, 1:]; once, in the loader or in the loss, "
    "not in both.",
    source="By construction: the next token is what a causal language model predicts (Bengio et "
    "al. 2003, JMLR 3).",
    thresholds=THRESHOLDS,
)

NEEDS: tuple[str, ...] = ()


def judge(loop: Loop) -> Finding:
    """Judge what the loss pairs with what was read."""
    from mldiag.training_checks.loop import main_loss

    tokens, loss = loop.tokens(), main_loss(loop.first)
    if tokens is None or loop.parts.task not in (None, "language_model"):
        return CHECK.finding(
            "not_applicable", "The network does not read rows of tokens to go on with"
        )
    wanted = (
        loss.target if loss is not None and loss.name in ("cross_entropy", "nll_loss") else None
    )
    if wanted is None or wanted.is_floating_point():
        return _unknown_loss(loop)
    if wanted.numel() != tokens.numel():
        return CHECK.finding(
            "passed", "The loss judges other places than those that are read", evidence={}
        )
    flat, read = wanted.flatten(), tokens.flatten().to(wanted.dtype)
    judged = flat != loss.options.get("ignore_index", -100) if loss is not None else flat == flat
    same = float((flat == read)[judged].float().mean()) if judged.any() else 0.0
    repeated = (
        float((tokens[:, 1:] == tokens[:, :-1]).float().mean()) if tokens.shape[1] > 1 else 1.0
    )
    evidence: dict[str, Any] = {"same_as_read": same, "n": int(judged.sum()), "repeated": repeated}
    if same < THRESHOLDS.share:
        return CHECK.finding(
            "passed", "The targets are not the tokens that are read", evidence=evidence
        )
    if repeated > THRESHOLDS.chance:
        return CHECK.finding(
            "inconclusive", "Neighbouring tokens are mostly the same", evidence=evidence
        )
    if loop.parts.task == "language_model" or loop.causal():
        return CHECK.finding(
            "problem",
            f"The targets are the tokens just read, at {same:.0%} of {int(judged.sum()):,} places",
            explanation="Copying is enough to bring the loss to zero.",
            evidence=evidence,
            action=Action(
                "fix_labels",
                "Move the targets by one place: inputs tokens[:, :-1], targets tokens[:, 1:].",
            ),
        )
    return CHECK.finding(
        "inconclusive",
        "The targets are the tokens that are read; for a language model that is a bug",
        explanation="Tell the task: task='language_model', or 'autoencoder' where copying is "
        "meant.",
        evidence=evidence,
    )


def _unknown_loss(loop: Loop) -> Finding:
    if loop.parts.task == "language_model":
        return CHECK.finding(
            "inconclusive",
            "The loss is not torch's cross-entropy, so what it pairs cannot be seen",
            explanation="Use torch.nn.functional.cross_entropy in step, and return its value as "
            "'loss'.",
        )
    return CHECK.finding("not_applicable", "The loss does not ask for tokens")
