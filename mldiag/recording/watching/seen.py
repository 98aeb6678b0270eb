"""What hooks see of networks while a training is watched."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import nn

from mldiag.recording.watching.birth import find_birth
from mldiag.recording.watching.hooks import Hook
from mldiag.recording.watching.layer_looks import FAST_PATHS, LayerLooks
from mldiag.recording.watching.outputs import first_tensor
from mldiag.recording.watching.structure import Structure, is_closed

Trouble = Callable[[str], None]

_FAST_PATHS = FAST_PATHS


class _BeforePass(Hook):
    """What a network calls before every pass: it keeps the batch, and little else.

    Args:
        seen: What is told of passes that are looked at.
        name: Name of the network.
        calls: Takes what the network was last called with in training.
    """

    def __init__(
        self,
        seen: NetworksSeen,
        name: str,
        calls: dict[str, tuple[tuple[Any, ...], dict[str, Any]]],
    ) -> None:
        self._seen, self._name, self._calls = seen, name, calls
        self._trained = False

    def __call__(self, network: Any, args: Any, kwargs: Any) -> None:
        """Keep what the network is called with, evaluations left out."""
        if not torch.is_grad_enabled():
            return
        if network.training:
            self._trained = True
        elif self._trained:
            return  # an evaluation
        self._calls[self._name] = args, kwargs
        if self._seen.wanted:
            self._seen.begin_pass(self._name, network)


class NetworksSeen:
    """The forward passes of the networks.

    A light hook on each network keeps the last batch; in a sampled step it attaches the looks at the layers
    for
    the time of the pass, so that evaluations never meet them.

    Args:
        structure: What is watched.
        trouble: Told of what could not be looked at.
    """

    def __init__(self, structure: Structure, trouble: Trouble) -> None:
        self._structure, self._trouble = structure, trouble
        self.looks = LayerLooks(structure.networks, trouble)
        self.birth: dict[str, Any] | None = None
        self.not_seen: dict[str, None] = {}
        self._calls: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        self._looking: ExitStack | None = None
        self._direct: ExitStack | None = None
        self._after_hook = Hook(lambda net, args, output: self._after())
        self.wanted = False
        self._called = False
        uncallable = (nn.ModuleList, nn.ModuleDict)
        lists = any(isinstance(network, uncallable) for network in structure.networks.values())
        self._never_called = 1 if lists else 0

    def attach(self, stack: ExitStack) -> None:
        """Hook the networks themselves until the stack is closed."""
        for name, network in self._structure.networks.items():
            if getattr(network, "_compiled_call_impl", None) is not None:
                continue  # a hook would be compiled in
            if isinstance(network, _FAST_PATHS):
                self.not_seen.setdefault(
                    f"activations of {name}: a hook would change its evaluation"
                )
                continue
            before = _BeforePass(self, name, self._calls)
            stack.callback(network.register_forward_pre_hook(before, with_kwargs=True).remove)
        for name, closed in self.looks.closed.items():
            if closed:
                self.not_seen.setdefault(f"activations inside of what is compiled in {name}")
        stack.callback(self._let_go)

    def want(self, *, features: bool) -> None:
        """The step that begins is looked at."""
        self.wanted, self._called = True, False
        self.looks.wants_features = features
        if self._never_called:  # parts of the network are called by themselves
            self._direct = ExitStack()
            for name, network in self._structure.networks.items():
                if not is_closed(network):
                    self.looks.watch_parts(name, self._direct)

    def want_nothing(self) -> None:
        """The step that begins is not looked at."""
        self.wanted = False

    def begin_pass(self, name: str, network: nn.Module) -> None:
        """A pass begins in a step that is looked at: its layers are."""
        self._called = True
        if self._looking is None and self._direct is None:
            if is_closed(network):
                return
            stack = ExitStack()
            try:
                after = network.register_forward_hook(self._after_hook, always_call=True)
                stack.callback(after.remove)
                self.looks.watch(name, stack, functions=True)
                self._looking = stack
            except Exception as error:  # a diagnosis must not end a training
                stack.close()
                self._trouble(f"the layers of {name}: {type(error).__name__}: {error}")

    def _after(self) -> None:
        if self._looking is not None:
            stack, self._looking = self._looking, None
            stack.close()

    def _let_go(self) -> None:
        self._after()
        if self._direct is not None:
            self._direct.close()
            self._direct = None

    def taken(self) -> dict[str, Any]:
        """What the layers showed in the step that ends."""
        if not self.wanted:
            return {}
        self._let_go()
        if not self._called and self.looks.probes == {}:
            self._never_called += 1
        row: dict[str, Any] = {}
        seen = self.looks.taken()
        if seen is not None:
            row = {"seen": seen, "layers": len(self.looks.probes)}
        if self.looks.features is not None:
            row["features"], self.looks.features = self.looks.features, None
        if self.looks.codes is not None:
            row["codes"], self.looks.codes = self.looks.codes, None
        return row

    def last_input(self) -> torch.Tensor | None:
        """The first tensor that a network was last called with."""
        for args, kwargs in self._calls.values():
            found = first_tensor(args) if args else first_tensor(kwargs)
            if found is not None:
                return found
        return None

    def find_birth(self, step: int, optimizer: int) -> None:
        """Say where the gradient that is not finite comes from."""
        self.birth = {"step": step, "optimizer": optimizer, "where": "unknown"}
        for name, (args, kwargs) in self._calls.items():
            found = find_birth(self._structure.networks[name], args, kwargs)
            self.birth |= {"network": name, **found}
            if found["where"] not in ("loss", "unknown"):
                return
        broken = [
            p.name
            for p in self._structure.parameters
            if p.tensor.grad is not None and not bool(torch.isfinite(p.tensor.grad.sum()))
        ]
        self.birth["gradients"] = broken[:8]

    def tell_loss(self, step: int, loss: Any) -> None:
        """The loss of a step that broke: where it is finite, only the way back is not.

        Args:
            step: Number of the step.
            loss: A number, or a tensor of one.
        """
        birth = self.birth
        of_it = birth is not None and birth["step"] == step and birth["where"] == "loss"
        if birth is not None and of_it and math.isfinite(float(loss)):
            birth |= {"where": "backward", "parameters": birth["gradients"]}

    def layer_facts(self) -> list[dict[str, Any]]:
        """Name, kind and network of each column of `output/numbers`."""
        return [
            {"name": name, "kind": kind, "network": network}
            for name, kind, network in self.looks.probes
        ]
