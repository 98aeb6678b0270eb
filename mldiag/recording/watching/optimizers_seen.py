"""What hooks see of optimizers while a training is watched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch

from mldiag.recording.watching.hooks import Hook
from mldiag.recording.watching.structure import Structure
from mldiag.recording.watching.update_looks import UpdateLooks, rates

Trouble = Callable[[str], None]


class OptimizersSeen:
    """The steps of the optimizers, or of the loop itself where it has none.

    Args:
        structure: What is watched.
        trouble: Told of what could not be looked at.
    """

    def __init__(self, structure: Structure, trouble: Trouble) -> None:
        self._structure, self._trouble = structure, trouble
        self.looks: list[UpdateLooks] = []
        self._flags: list[tuple[int, torch.Tensor]] = []
        self._tell: Callable[[int, bool], None] = lambda number, broken: None
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

    def attach(self, stack: ExitStack, tell: Callable[[int, bool], None]) -> None:
        """Hook the optimizers until the stack is closed.

        Args:
            stack: Takes the removal.
            tell: Called before each step with the optimizer's number and whether a gradient is not finite.
        """
        self._tell = tell
        if not self._structure.optimizers:
            return
        for look in self.looks:
            optimizer = self._structure.optimizers[look.number]
            before = Hook(lambda *_, look=look: self._before(look))
            after = Hook(lambda *_, look=look: self._after(look))
            stack.callback(optimizer.register_step_pre_hook(before).remove)
            stack.callback(optimizer.register_step_post_hook(after).remove)
            stack.callback(look.let_go)

    def _before(self, look: UpdateLooks) -> None:
        try:
            scale = None
            if self._structure.optimizers:
                optimizer = self._structure.optimizers[look.number]
                left_out = getattr(optimizer, "found_inf", None)
                if left_out is not None:  # a scaler lets the step itself take care of overflows
                    scale = getattr(optimizer, "grad_scale", None)
                    if left_out.is_cpu and bool(left_out):
                        return
            look.before(scale)
            flag = None if scale is not None else look.is_broken()
            if flag is None:
                return
            if not isinstance(flag, torch.Tensor) or flag.is_cpu:
                self._tell(look.number, bool(flag))
            else:  # read later: a sync at every step would cost more than the step
                self._flags.append((look.number, flag))
        except Exception as error:  # a diagnosis must not end a training
            self._trouble(f"gradients: {type(error).__name__}: {error}")

    def _after(self, look: UpdateLooks) -> None:
        try:
            look.after()
        except Exception as error:  # a diagnosis must not end a training
            self._trouble(f"updates: {type(error).__name__}: {error}")

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
        if not self._structure.optimizers and (self.looks[0].wanted or self.looks[0].in_window):
            self._before(self.looks[0])

    def end_step(self) -> None:
        """The training step is over."""
        if not self._structure.optimizers:
            self._after(self.looks[0])
            self._begin_by_hand()
        if len(self._flags) >= 64:
            self.read_flags()

    def read_flags(self) -> None:
        """Bring over whether gradients on a device were finite."""
        flags, self._flags = self._flags, []
        if flags and bool(torch.stack([flag for _, flag in flags]).any().cpu()):
            self.late_break = True

    def taken(self) -> dict[str, Any]:
        """What the optimizers' steps showed since the last time."""
        row: dict[str, Any] = {}
        for place, tensor in self._unstepped:
            if tensor.grad is not None:
                self.left_out.add(place)
        for look in self.looks:
            for name, value in look.row.items():
                if name in row:  # another optimizer's columns of the same series
                    value = torch.where(torch.isnan(value), row[name].to(value.device), value)
                row[name] = value
            look.row = {}
            if look.windows:
                row[f"window/{look.number}"] = look.windows[-1]
                look.windows = []
        lr = [rate for optimizer in self._structure.optimizers for rate in rates(optimizer)]
        if lr:
            row["lr"] = lr
        return row
