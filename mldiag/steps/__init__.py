"""The checklist: one folder a step, one line each in `STEPS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:  # the command line reads this list before anything heavy is loaded
    from mldiag.declaration import Experiment
    from mldiag.findings import Check, Diagnosis
    from mldiag.trial_result import TrialResult
    from mldiag.trial_spec import TrialSpec


@dataclass(frozen=True)
class Step:
    """One step of the checklist; its parts are imported when they are first needed.

    A step's folder holds `settings.py` (a frozen `Settings` whose fields are the flags), `plan.py`,
    `diagnose.py`, `plot.py` and `checks/` with the list `CHECKS`.

    Args:
        number: Its place in the checklist.
        name: Name of the command; with underscores, name of the Python function and the folder.
        question: The question it answers.
        reads_data: Whether it also takes data without an experiment, and looks at them before it plans.
        reads_predictions: Whether it looks at the predictions of single rows also where each repeat draws
            its own; they are kept in memory for it.
    """

    number: int
    name: str
    question: str
    reads_predictions: bool = False
    reads_data: bool = False

    @property
    def function_name(self) -> str:
        """Name of the Python function."""
        return self.name.replace("-", "_")

    def settings_type(self) -> type[Any]:
        """The `Settings` class of the step."""
        return cast("type[Any]", self._module("settings").Settings)

    def look(self, experiment: Experiment, tell: Callable[[str, int, int], None]) -> None:
        """Look at the data before anything is planned, where the step does that; tells how far it is."""
        if self.reads_data and experiment.inspected is not None:
            self._module("look").look(experiment.inspected, tell)

    def plan(
        self,
        experiment: Experiment,
        settings: Any,
        results: Sequence[TrialResult] = (),
        remaining_seconds: float | None = None,
    ) -> list[TrialSpec]:
        """Trials to run next, given what has come back; an empty list ends the step."""
        planned = self._module("plan").plan(experiment, settings, results, remaining_seconds)
        return cast("list[TrialSpec]", planned)

    def told_ahead(
        self,
        experiment: Experiment,
        settings: Any,
        specs: Sequence[TrialSpec],
        results: Sequence[TrialResult],
    ) -> list[str]:
        """What a person should know before these trials run; nothing, for most steps."""
        told = getattr(self._module("plan"), "told_ahead", None)
        return [] if told is None else list(told(experiment, settings, specs, results))

    def diagnose(
        self, experiment: Experiment, settings: Any, results: Sequence[TrialResult]
    ) -> Diagnosis:
        """The answer that the results support."""
        return cast("Diagnosis", self._module("diagnose").diagnose(experiment, settings, results))

    def plot(self, diagnosis: Diagnosis) -> Any:
        """A matplotlib `Figure` of the diagnosis."""
        return self._module("plot").plot(diagnosis)

    def figures(self, diagnosis: Diagnosis) -> dict[str, Any]:
        """Every figure by the name of its file, the one that stands for the answer first."""
        own = getattr(self._module("plot"), "figures", None)
        return {"plot": self.plot(diagnosis)} if own is None else dict(own(diagnosis))

    def checks(self) -> Mapping[str, Check]:
        """The step's checks by code."""
        return {check.code: check for check in self._module("checks").CHECKS}

    def _module(self, name: str) -> ModuleType:
        return import_module(f"mldiag.steps.{self.function_name}.{name}")


STEPS = (
    Step(1, "reproduce", "Is it a bug?", reads_predictions=True),
    Step(2, "learning-curve", "Is there enough data?"),
    Step(3, "audit", "Is the data good?", reads_data=True),
    Step(4, "probe", "Where does learning fail?", reads_predictions=True),
    Step(5, "sweep", "Are the hyperparameters right?"),
    Step(6, "capacity", "Is the model itself insufficient?", reads_predictions=True),
)


CHECKUP = Step(7, "checkup", "What should I do next?", reads_predictions=True)
"""All six, ranked in one list."""

COMMANDS = (*STEPS, CHECKUP)
"""Everything that is asked of an experiment."""


def public_fields(settings: Any) -> tuple[Field[Any], ...]:
    """The fields of a settings dataclass, or of its type, that a person sets: they are flags."""
    return tuple(item for item in fields(settings) if not item.metadata.get("internal"))


def step_named(name: str) -> Step:
    """The step with this name, the check-up among them.

    Example:
        >>> step_named("sweep").number
        5
    """
    return next(step for step in COMMANDS if step.name == name)
