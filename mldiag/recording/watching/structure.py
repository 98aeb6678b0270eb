"""What a watched training is made of: networks, their parameters by name, optimizers and their settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from mldiag.errors import MldiagError

_SETTINGS = ("lr", "initial_lr", "momentum", "weight_decay", "betas", "eps", "nesterov", "alpha")
"""Settings of optimizers that are kept."""


@dataclass(frozen=True, eq=False)
class Parameter:
    """A parameter tensor and where it is.

    Args:
        name: Its name, with the network's in front where there are several.
        tensor: The tensor itself.
        network: Name of its network.
        layer: Name of the module that holds it.
        module: Class of that module.
    """

    name: str
    tensor: nn.Parameter
    network: str
    layer: str
    module: str


@dataclass(frozen=True, eq=False)
class Structure:
    """Networks by name, their parameters in order, and the optimizers.

    Args:
        networks: Networks by name: the given roles, else `network`, else `network0` and so on.
        parameters: Every parameter once, in the order of the networks.
        optimizers: The optimizers, in the order given.
        strays: Parameters that an optimizer steps and that are in none of the networks.
    """

    networks: Mapping[str, nn.Module]
    parameters: tuple[Parameter, ...]
    optimizers: tuple[torch.optim.Optimizer, ...]
    strays: int

    def columns(self) -> dict[int, int]:
        """Column of each parameter tensor, by its address."""
        return {id(parameter.tensor): place for place, parameter in enumerate(self.parameters)}


def structure_of(networks: Any, optimizers: Any, roles: Sequence[str] | None = None) -> Structure:
    """Put together what is watched.

    Args:
        networks: One module, a list or tuple of them, or a dictionary by name.
        optimizers: One optimizer, a list of them, or None where the loop changes the weights by itself.
        roles: Names of the networks, such as ("generator", "discriminator").

    Raises:
        MldiagError: If something is of a wrong kind, or no network has a parameter.
    """
    named = _networks(networks, roles)
    parameters: list[Parameter] = []
    seen: set[int] = set()
    for name, network in named.items():
        prefix = f"{name}." if len(named) > 1 else ""
        for inner, tensor in network.named_parameters():
            if id(tensor) in seen:
                continue
            seen.add(id(tensor))
            layer, _, _ = inner.rpartition(".")
            kind = type(network.get_submodule(layer)).__name__ if layer else type(network).__name__
            parameters.append(Parameter(prefix + inner, tensor, name, prefix + layer, kind))
    if not parameters:
        kinds = ", ".join(type(network).__name__ for network in named.values())
        raise MldiagError(
            f"{kinds} has no parameters",
            expected="a network with something to train",
            hint="mldiag.watch(net, optimizer)",
        )
    listed = _optimizers(optimizers)
    stepped = {id(p) for optimizer in listed for p in _parameters_of(optimizer)}
    return Structure(named, tuple(parameters), listed, len(stepped - seen))


def _networks(networks: Any, roles: Sequence[str] | None) -> dict[str, nn.Module]:
    if isinstance(networks, Mapping):
        named = {str(name): network for name, network in networks.items()}
    else:
        listed = list(networks) if isinstance(networks, (list, tuple)) else [networks]
        if roles is not None and len(roles) != len(listed):
            raise MldiagError(
                f"{len(listed)} networks and {len(roles)} roles were given",
                expected="one role for each network",
                hint='mldiag.watch([g, d], [og, od], roles=("generator", "discriminator"))',
            )
        names = [str(role) for role in roles or ()]
        if not names:
            names = ["network"] if len(listed) == 1 else [f"network{k}" for k in range(len(listed))]
        named = dict(zip(names, listed, strict=True))
    for network in named.values():
        if not isinstance(network, nn.Module):
            raise MldiagError(
                f"a network is a {type(network).__name__}",
                expected="a torch.nn.Module, or a list of them",
                hint="mldiag.watch(net, optimizer)",
            )
    if not named:
        raise MldiagError("no network was given", hint="mldiag.watch(net, optimizer)")
    return named


def _optimizers(optimizers: Any) -> tuple[torch.optim.Optimizer, ...]:
    if optimizers is None:
        return ()
    listed = list(optimizers) if isinstance(optimizers, (list, tuple)) else [optimizers]
    plain = []
    for optimizer in listed:
        inner = getattr(optimizer, "optimizer", None)  # wrappers such as Accelerate's
        if isinstance(inner, torch.optim.Optimizer) or (
            not isinstance(optimizer, torch.optim.Optimizer) and inner is not None
        ):
            optimizer = inner
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise MldiagError(
                f"an optimizer is a {type(optimizer).__name__}",
                expected="a torch.optim.Optimizer, or a list of them",
                hint="mldiag.watch(net, optimizer)",
            )
        plain.append(optimizer)
    return tuple(plain)


def _parameters_of(optimizer: torch.optim.Optimizer) -> Iterable[torch.Tensor]:
    for group in optimizer.param_groups:
        yield from group["params"]


def parameter_facts(structure: Structure, left_out: set[int]) -> list[dict[str, Any]]:
    """What is told of each parameter: name, layer, shape, whether it trains and which optimizer steps it.

    Args:
        structure: What is watched.
        left_out: Columns of parameters that got a gradient and that no optimizer steps.
    """
    stepped_by: dict[int, int] = {}
    decays: dict[int, float] = {}
    for number, optimizer in enumerate(structure.optimizers):
        for group in optimizer.param_groups:
            for tensor in group["params"]:
                stepped_by[id(tensor)] = number
                decays[id(tensor)] = float(group.get("weight_decay") or 0.0)
    return [
        {
            "name": parameter.name,
            "network": parameter.network,
            "layer": parameter.layer,
            "module": parameter.module,
            "shape": list(parameter.tensor.shape),
            "matrix": parameter.tensor.dim() >= 2,
            "trainable": bool(parameter.tensor.requires_grad),
            "optimizer": stepped_by.get(id(parameter.tensor)),
            "weight_decay": decays.get(id(parameter.tensor), 0.0),
            "left_out": place in left_out,
            "untouched": not parameter.tensor.requires_grad and is_random_start(parameter.tensor),
        }
        for place, parameter in enumerate(structure.parameters)
    ]


def is_random_start(tensor: torch.Tensor) -> bool:
    """Whether a matrix looks as torch initialises it: even between two bounds set by its width.

    Trained weights do not stay so; a layer that is frozen and looks so was frozen before it learned anything.
    """
    if tensor.dim() < 2 or tensor.numel() < 64 or not tensor.is_floating_point() or tensor.is_meta:
        return False
    values = tensor.detach().reshape(-1)[:65_536].float()
    bound = float(tensor[0].numel()) ** -0.5
    largest, spread = float(values.abs().max()), float(values.std())
    evenly = abs(spread * 3**0.5 / bound - 1.0) < 0.05
    return bool(0.9 * bound < largest <= 1.0001 * bound and evenly)


def optimizer_facts(structure: Structure) -> list[dict[str, Any]]:
    """Class and settings of each optimizer, one mapping a parameter group."""
    return [
        {
            "class": type(optimizer).__name__,
            "groups": [
                {name: _plain(group[name]) for name in _SETTINGS if name in group}
                for group in optimizer.param_groups
            ],
        }
        for optimizer in structure.optimizers
    ]


def network_facts(structure: Structure) -> list[dict[str, Any]]:
    """Name, class, number of parameters, whether compiled, and which kinds of modules it has."""
    facts = []
    for name, network in structure.networks.items():
        kinds: dict[str, int] = {}
        for module in network.modules():
            kinds[type(module).__name__] = kinds.get(type(module).__name__, 0) + 1
        facts.append(
            {
                "name": name,
                "class": type(network).__name__,
                "parameters": sum(p.numel() for p in network.parameters()),
                "compiled": is_compiled(network),
                "modules": kinds,
                "dropout": [
                    float(m.p)
                    for m in network.modules()
                    if isinstance(m, nn.modules.dropout._DropoutNd)
                ],
            }
        )
    return facts


def is_compiled(network: nn.Module) -> bool:
    """Whether torch.compile made it, or was told to compile it in place."""
    return (
        hasattr(network, "_orig_mod") or getattr(network, "_compiled_call_impl", None) is not None
    )


def refuse_watched(networks: Mapping[str, nn.Module], watched: Iterable[nn.Module]) -> None:
    """Refuse networks of which a part is in a network that is being watched.

    Args:
        networks: Networks by name.
        watched: Networks that are being watched.

    Raises:
        MldiagError: If there is one.
    """
    taken = {module for network in watched for module in network.modules()}
    for name, network in networks.items():
        if any(module in taken for module in network.modules()):
            raise MldiagError(
                f"{name} ({type(network).__name__}), or a part of it, is being watched already",
                expected="one watch a network at a time",
                hint="end the first one: leave its with block, or call its close()",
            )


def is_closed(module: nn.Module) -> bool:
    """Whether what goes on inside cannot be seen by hooks, or only at the price of compiling it again."""
    return is_compiled(module) or isinstance(module, torch.jit.ScriptModule)


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return float(value) if value.numel() == 1 else None
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else None
