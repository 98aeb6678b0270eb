"""MD157: do the networks train in training mode again after evaluate?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mldiag.findings import Action, Check, Finding

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop

CHECK = Check(
    code="MD157",
    slug="training-mode",
    title="Do the networks train in training mode again after evaluate?",
    detects=(
        "A step, evaluate(), end_epoch(0), and a step of the next epoch are run: a problem "
        "where a dropout or batch "
        "norm layer ran in training mode in the first step and in eval mode in the second; or "
        "the network did, "
        "where it has none of these layers and gives other outputs in the two modes."
    ),
    why="From the second epoch on nothing regularises, and batch norm stops following the data.",
    fix="model.train() at the start of every epoch, or at the end of evaluate().",
    source="torch.nn.Module.train's documentation.",
)

NEEDS: tuple[str, ...] = ("evaluate",)


def judge(loop: Loop) -> Finding:
    """Judge the modes before and after evaluate."""
    from mldiag.training_checks.observed import layer_modes

    with layer_modes(loop.parts) as before:
        first = _one_step(loop, 0)
    if loop.parts.evaluate is not None:
        loop.parts.evaluate()
    if loop.parts.end_epoch is not None:
        loop.parts.end_epoch(0)
    with layer_modes(loop.parts) as after:
        second = _one_step(loop, 1)
    training = [name for name, seen in before.items() if True in seen]
    lost = [name for name in training if after.get(name) == {False}]
    if not before and first and not second and _mode_matters(loop):
        lost = [loop.call.name] if loop.call is not None else []
    elif not training:
        return CHECK.finding(
            "not_applicable", "No dropout or batch norm layer trains in training mode"
        )
    if lost:
        return CHECK.finding(
            "problem",
            f"After evaluate() {', '.join(lost[:3])} stays in eval mode",
            explanation="evaluate() leaves eval mode on, and neither step() nor train_batches() "
            "turns it off.",
            evidence={"layers": lost[:8], "n": len(lost)},
            action=Action(
                "fix_bug",
                "Call model.train() at the start of every epoch, or at the end of evaluate().",
            ),
        )
    return CHECK.finding("passed", "The networks train in training mode after evaluate()")


def _one_step(loop: Loop, epoch: int) -> bool:
    """Take the first step of an epoch; whether the network that is trained was in training mode in it."""
    modes: list[bool] = []
    call = loop.call

    def note(module: Any, args: Any) -> None:
        modes.append(module.training)

    handle = None if call is None else call.model.register_forward_pre_hook(note)
    for batch in loop.parts.train_batches(epoch):
        loop.parts.step(batch)
        break
    if handle is not None:
        handle.remove()
    return any(modes)


def _mode_matters(loop: Loop) -> bool:
    """Whether the network gives other outputs in training mode, as with a dropout that is a function."""
    from mldiag.training_checks.networks import changed_entries, tensor_leaves

    if loop.call is None:
        return False
    pairs = zip(
        tensor_leaves(loop.call.repeated()),
        tensor_leaves(loop.call.repeated(training=True)),
        strict=False,
    )
    return any(a.shape != b.shape or bool(changed_entries(a, b).any()) for a, b in pairs)
