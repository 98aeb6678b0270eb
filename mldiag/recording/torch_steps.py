"""A ramp in the user's own torch loop: rates set before each step, losses read where gradients begin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from mldiag.recording.on_import import once_imported
from mldiag.recording.ramp import Ramp


@contextmanager
def torch_steps(ramp: Ramp) -> Iterator[None]:
    """Let every torch optimizer that steps within the context step at the rate of the ramp.

    torch is not imported here. Its own global hooks see every optimizer's step; the loss is the root of
    `backward`, whichever way that is called. Both are as before at the end.

    A scheduler cannot undo the ramp: its rate is put back after each step and replaced before the next.

    Args:
        ramp: The range test; it ends the training by raising `RampOver` in a step.
    """
    with ExitStack() as undo, once_imported("torch", lambda torch: _watch(torch, ramp, undo)):
        yield


def _watch(torch: Any, ramp: Ramp, undo: ExitStack) -> None:
    optim = sys.modules[torch.optim.Optimizer.__module__]  # torch hides it as an attribute
    own: dict[int, list[Any]] = {}

    def before(optimizer: Any, args: Any, kwargs: Any) -> None:
        ramp.begin_step()
        ramp.optimizers.add(id(optimizer))
        own[id(optimizer)] = [group["lr"] for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            given = float(group.get("initial_lr", group["lr"]))
            _set_rate(group, ramp.rate_for(group, given))

    def after(optimizer: Any, args: Any, kwargs: Any) -> None:
        for group, rate in zip(optimizer.param_groups, own.pop(id(optimizer), ()), strict=False):
            _set_rate(group, float(rate))
        ramp.end_step(gradient_norm=_gradient_norm(torch, optimizer))

    undo.callback(optim.register_optimizer_step_pre_hook(before).remove)
    undo.callback(optim.register_optimizer_step_post_hook(after).remove)
    backward = torch.autograd.backward
    torch.autograd.backward = _told(backward, ramp)
    undo.callback(setattr, torch.autograd, "backward", backward)


def _told(backward: Callable[..., Any], ramp: Ramp) -> Callable[..., Any]:
    """`torch.autograd.backward`, which `Tensor.backward` calls too, that tells the ramp of its roots."""

    def told(tensors: Any, *args: Any, **kwargs: Any) -> Any:
        roots = [tensors] if hasattr(tensors, "detach") else list(tensors)
        if roots and all(root.numel() == 1 for root in roots):
            ramp.saw_loss(sum(float(root.detach()) for root in roots))
        return backward(tensors, *args, **kwargs)

    return told


def _set_rate(group: dict[str, Any], rate: float) -> None:
    if hasattr(group["lr"], "fill_"):  # a tensor, for capturable optimizers: others hold on to it
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def _gradient_norm(torch: Any, optimizer: Any) -> float:
    gradients = [
        parameter.grad
        for group in optimizer.param_groups
        for parameter in group["params"]
        if parameter.grad is not None and parameter.grad.layout == torch.strided
    ]
    return float(torch.nn.utils.get_total_norm(gradients)) if gradients else float("nan")
