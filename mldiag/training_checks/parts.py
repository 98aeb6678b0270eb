"""What a user gives of a training loop: the parts, or a function that builds them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mldiag.errors import MldiagError, unknown_name

TASKS = (
    "classification", "multilabel", "regression", "segmentation", "language_model", "autoencoder",
    "vae", "gan", "self_supervised", "vector_quantized",
)  # fmt: skip

REQUIRED = {
    "model": "the network, or a list of networks",
    "step": "a function step(batch) that does one whole update and returns loss, outputs and targets",
    "train_batches": "a function train_batches(epoch) that gives the batches of an epoch",
}

OPTIONAL = {
    "optimizers": "the optimizer, or a list of them",
    "loss_fn": "a function loss_fn(outputs, targets)",
    "evaluate": "a function evaluate() that returns {name: score}",
    "eval_batch": "one batch of validation rows, made like a training batch",
    "end_epoch": "a function end_epoch(epoch), where a scheduler steps",
    "epochs": "the number of epochs",
    "task": "a task word",
}

ALIASES = {"models": "model", "optimizer": "optimizers"}


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a loop, checked and in one form."""

    models: dict[str, Any]
    step: Callable[[Any], Any]
    train_batches: Callable[[int], Iterable[Any]]
    optimizers: tuple[Any, ...] = ()
    loss_fn: Callable[..., Any] | None = None
    evaluate: Callable[[], Any] | None = None
    eval_batch: Any = None
    end_epoch: Callable[[int], Any] | None = None
    epochs: int | None = None
    task: str | None = None

    def has(self, name: str) -> bool:
        """Whether a part was given."""
        value = getattr(self, "models" if name == "model" else name)
        return value is not None and not (isinstance(value, (tuple, dict)) and not value)

    @property
    def name(self) -> str:
        """What a report calls the loop: the classes of its networks."""
        return " + ".join(dict.fromkeys(type(model).__name__ for model in self.models.values()))


def built(build: Callable[..., Any], seed: int) -> dict[str, Any]:
    """Call `build(seed)` and give what it returned as a dictionary.

    Args:
        build: Returns a mapping, a dataclass or any object with the parts as attributes.
        seed: Passed on.

    Raises:
        MldiagError: If it returns anything else.
    """
    made = build(seed) if _takes_an_argument(build) else build()
    if isinstance(made, Mapping):
        return dict(made)
    names = {*REQUIRED, *OPTIONAL, *ALIASES}
    found = {name: getattr(made, name) for name in sorted(names) if hasattr(made, name)}
    if not found or isinstance(made, type):
        raise MldiagError(
            f"build returned a {type(made).__name__}",
            expected="a dictionary, or an object, with " + ", ".join(REQUIRED),
            hint='return {"model": model, "optimizers": [optimizer], "step": step, "train_batches": batches}',
        )
    return found


def parts_of(given: Mapping[str, Any]) -> Parts:
    """Check what was given.

    Args:
        given: Parts by name; None means not given.

    Raises:
        MldiagError: If a required part is missing or a part is of a wrong kind.
    """
    values: dict[str, Any] = {}
    for name, value in given.items():
        known = ALIASES.get(name, name)
        if known not in REQUIRED and known not in OPTIONAL:
            raise unknown_name("part of a loop", name, [*REQUIRED, *OPTIONAL])
        if value is not None:
            values[known] = value
    _check_required(values)
    task = values.get("task")
    if task is not None and task not in TASKS:
        raise unknown_name("task", str(task), TASKS)
    for name in ("loss_fn", "evaluate", "end_epoch"):
        if name in values and not callable(values[name]):
            raise MldiagError(f"{name} is a {type(values[name]).__name__}", expected=OPTIONAL[name])
    return Parts(
        models=_models(values["model"]),
        step=values["step"],
        train_batches=_batches(values["train_batches"]),
        optimizers=_optimizers(values.get("optimizers", ())),
        loss_fn=values.get("loss_fn"),
        evaluate=values.get("evaluate"),
        eval_batch=_eval_batch(values.get("eval_batch")),
        end_epoch=values.get("end_epoch"),
        epochs=values.get("epochs"),
        task=task,
    )


def _check_required(values: Mapping[str, Any]) -> None:
    for name, what in REQUIRED.items():
        if name not in values:
            raise MldiagError(
                f"{name}= is missing: without it none of the checks can run",
                expected=what,
                hint="mldiag.diagnose_training(build=build), or model=, optimizers=, step=, "
                "train_batches=",
            )
    if not callable(values["step"]):
        raise MldiagError(f"step is a {type(values['step']).__name__}", expected=REQUIRED["step"])


def _models(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        named = {str(key): model for key, model in value.items()}
    elif isinstance(value, (list, tuple)):
        named = {f"model{i}": model for i, model in enumerate(value)}
    else:
        named = {"model": value}
    for model in named.values():
        if not (hasattr(model, "named_parameters") and hasattr(model, "modules")):
            raise MldiagError(
                f"model is a {type(model).__name__}",
                expected="a torch.nn.Module, or a list of them",
            )
    if not named:
        raise MldiagError("model is an empty list", expected=REQUIRED["model"])
    return named


def _optimizers(value: Any) -> tuple[Any, ...]:
    many = value.values() if isinstance(value, Mapping) else value
    found = tuple(many) if not hasattr(value, "param_groups") else (value,)
    for optimizer in found:
        if not hasattr(optimizer, "param_groups"):
            raise MldiagError(
                f"an optimizer is a {type(optimizer).__name__}",
                expected="a torch.optim.Optimizer, or a list of them",
            )
    return found


def _batches(value: Any) -> Callable[[int], Iterable[Any]]:
    if callable(value):
        return value if _takes_an_argument(value) else lambda epoch: value()
    if not hasattr(value, "__iter__") or hasattr(value, "__next__"):
        raise MldiagError(
            f"train_batches is a {type(value).__name__}",
            expected=f"{REQUIRED['train_batches']}; an iterator would be used up by the first "
            "check",
            hint="train_batches=lambda epoch: loader",
        )
    return lambda epoch: value


def _eval_batch(value: Any) -> Any:
    """A batch, or what a function without arguments gives; a one-shot loader gives its first batch."""
    if callable(value) and not _takes_an_argument(value):
        return value()
    return value


def _takes_an_argument(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    kinds = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    return any(p.kind not in kinds for p in parameters)
