"""The watch of one training in a worker: told by the user's code, or taking its steps by itself."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from mldiag.recording.recorded import Recording
from mldiag.recording.torch_losses import LossesSeen


class TrialWatch:
    """A watch whose steps come from the user's calls, or else from what the optimizers do.

    Until the user's code first calls `step`, a step ends where every optimizer has stepped, or one of them
    for the second time. It is taken when the next pass begins, so that a call that comes in between counts.

    Args:
        watch: A started `Watch`.
        networks: The networks that it watches.
        optimizers: The optimizers, which may be none.
        losses: Sees losses.
        eager: Whether no call can come in between, so that a step is taken as soon as it is over.
    """

    def __init__(
        self,
        watch: Any,
        networks: Sequence[Any],
        optimizers: Sequence[Any],
        losses: LossesSeen,
        *,
        eager: bool = False,
    ) -> None:
        self._watch, self._losses = watch, losses
        self._known = {id(optimizer): optimizer for optimizer in optimizers}
        self._stepped: set[int] = set()
        self._over = False
        self._by_itself = ExitStack()
        self.steps = 0
        self.told = False
        self.evaluated = False
        self.open = True
        self._eager = eager
        if not eager:
            self._begin_by_itself(networks)

    def _begin_by_itself(self, networks: Sequence[Any]) -> None:
        """Take a step that is over before the next pass begins."""
        from mldiag.recording.watching.hooks import Hook
        from mldiag.recording.watching.seen import _FAST_PATHS

        for network in networks:
            if not isinstance(network, _FAST_PATHS):
                hook = Hook(lambda net, args: self.settle() if _trains() else None)
                handle = network.register_forward_pre_hook(hook, prepend=True)
                self._by_itself.callback(handle.remove)

    # ---- what the user's code calls ---------------------------------------------------------------------

    def __enter__(self) -> TrialWatch:
        """Itself; it began when it was made."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop looking; what was recorded stays."""
        self.close()

    def start(self) -> TrialWatch:
        """Itself; it began when it was made."""
        return self

    def close(self) -> None:
        """Stop looking; what was recorded stays."""
        if self.open:
            if self._stepped and not self.told:
                self._take()
            self.open = False
            self._by_itself.close()
            self._watch.close()

    def step(self, **told: Any) -> None:
        """Take a step as the user's code tells it; from then on only these count."""
        self.told, self._over = True, False
        self._by_itself.close()
        self._losses.wanted = False
        self._losses.take()
        self.steps += 1
        self._watch.step(**told)

    def evaluate(self, **told: Any) -> None:
        """Take an evaluation as the user's code tells it."""
        self.settle()
        self.evaluated = True
        self._watch.evaluate(**told)

    # ---- what a worker sees -----------------------------------------------------------------------------

    def knows(self, optimizer: Any) -> bool:
        """Whether the optimizer is one of those that are watched; any is where none was named."""
        return not self._known or id(optimizer) in self._known

    def after(self, optimizer: Any) -> None:
        """An optimizer has stepped."""
        if self.told or not self.open:
            return
        if id(optimizer) in self._stepped:
            self._take()
        self._stepped.add(id(optimizer))
        self._over = len(self._stepped) >= len(self._known)
        if self._eager:
            self.settle()

    def settle(self) -> None:
        """Take a step that is over and that the user's code did not tell of."""
        if self._over and self.open and not self.told:
            self._take()

    def _take(self) -> None:
        self._stepped.clear()
        self._over = False
        loss, outputs, targets = self._losses.take()
        if len(self._known) > 1:
            outputs = targets = None  # which of two networks' outputs these are, nothing tells
        self.steps += 1
        self._watch.step(loss=loss, outputs=outputs, targets=targets)

    @property
    def begun(self) -> int:
        """Steps so far, with one that is over and not taken yet."""
        return self.steps + int(self._over)

    def recording(self) -> Recording:
        """What was recorded."""
        found: Recording = self._watch.recording()
        return found


def _trains() -> bool:
    import torch

    return torch.is_grad_enabled()
