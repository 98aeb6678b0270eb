"""MD145: is a language model asked for the token that it has just read?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldiag.findings import Action, Check, Finding

if TYPE_CHECKING:
    import torch

    from mldiag.training_checks.loop import Loop
    from mldiag.training_checks.loss_calls import LossCall


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD145.

    Args:
        share: Places at which the target is the token just read, from which it is the same.
        places: Places that tell, below which nothing is said.
    """

    share: float = 0.99
    places: int = 8


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD145",
    slug="unshifted-targets",
    title="Are a language model's targets moved by one place?",
    detects=(
        "At {share:.0%} or more of the places that the loss judges, the target is the very "
        "token that the network "
        "reads there, while each place sees earlier ones alone or the task is language_model. "
        "Judged at places "
        "that are followed by another token, where there are {places} of them."
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
    if loop.tokens() is None or loop.parts.task not in (None, "language_model"):
        return CHECK.finding(
            "not_applicable", "The network does not read rows of tokens to go on with"
        )
    if loop.continued is not None:
        return CHECK.finding("passed", "The targets are the tokens read, moved by one place")
    losses = _entropies(loop)
    if not losses:
        return _unknown_loss(loop)
    compared = [
        _same(tokens, loss)
        for tokens in loop.tokens_of_calls()
        for loss in losses
        if loss.target.numel() == tokens.numel()
    ]
    if not compared:
        return CHECK.finding(
            "passed", "The loss judges other places than those that are read", evidence={}
        )
    same, judged, telling = max(compared)  # a loss of each part of a batch has its own tokens
    few = telling < THRESHOLDS.places
    evidence: dict[str, Any] = {"same_as_read": same, "n": judged, "telling": telling}
    if same < THRESHOLDS.share:
        return CHECK.finding(
            "passed", "The targets are not the tokens that are read", evidence=evidence
        )
    if few:
        return CHECK.finding(
            "inconclusive", "Neighbouring tokens are mostly the same", evidence=evidence
        )
    if loop.parts.task == "language_model" or loop.causal():
        return CHECK.finding(
            "problem",
            f"The targets are the tokens just read, at {same:.0%} of {judged:,} places",
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


def _entropies(loop: Loop) -> list[LossCall]:
    """The calls of cross-entropy that make the loss: the one returned, or all where there is no other."""
    from mldiag.training_checks.loop import main_loss

    main, calls = main_loss(loop.first), loop.first.loss_calls
    chosen = calls if main is None else [main]
    entropy = all(c.name in ("cross_entropy", "nll_loss") for c in chosen)
    return [c for c in chosen if not c.target.is_floating_point()] if entropy else []


def _same(tokens: torch.Tensor, loss: LossCall) -> tuple[float, int, int]:
    """The share of places where the target is what is read, and how many are judged, and tell."""
    from mldiag.training_checks.places import telling_places

    wanted, read = loss.target.flatten(), tokens.flatten().to(loss.target.dtype)
    judged = wanted != loss.options.get("ignore_index", -100)
    telling = judged & telling_places(tokens).flatten()
    seen = telling if int(telling.sum()) >= THRESHOLDS.places else judged
    same = float((wanted == read)[seen].float().mean()) if seen.any() else 0.0
    return same, int(judged.sum()), int(telling.sum())


def _unknown_loss(loop: Loop) -> Finding:
    if loop.parts.task == "language_model":
        return CHECK.finding(
            "inconclusive",
            "The loss is not torch's cross-entropy, so what it pairs cannot be seen",
            explanation="Use torch.nn.functional.cross_entropy in step, and return its value as "
            "'loss'.",
        )
    return CHECK.finding("not_applicable", "The loss does not ask for tokens")
