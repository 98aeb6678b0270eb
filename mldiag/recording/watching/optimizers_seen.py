"""What hooks see of optimizers while a training is watched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch

from mldiag.recording.watching.hooks import Hook
from mldiag.recording.watching.structure import Structure
from mldiag.recording.watching.update_looks import UpdateLooks

Trouble = Callable[[str], None]


class _BeforeStep(Hook):
    """What an optimizer calls at every step: as little as there can be.

    Args:
        seen: What is told.
        look: What looks at the optimizer.
    """

    def __init__(self, seen: OptimizersSeen, look: UpdateLooks) -> None:
        self._seen, self._look = seen, look
        self._end: Any = None

    def __call__(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """Look for what is not finite; anything else is left to steps that are looked at."""
        look = self._look
        try:
            if look.busy or getattr(optimizer, "found_inf", None) is not None:
                self._seen.before(look, optimizer)
                if self._end is None and look.busy:
                    end = Hook(lambda *_: self._seen.after(look))
                    self._end = optimizer.register_step_post_hook(end)
                return
            if self._end is not None:
                self.let_go()
            look.updates += 1
            flag = look.is_broken()
            if flag is not None and flag is not False:
                self._seen.broken(look, flag)
        except Exception as error:  # a diagnosis must not end a training
            self._seen.failed("gradients", error)

    def let_go(self) -> None:
        """Take the hook at the end of a step away."""
        end, self._end = self._end, None
        if end is not None:
            end.remove()


class OptimizersSeen:
    """The steps of the optimizers, or of the loop itself where it has none.

    Args:
        structure: What is watched.
        trouble: Told of what could not be looked at.
    """

    def __init__(self, structure: Structure, trouble: Trouble) -> None:
        self._structure, self._trouble = structure, trouble
        self.looks: list[UpdateLooks] = []
        self._flags: list[torch.Tensor] = []
        self._tell: Callable[[int], None] = lambda number: None
        self.late_break = False
        self.left_out: set[int] = set()
        stepped_by_any = {
            id(p) for o in structure.optimizers for group in o.param_groups for p in group["params"]
        }
        self._unstepped = [
            (place, parameter.tensor)
            for place, parameter in enumerate(structure.parameters)
            if structure.optimizers and id(parameter.tensor) not in stepped_by_any
        ]
        columns, width = structure.columns(), len(structure.parameters)
        for number, optimizer in enumerate(structure.optimizers):
            stepped = {id(p): p for group in optimizer.param_groups for p in group["params"]}
            known = [tensor for key, tensor in stepped.items() if key in columns]
            known.sort(key=lambda tensor: columns[id(tensor)])
            if known:
                places = [columns[id(tensor)] for tensor in known]
                self.looks.append(UpdateLooks(known, places, width, number))
        if not structure.optimizers:
            tensors = [p.tensor for p in structure.parameters]
            self.looks.append(UpdateLooks(tensors, range(width), width, 0))

    def attach(self, stack: ExitStack, tell: Callable[[int], None]) -> None:
        """Hook the optimizers until the stack is closed.

        Args:
            stack: Takes the removal.
            tell: Called before a step in which a gradient is not finite, with the optimizer's number.
        """
        self._tell = tell
        for look in self.looks:
            if self._structure.optimizers:
                optimizer = self._structure.optimizers[look.number]
                hook = _BeforeStep(self, look)
                stack.callback(optimizer.register_step_pre_hook(hook).remove)
                stack.callback(hook.let_go)
            stack.callback(look.let_go)

    def before(self, look: UpdateLooks, optimizer: Any = None) -> None:
        """Before a step that is looked at, or that a scaler may leave out."""
        left_out = getattr(optimizer, "found_inf", None)
        scale = None
        if left_out is not None:  # a scaler lets the step itself take care of overflows
            scale = getattr(optimizer, "grad_scale", None)
            if left_out.is_cpu and bool(left_out):
                return
        look.updates += 1
        if look.busy:
            look.before(scale)
        flag = None if scale is not None else look.is_broken()
        if flag is not None and flag is not False:
            self.broken(look, flag)

    def broken(self, look: UpdateLooks, flag: bool | torch.Tensor) -> None:
        """A gradient is not finite, or may not be."""
        if not isinstance(flag, torch.Tensor) or flag.is_cpu:
            if flag:
                self._tell(look.number)
            return
        self._flags.append(flag)  # read later: a sync at every step would cost more than the step
        if len(self._flags) >= 64:
            self.read_flags()

    def after(self, look: UpdateLooks) -> None:
        """After a step that was looked at."""
        try:
            look.after()
        except Exception as error:  # a diagnosis must not end a training
            self.failed("updates", error)

    def failed(self, what: str, error: Exception) -> None:
        """Something could not be looked at."""
        self._trouble(f"{what}: {type(error).__name__}: {error}")

    def want(self, *, directions: bool) -> None:
        """The next step of each optimizer is looked at.

        Args:
            directions: Whether it and its neighbours are compared with each other.
        """
        for look in self.looks:
            look.wanted, look.wants_window = True, directions
        self._begin_by_hand()

    def _begin_by_hand(self) -> None:
        """Without an optimizer, the weights are taken before the loop changes them."""
        if not self._structure.optimizers and self.looks[0].busy:
            try:
                self.before(self.looks[0])
            except Exception as error:  # a diagnosis must not end a training
                self.failed("gradients", error)

    @property
    def by_hand(self) -> bool:
        """Whether the loop itself changes the weights."""
        return not self._structure.optimizers

    def end_step(self) -> None:
        """The training step is over."""
        if self.by_hand:
            self.after(self.looks[0])
            self._begin_by_hand()

    def read_flags(self) -> None:
        """Bring over whether gradients on a device were finite."""
        flags, self._flags = self._flags, []
        if flags and bool(torch.stack(flags).any().cpu()):
            self.late_break = True

    def taken(self) -> dict[str, Any]:
        """What the optimizers' steps showed since the last time."""
        row: dict[str, Any] = {}
        for place, tensor in self._unstepped:
            if tensor.grad is not None:
                self.left_out.add(place)
        seen = [look.seen for look in self.looks if look.seen is not None]
        for look in self.looks:
            look.seen = None
        if seen:
            row["motions"] = seen
        return row
