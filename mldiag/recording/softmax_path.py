"""Whether a loss takes the softmax of what a softmax has already made, read from autograd's graph."""

from __future__ import annotations

from collections import deque
from typing import Any

MOST_NODES = 64
"""Operations that are followed from the loss on; where a loss takes a softmax, it is one of the first."""

SHAPES = (
    "View", "UnsafeView", "Reshape", "ReshapeAlias", "Alias", "Squeeze", "Unsqueeze", "Transpose", "T",
    "Permute", "Clone", "ToCopy", "Select", "Slice", "Index", "Expand",
)  # fmt: skip
"""Operations that change the shape, the type or the choice of rows alone."""

FINAL = {
    "LogSoftmax": ("Softmax", "Sigmoid", "LogSoftmax"),
    "BinaryCrossEntropyWithLogits": ("Sigmoid", "Softmax"),
}
"""Operations of losses that expect logits, and what must not have made their input."""


def operation(node: Any) -> str:
    """The name of an operation of the graph without its ending, such as `LogSoftmax`; empty for a leaf."""
    return "" if node is None else str(node.name()).partition("Backward")[0]


def behind(node: Any) -> Any:
    """A node of the graph, or the first one behind it that changes more than shapes."""
    while operation(node) in SHAPES:
        node = node.next_functions[0][0] if node.next_functions else None
    return node


def made_by(node: Any) -> str:
    """Name of the operation that made a tensor, with those of shapes passed over."""
    return operation(behind(node))


def squashed_before(node: Any) -> str:
    """What has made the input of an operation that expects logits: `Softmax`, say; else empty."""
    forbidden = FINAL.get(operation(node), ())
    first = node.next_functions[0][0] if forbidden and node.next_functions else None
    found = made_by(first)
    return found if found in forbidden else ""


def squashed_twice(loss: Any) -> str:
    """What is taken twice on the way from the outputs to a loss: `Softmax`, say; empty where nothing is.

    Args:
        loss: A tensor with its graph, before the backward pass or after it.

    Example:
        >>> import torch
        >>> logits, classes = torch.zeros(4, 3, requires_grad=True), torch.tensor([0, 1, 2, 0])
        >>> squashed_twice(torch.nn.functional.cross_entropy(logits.softmax(1), classes))
        'Softmax'
        >>> squashed_twice(torch.nn.functional.cross_entropy(logits, classes))
        ''
    """
    waiting, seen = deque([getattr(loss, "grad_fn", None)]), 0
    while waiting and seen < MOST_NODES:
        node = waiting.popleft()
        if node is None:
            continue
        seen += 1
        found = squashed_before(node)
        if found:
            return found
        waiting.extend(following for following, _ in node.next_functions)
    return ""
