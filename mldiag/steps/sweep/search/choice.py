"""Which method searches, and why, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from mldiag.errors import MldiagError
from mldiag.steps.sweep.search.space import Space
from mldiag.steps.sweep.settings import Settings
from mldiag.wording import duration, plural


@dataclass(frozen=True)
class Limits:
    """When `auto` takes which method; from benchmarks/search_methods.py, except where a source is named.

    Args:
        gp_seconds: Time that the Gaussian process takes to name one point (measured: 45 to 80 ms).
        sampler_share: Share of a training's time that naming a point may take.
        gp_points: Most points for a Gaussian process, whose time grows with their cube.
        model_points: Fewer points than this are all spent on filling the space.
    """

    gp_seconds: float = 0.08
    sampler_share: float = 0.2
    gp_points: int = 200
    model_points: int = 8


LIMITS = Limits()


@dataclass(frozen=True)
class Choice:
    """A method, and the sentence that says why."""

    method: str
    reason: str


def chosen_method(space: Space, settings: Settings, trial_seconds: float | None) -> Choice:
    """The method that searches.

    Args:
        space: What is searched.
        settings: The step's settings.
        trial_seconds: Time of one training, in seconds; None where it is not known.

    Raises:
        MldiagError: If the method cannot search this space, or needs a package that is not installed.
    """
    asked = settings.search or "auto"
    shape = _shape(space, settings)
    if asked == "gp":
        _check_torch()
    if asked == "cmaes":
        _check_numeric(space)
    if asked != "auto":
        return Choice(asked, f"{asked}, as asked: {shape}")
    if space.size <= settings.trials:
        return Choice("grid", f"grid: {shape}, which is every point there is")
    if settings.trials <= LIMITS.model_points:
        return Choice(
            "random", f"random, spread evenly: {shape}, too few for a model to learn from"
        )
    if space.conditional:
        some = " and ".join(space.conditional)
        return Choice("tpe", f"tpe: {shape}, and {some} acts at some of them only")
    return _model(shape, settings, trial_seconds)


def fallback(choice: Choice) -> Choice:
    """What searches instead of a Hyperband that has nothing to cut."""
    shape = choice.reason.partition(": ")[2]
    return Choice(
        "tpe",
        f"tpe instead of hyperband: {shape}, but the training reports nothing on its way, and its rows are "
        "too few or cannot be varied",
    )


def _model(shape: str, settings: Settings, trial_seconds: float | None) -> Choice:
    if find_spec("torch") is None:
        return Choice("tpe", f"tpe: {shape}; a Gaussian process would need PyTorch")
    if settings.trials > LIMITS.gp_points:
        return Choice("tpe", f"tpe: {shape}, too many for a Gaussian process")
    if trial_seconds is not None and trial_seconds * LIMITS.sampler_share < LIMITS.gp_seconds:
        taken = duration(trial_seconds)
        return Choice(
            "tpe", f"tpe: {shape}, and {taken} a training is too short to think longer about"
        )
    seconds = "" if trial_seconds is None else f" of {duration(trial_seconds)} a training"
    return Choice("gp", f"gp: {shape}{seconds}, worth a careful choice of each")


def _shape(space: Space, settings: Settings) -> str:
    choices = sum(not axis.numeric for axis in space.axes)
    kinds = f" ({choices} of them {'a choice' if choices == 1 else 'choices'})" if choices else ""
    return f"{plural(len(space.axes), 'parameter')}{kinds}, {plural(settings.trials, 'point')}"


def _check_torch() -> None:
    if find_spec("torch") is None:
        raise MldiagError(
            "--search gp needs PyTorch, which is not installed",
            expected="torch, or another method",
            hint="pip install 'mldiag[torch]'   or   --search tpe",
        )


def _check_numeric(space: Space) -> None:
    if not space.numeric:
        odd = [
            a.name for a in space.axes if a.explicit or not a.numeric or a.name in space.conditional
        ]
        raise MldiagError(
            f"--search cmaes knows numbers only, and {' and '.join(odd)} is no number that always acts",
            expected="ranges of numbers, or another method",
            hint="--search tpe",
        )
    if len(space.axes) < 2:
        raise MldiagError(
            f"--search cmaes needs two parameters, and only {space.axes[0].name} is searched",
            expected="two or more",
            hint="--search tpe",
        )
