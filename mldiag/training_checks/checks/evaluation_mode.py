"""MD156: does evaluate run the networks in eval mode?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mldiag.findings import Action, Check, Finding
from mldiag.training_checks import tree
from mldiag.wording import plural

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop

CHECK = Check(
    code="MD156",
    slug="evaluation-mode",
    title="Does evaluate run the networks in eval mode?",
    detects=(
        "After one training step, evaluate() is run with hooks on the dropout and batch norm "
        "layers of the "
        "networks: a problem where they only ever run in training mode. Where evaluate() gives "
        "other scores "
        "with other random numbers, a problem if eval mode, set from outside, makes them the same."
    ),
    why=(
        "Dropout makes the score worse and noisy; batch norm in training mode reads the "
        "evaluation rows and "
        "writes them into its statistics."
    ),
    fix="model.eval() at the start of evaluate(), model.train() after it.",
    source="torch.nn.Module.eval's documentation.",
)

NEEDS: tuple[str, ...] = ("evaluate",)


def judge(loop: Loop) -> Finding:
    """Judge the modes and the repeatability of evaluate."""
    from mldiag.training_checks.networks import held_mode
    from mldiag.training_checks.observed import first_batches, layer_modes

    for batch in first_batches(loop.parts, 1):
        loop.parts.step(batch)
    with layer_modes(loop.parts) as modes:
        _evaluate(loop)
    trained = [name for name, seen in modes.items() if seen == {True}]
    if trained and loop.adversarial:
        return CHECK.finding(
            "inconclusive",
            "Some layers run in training mode in evaluate(), which a generator may be meant to",
            evidence={"layers": trained[:8]},
        )
    if trained:
        layers = plural(len(trained), "dropout or batch norm layer")
        return _problem(trained, f"evaluate() runs {layers} in training mode")
    if not _repeatable(loop):
        with held_mode(loop.parts.models.values(), training=False):
            mended = _repeatable(loop)
        if mended and not loop.adversarial:
            return _problem(
                [],
                "evaluate() does not set eval mode, in which alone its scores are the same twice",
            )
        return CHECK.finding(
            "inconclusive",
            "evaluate() gives other scores with other random numbers",
            explanation="It draws a sample of rows or of the network's noise, or a dropout "
            "ignores eval().",
        )
    if not modes and not any(_has_modes(m) for m in loop.parts.models.values()):
        return CHECK.finding("not_applicable", "The networks have neither dropout nor batch norm")
    return CHECK.finding("passed", "evaluate() runs in eval mode and gives the same twice")


def _problem(layers: list[str], title: str) -> Finding:
    return CHECK.finding(
        "problem",
        title,
        explanation="Dropout spoils the score, and batch norm reads the evaluation rows.",
        evidence={"layers": layers[:8], "n": len(layers)},
        action=Action(
            "fix_bug", "Call model.eval() at the start of evaluate(), and model.train() after it."
        ),
    )


def _repeatable(loop: Loop) -> bool:
    """Whether evaluate gives the same with other random numbers."""
    import torch

    scores = []
    for seed in (1, 2, 3):
        with loop.preserved():
            torch.manual_seed(seed)
            scores.append(_evaluate(loop))
    return all(_equal(scores[0], score) for score in scores[1:])


def _evaluate(loop: Loop) -> Any:
    return None if loop.parts.evaluate is None else loop.parts.evaluate()


def _has_modes(model: Any) -> bool:
    from mldiag.training_checks.networks import BATCH_NORMS, DROPOUTS

    return any(isinstance(m, (*DROPOUTS, *BATCH_NORMS)) for m in model.modules())


def _equal(first: Any, second: Any) -> bool:
    pairs = zip(_numbers(first), _numbers(second), strict=False)
    return all(abs(a - b) <= 1e-6 * max(abs(a), abs(b)) or (a != a and b != b) for a, b in pairs)


def _numbers(scores: Any) -> list[float]:
    values = scores.values() if isinstance(scores, dict) else [scores]
    found = [float(v) for v in values if isinstance(v, (int, float))]
    return found + [float(leaf.sum()) for _, leaf in tree.leaves(list(values))]
