"""Losses and what they were computed of, read in a torch training that tells nothing of itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any

LOSSES = (
    "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss",
    "l1_loss", "smooth_l1_loss", "huber_loss",
)  # fmt: skip
"""Functions of `torch.nn.functional`, which torch's own loss modules call too."""


SAME = 1e-3
"""Losses that differ by less, as a share, are the same."""

EVALUATED_ROWS = 2000
"""Rows of an evaluation whose outputs are taken."""


class LossesSeen:
    """What was differentiated since it was last asked: tensors that stay on their device, without a graph.

    Args:
        sums: Whether the backward passes of one update are known to add up to its loss, as in frameworks.
        evaluations: Whether losses that are computed without gradients are those of an evaluation, to be
            asked for by `take_evaluated`.
    """

    def __init__(self, *, sums: bool = False, evaluations: bool = False) -> None:
        self.wanted = True
        self._sums, self._evaluates, self._inside = sums, evaluations, False
        self._evaluated: list[tuple[Any, Any]] = []
        self._values: list[Any] = []
        self._roots: list[Any] = []
        self._calls = 0
        self._last: tuple[Any, Any] = (None, None)
        self._scaled: tuple[Any, Any] = (None, None)
        self.on_backward: Callable[[], None] = lambda: None

    def attach(self, torch: Any, undo: ExitStack) -> None:
        """See every `backward` and every call of a loss function until the stack is closed."""
        _replace(undo, torch.autograd, "backward", self._backward)
        _replace(undo, torch.amp.GradScaler, "scale", self._scale)
        for name in LOSSES:
            _replace(undo, torch.nn.functional, name, lambda own: self._loss(own, torch))

    def take(self) -> tuple[Any, Any, Any]:
        """Loss, outputs and targets of the step that ends; None for what is not known.

        Of several backward passes the mean loss, and the outputs of the last one; these only where each
        backward pass had one loss function, so that it is known what they are. Where these show that the
        losses were divided before, as loops that accumulate gradients do, their sum.
        """
        values, self._values = self._values, []
        roots, self._roots = self._roots, []
        calls, self._calls = self._calls, 0
        last, self._last = self._last, (None, None)
        if not roots:
            return None, None, None
        loss = self._of_all(roots, values if len(values) == calls == len(roots) else [])
        return (loss, *last) if calls == len(roots) else (loss, None, None)

    def _of_all(self, roots: list[Any], values: list[Any]) -> Any:
        """The loss of an update, from its backward passes and what the loss functions gave for them."""
        total = sum(roots[1:], roots[0])
        usual = total if self._sums else total / len(roots)
        if len(roots) == 1 or not values:
            return usual
        # No look at the numbers themselves: they may be on a device that is still at work.
        told = sum(values[1:], values[0]) / len(values)
        other = total / len(roots) if self._sums else total
        same = (other - told).abs() <= SAME * told.abs()
        return other * same + usual * ~same

    def take_evaluated(self) -> tuple[Any, Any]:
        """Outputs and targets of the losses computed without gradients since the last update, or None."""
        found, self._evaluated = self._evaluated, []
        if not found or len({tuple(out.shape[1:]) for out, _ in found}) > 1:
            return None, None
        join = __import__("torch").cat
        return join([out for out, _ in found]), join([true for _, true in found])

    def forget_evaluated(self) -> None:
        """An update has been taken: what is evaluated from now on is of other weights."""
        self._evaluated = []

    def _backward(self, own: Callable[..., Any]) -> Callable[..., Any]:
        def told(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            self.on_backward()
            if self.wanted:
                roots = [tensors] if hasattr(tensors, "detach") else list(tensors)
                self._differentiated(roots)
            return own(tensors, *args, **kwargs)

        return told

    def _differentiated(self, roots: list[Any]) -> None:
        large, plain = self._scaled
        self._scaled = (None, None)
        if len(roots) == 1 and roots[0].numel() == 1:
            root = plain if plain is not None and roots[0] is large else roots[0]
            self._roots = [*self._roots[-63:], root.detach().reshape(())]

    def _scale(self, own: Callable[..., Any]) -> Callable[..., Any]:
        """A loss that a scaler has multiplied for half precision counts as it was."""

        def told(scaler: Any, outputs: Any) -> Any:
            large = own(scaler, outputs)
            if self.wanted and hasattr(outputs, "detach") and outputs.numel() == 1:
                self._scaled = (large, outputs)
            return large

        return told

    def _loss(self, own: Callable[..., Any], torch: Any) -> Callable[..., Any]:
        @wraps(own)
        def told(*args: Any, **kwargs: Any) -> Any:
            if (
                self._inside
            ):  # where a mode looks at torch's functions, each is called by its name again
                return own(*args, **kwargs)
            self._inside = True
            try:
                value = own(*args, **kwargs)
            finally:
                self._inside = False
            if (self.wanted or self._evaluates) and not torch.compiler.is_compiling():
                outputs = args[0] if args else kwargs.get("input")
                targets = args[1] if len(args) > 1 else kwargs.get("target")
                if hasattr(outputs, "detach") and hasattr(targets, "detach"):
                    self.computed(value, outputs, _as_classes(own.__name__, targets))
            return value

        return told

    def computed(self, value: Any, outputs: Any, targets: Any) -> None:
        """A loss was computed of outputs and targets; with a graph in training, without in an evaluation."""
        pair = outputs.detach(), targets.detach()
        graded = value.requires_grad
        if self.wanted and graded and outputs.requires_grad:
            self._calls += 1
            self._last = pair
            if value.numel() == 1:
                self._values = [*self._values[-63:], value.detach().reshape(())]
        rows = sum(len(out) for out, _ in self._evaluated)
        if self._evaluates and not graded and pair[0].dim() and rows < EVALUATED_ROWS:
            left = EVALUATED_ROWS - rows
            self._evaluated.append((pair[0][:left], pair[1][:left]))


def _as_classes(loss: str, targets: Any) -> Any:
    """Class numbers where a cross-entropy was given shares of the classes."""
    shares = loss == "cross_entropy" and targets.is_floating_point() and targets.dim() > 1
    return targets.argmax(1) if shares else targets


def _replace(
    undo: ExitStack, owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> None:
    own = getattr(owner, name)
    undo.callback(setattr, owner, name, own)
    setattr(owner, name, make(own))
