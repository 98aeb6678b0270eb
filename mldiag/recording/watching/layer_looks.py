"""Looks at the outputs of layers during one forward pass of a sampled step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

import torch
from torch import nn

from mldiag.recording.unit_numbers import RANGES
from mldiag.recording.watching import attention
from mldiag.recording.watching.functional import FunctionsSeen, is_attention
from mldiag.recording.watching.layer_row import LayerRow, Sample
from mldiag.recording.watching.structure import is_closed
from mldiag.recording.watching.unit_sample import unit_matrix

ACTIVATIONS = {
    "ReLU": "relu", "ReLU6": "relu6", "LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu",
    "GELU": "gelu", "SiLU": "silu", "Mish": "mish", "SELU": "selu", "CELU": "celu",
    "Softplus": "softplus", "Sigmoid": "sigmoid", "Tanh": "tanh",
    "Hardtanh": "hardtanh", "Hardsigmoid": "hardsigmoid", "Hardswish": "hardswish",
    "Softsign": "softsign", "LogSigmoid": "logsigmoid",
}  # fmt: skip
"""Modules that are activations, and the names of their functions."""

_NOT_LOOKED_AT = (
    "Dropout",
    "Identity",
    "Flatten",
    "Unflatten",
    "Pool",
    "Upsample",
    "Pad",
    "Softmax",
    "Fold",
)
_CHANNELS_SECOND = ("Conv", "BatchNorm", "InstanceNorm", "GroupNorm")

MOST_LAYERS = 160
"""Layers whose outputs are looked at; of more, evenly spread ones."""

FAST_PATHS = (nn.TransformerEncoder, nn.TransformerEncoderLayer, nn.MultiheadAttention)
"""With hooks inside, these evaluate on another path, whose results differ in the last digit."""

QUIET = 8
"""Passes after which functions are no longer listened to where none was called but by modules."""

Probe = tuple[str, str, str]
"""Name, kind and network of what is looked at."""


class LayerLooks:
    """Collects numbers of layers during forward passes; each layer once a step, at its first call.

    Args:
        networks: The networks by name.
        trouble: Told of what could not be looked at.
    """

    def __init__(self, networks: Mapping[str, nn.Module], trouble: Callable[[str], None]) -> None:
        self._networks, self._trouble = networks, trouble
        self.probes: dict[Probe, int] = {}
        self.closed = {name: any(map(is_closed, net.modules())) for name, net in networks.items()}
        self._leaves = {name: self._leaves_of(name, net) for name, net in networks.items()}
        # Between two steps there may be an evaluation, which a hook would send on another path.
        self._fast = {
            part
            for network in networks.values()
            for module in network.modules()
            if isinstance(module, FAST_PATHS)
            for part in module.modules()
        }
        self._hooks: dict[str, list[tuple[nn.Module, Any, bool]]] = {}
        self._quiet = dict.fromkeys(networks, 0)
        self._step: dict[int, Sample] = {}
        self._attentions: dict[int, torch.Tensor] = {}
        self._functions: dict[str, int] = {}
        self._pending: tuple[Probe, Any, bool] | None = None
        self._channels_second = False
        self.features: torch.Tensor | None = None
        self.codes: torch.Tensor | None = None
        self.codebook = 0
        self.wants_features = False

    def _leaves_of(self, name: str, network: nn.Module) -> list[tuple[str, nn.Module]]:
        inner = getattr(network, "_orig_mod", network)
        prefix = f"{name}." if len(self._networks) > 1 else ""
        closed = [path for path, module in inner.named_modules() if is_closed(module)]
        leaves = [
            (prefix + path, module)
            for path, module in inner.named_modules()
            if not any(path == one or path.startswith(f"{one}.") or not one for one in closed)
            and (
                isinstance(module, nn.MultiheadAttention)
                or (
                    not any(True for _ in module.children())
                    and not any(word in type(module).__name__ for word in _NOT_LOOKED_AT)
                    and not path.endswith("out_proj")
                )
            )
        ]
        if len(leaves) <= MOST_LAYERS:
            return leaves
        return [leaves[k * len(leaves) // MOST_LAYERS] for k in range(MOST_LAYERS)]

    def watch(self, name: str, stack: ExitStack, *, functions: bool) -> None:
        """Attach to the layers of a network until the stack is closed.

        Args:
            name: The network.
            stack: Takes the removal of everything that is attached.
            functions: Whether functions are seen too; only where the forward pass is one call.
        """
        self._functions.clear()
        for module, hook, with_kwargs in self._hooks_of(name):
            if not functions and module in self._fast:
                continue
            handle = module.register_forward_hook(hook, with_kwargs=with_kwargs)
            stack.callback(handle.remove)
        if functions and self._quiet[name] < QUIET and not self.closed[name]:
            self._quiet[name] += 1
            stack.enter_context(FunctionsSeen(self._guarded(partial(self._saw_function, name))))

    def _hooks_of(self, name: str) -> list[tuple[nn.Module, Any, bool]]:
        if name not in self._hooks:
            leaves = self._leaves[name]
            weighted = [m for _, m in leaves if isinstance(m, (nn.Linear, nn.LazyLinear))]
            last = weighted[-1] if weighted else None
            self._hooks[name] = [
                (module, self._attention_hook(path, name), True)
                if isinstance(module, nn.MultiheadAttention)
                else (module, self._hook(path, name, module, is_last=module is last), False)
                for path, module in leaves
            ]
        return self._hooks[name]

    def watch_parts(self, name: str, stack: ExitStack) -> None:
        """Attach to a network whose parts are called by themselves, until the stack is closed.

        Args:
            name: The network.
            stack: Takes the removal of everything that is attached.
        """
        self.watch(name, stack, functions=False)
        modes: list[ExitStack] = []

        def before(module: nn.Module, args: Any) -> None:
            if torch.is_grad_enabled():
                mode = FunctionsSeen(self._guarded(partial(self._saw_function, name)))
                modes.append(ExitStack())
                modes[-1].enter_context(mode)

        def after(module: nn.Module, args: Any, output: Any) -> None:
            if modes:
                modes.pop().close()

        for part in _parts_of(self._networks[name]):
            if part in self._fast or self.closed[name]:
                continue
            stack.callback(part.register_forward_pre_hook(before).remove)
            stack.callback(part.register_forward_hook(after, always_call=True).remove)

    def _hook(self, path: str, network: str, module: nn.Module, *, is_last: bool) -> Any:
        word = type(module).__name__
        probe = (path, ACTIVATIONS.get(word, word), network)
        second = any(part in word for part in _CHANNELS_SECOND)
        activates = word in ACTIVATIONS

        def look(module: nn.Module, args: Any, output: Any) -> None:
            if isinstance(output, tuple) and output:  # recurrent layers
                output = output[0]
            if isinstance(output, torch.nn.utils.rnn.PackedSequence):
                output = output.data
            if not activates:
                self._channels_second = second
            if self._pending is not None:
                if self._pending[1] is output:
                    self._functions[self._pending[0][1]] -= 1  # the module called the function
                    self._pending = None
                self._end_pending()
            self._look(probe, output, self._channels_second)
            if is_last and self.wants_features and args and isinstance(args[0], torch.Tensor):
                self.features = unit_matrix(args[0], False)

        return self._guarded(look, plain=True)

    def _attention_hook(self, path: str, network: str) -> Any:
        def look(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            if isinstance(module, nn.MultiheadAttention):
                numbers = attention.multihead_numbers(module, args, kwargs)
                self._put_attention((path, "attention", network), numbers)

        return self._guarded(look)

    def _guarded(self, look: Callable[..., None], *, plain: bool = False) -> Callable[..., None]:
        """A look that fails is told once; the network's own forward pass goes on.

        Args:
            look: What is called.
            plain: Whether it works with detached tensors and calls no function that is looked at.
        """

        def guarded(*told: Any) -> None:
            if not torch.is_grad_enabled():
                return  # an evaluation between two steps
            try:
                if plain:
                    look(*told)
                    return
                with torch.no_grad(), torch._C.DisableTorchFunction():  # its own calls are not told
                    look(*told)
            except Exception as error:  # a diagnosis must not end a training
                self._trouble(f"a layer could not be looked at: {type(error).__name__}: {error}")

        return guarded

    def _saw_function(
        self, network: str, kind: str, output: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if kind == "argmin":
            self._quiet[network] = 0
            if isinstance(output, torch.Tensor) and output.numel() > 1 and self.codes is None:
                self.codes = output.detach().reshape(-1)[:4096]
                along = kwargs.get("dim", args[1] if len(args) > 1 else None)
                if isinstance(along, int):
                    self.codebook = max(self.codebook, int(args[0].shape[along]))
            return
        if kind == "softmax" and not is_attention(output, args, kwargs):
            return
        kind = "attention" if kind == "softmax" else kind
        if kind != "attention" and len(self._leaves[network]) == MOST_LAYERS:
            return  # of many layers some are looked at: the functions of the others are not
        self._end_pending()
        number = self._functions[kind] = self._functions.get(kind, 0) + 1
        prefix = f"{network}." if len(self._networks) > 1 else ""
        probe = (f"{prefix}{kind} {number}", kind, network)
        if kind != "attention":
            self._pending = (probe, output, self._channels_second)  # until no module claims it
        elif "query" in kwargs or (len(args) >= 2 and isinstance(args[1], torch.Tensor)):
            names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
            given = dict(zip(names, args, strict=False)) | kwargs
            numbers = attention.dot_product_numbers(
                given["query"], given["key"], mask=given.get("attn_mask"),
                causal=bool(given.get("is_causal")), scale=given.get("scale"),
            )  # fmt: skip
            self._put_attention(probe, numbers)
        else:
            sample = output.detach()[: attention.examples_of(output.shape[-2])]
            visible = (sample > 0).sum(-1).float().flatten(0, -2).mean(0).expand(sample.shape[-2])
            self._put_attention(probe, attention.weight_numbers(sample, visible))

    def _end_pending(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            self._quiet[pending[0][2]] = 0
            self._look(*pending)

    def _look(self, probe: Probe, output: Any, channels_second: bool) -> None:
        if not isinstance(output, torch.Tensor) or not output.is_floating_point():
            return
        place = self.probes.setdefault(probe, len(self.probes))
        if place in self._step or not output.numel() or place >= 4 * MOST_LAYERS:
            return
        kind = probe[1] if probe[1] in RANGES else ""
        self._step[place] = unit_matrix(output, channels_second), kind

    def _put_attention(self, probe: Probe, numbers: torch.Tensor | None) -> None:
        if numbers is None:
            return
        self._quiet[probe[2]] = 0
        place = self.probes.setdefault(probe, len(self.probes))
        self._attentions.setdefault(place, numbers)

    def taken(self) -> LayerRow | None:
        """What the step has shown, or None; ready for the next step."""
        self._end_pending()
        samples, self._step = self._step, {}
        attentions, self._attentions = self._attentions, {}
        return LayerRow(samples, attentions) if samples or attentions else None


def _parts_of(network: nn.Module) -> list[nn.Module]:
    """The modules that a loop may call itself: children, and those in lists of modules."""
    parts: list[nn.Module] = []
    for child in network.children():
        if isinstance(child, (nn.ModuleList, nn.ModuleDict)):
            parts += _parts_of(child)
        else:
            parts.append(child)
    return parts
