"""Which loss functions a step calls, and with what: seen by torch itself, whatever the user wrote."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from mldiag.recording.softmax_path import behind, made_by, squashed_before

LOSSES = (
    "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss",
)  # fmt: skip
DIFFERENCES = ("sub", "__sub__", "__rsub__", "rsub", "subtract")


@dataclass(frozen=True)
class LossCall:
    """One call of a loss function: copies of input and target, and where they came from.

    Args:
        name: `torch.nn.functional`'s name, or `difference` where two tensors were subtracted.
        inputs: What the loss function was given first.
        target: What it was given second.
        options: Its other arguments.
        value: The loss; None for a difference.
        made_by: The operation that made `inputs`, such as `Softmax`, views left out.
        squashed: What made the input of that operation where it expects logits and got none: `Softmax`
            under a `LogSoftmax`, say.
        addresses: Where the memory of input and target begins, to know them again.
    """

    name: str
    inputs: torch.Tensor
    target: torch.Tensor
    options: dict[str, Any]
    value: torch.Tensor | None
    made_by: str
    squashed: str
    addresses: tuple[int, int]


class LossCalls(TorchFunctionMode):
    """Collects the loss calls of the code that it encloses."""

    def __init__(self, most: int = 16) -> None:
        super().__init__()
        self.calls: list[LossCall] = []
        self._most = most
        self._inside = False

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        options = kwargs or {}
        name = getattr(func, "__name__", "")
        if self._inside or len(self.calls) >= self._most or not _is_watched(func, name):
            return func(*args, **options)
        self._inside = True
        try:
            result = func(*args, **options)
            self._note(func, name, args, options, result)
        finally:
            self._inside = False
        return result

    def _note(
        self, func: Any, name: str, args: tuple[Any, ...], options: dict[str, Any], result: Any
    ) -> None:
        if name in DIFFERENCES:
            if (
                len(args) >= 2
                and all(isinstance(a, torch.Tensor) for a in args[:2])
                and _outer(*args[:2])
            ):
                self._keep("difference", args[0], args[1], {}, None)
            return
        bound = inspect.signature(getattr(functional, name)).bind(*args, **options)
        bound.apply_defaults()
        given = dict(bound.arguments)
        inputs, target = given.pop("input"), given.pop("target")
        if isinstance(inputs, torch.Tensor) and isinstance(target, torch.Tensor):
            self._keep(name, inputs, target, given, result)

    def _keep(
        self,
        name: str,
        inputs: torch.Tensor,
        target: torch.Tensor,
        options: dict[str, Any],
        value: Any,
    ) -> None:
        self.calls.append(
            LossCall(
                name,
                inputs.detach().clone(),
                target.detach().clone(),
                options,
                value.detach().clone() if isinstance(value, torch.Tensor) else None,
                made_by(inputs.grad_fn),
                squashed_before(behind(inputs.grad_fn)),
                (inputs.data_ptr(), target.data_ptr()),
            )
        )


def _is_watched(func: Any, name: str) -> bool:
    return name in DIFFERENCES or (name in LOSSES and getattr(functional, name, None) is func)


def _outer(left: torch.Tensor, right: torch.Tensor) -> bool:
    """A column against a line of the same length, which gives a square nobody asked for."""
    pair = {tuple(left.shape), tuple(right.shape)}
    rows = max(left.numel(), right.numel())
    return rows > 1 and pair == {(rows, 1), (rows,)}
