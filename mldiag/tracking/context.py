"""What the projection of a run is made from, as plain data that the store can keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from mldiag.findings import Diagnosis, Report, Table, plain


@dataclass(frozen=True)
class DatasetSummary:
    """The data of a run, as MLflow's dataset column shows it.

    Args:
        name: File name or experiment name.
        digest: Fingerprint of the data.
        rows: Number of rows; 0 where unknown.
        columns: `(name, type)` of each column, as far as known.
        source: Path or description of where it came from.
    """

    name: str
    digest: str
    rows: int = 0
    columns: tuple[tuple[str, str], ...] = ()
    source: str = ""


@dataclass(frozen=True)
class RunContext:
    """What is known of a command when it starts.

    Args:
        run_id: mldiag's own id of the run; a run is projected once.
        experiment: Name of the experiment.
        step: Name of the step.
        command: The command line that repeats it.
        metric: Name of the metric.
        maximize: Whether a larger value is better.
        started: Start, in seconds since 1970.
        code_digest: Digest of the train function.
        settings: The step's settings: name -> plain value.
        defaults: Default value of every parameter.
        log_params: Parameters on a logarithmic scale.
        dataset: The data, where mldiag sees it.
        environment: Revision, versions, processor and threads, as short texts.
    """

    run_id: str
    experiment: str
    step: str
    command: str
    metric: str
    maximize: bool
    started: float
    code_digest: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    log_params: tuple[str, ...] = ()
    dataset: DatasetSummary | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunAnswer:
    """What a command found.

    Args:
        report: `Report.to_dict()`.
        curves: Series for the charts: name -> {integer step: value}.
        scalars: Numbers for the table of runs.
        tables: Small tables of ready text.
        figures: Files to show; an SVG, else a PNG of them stands in the description.
        wall_seconds: How long the command took; 0 for "until now".
        children: MLflow's ids of the runs that stand below this one, such as the steps of a check-up.
    """

    report: Mapping[str, Any]
    curves: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    scalars: Mapping[str, float] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    figures: tuple[str, ...] = ()
    wall_seconds: float = 0.0
    children: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        report: Report,
        diagnosis: Diagnosis,
        *,
        figures: Sequence[str] = (),
        wall_seconds: float = 0.0,
    ) -> RunAnswer:
        """Take what is shown from a report and its diagnosis."""
        return cls(
            report.to_dict(),
            diagnosis.curves(),
            diagnosis.scalars(),
            diagnosis.tables or report.tables,
            tuple(map(str, figures or report.figures)),
            wall_seconds,
            tuple(str(one.mlflow["run_id"]) for one in report.steps if one.mlflow),
        )


@dataclass(frozen=True)
class Projection:
    """Everything but the trials: with them, `mldiag sync` can show the run later.

    Example:
        >>> context = RunContext("r1", "digits", "sweep", "mldiag sweep", "accuracy", True, 0.0)
        >>> whole = Projection(context, RunAnswer({"outcome": "passed"}, curves={"a": {1: 0.5}}))
        >>> Projection.from_dict(whole.to_dict()) == whole
        True
    """

    context: RunContext
    answer: RunAnswer

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON data."""
        return {"context": plain(self.context), "answer": plain(self.answer)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Projection:
        """Read what `to_dict` made, also after a trip through JSON; unknown keys are ignored."""
        context = _known(RunContext, data["context"])
        context["log_params"] = tuple(context.get("log_params", ()))
        if context.get("dataset"):
            dataset = _known(DatasetSummary, context["dataset"])
            dataset["columns"] = tuple((name, kind) for name, kind in dataset.get("columns", ()))
            context["dataset"] = DatasetSummary(**dataset)
        answer = _known(RunAnswer, data["answer"])
        answer["curves"] = {
            name: {
                int(step): float("nan") if value is None else value
                for step, value in points.items()
            }
            for name, points in answer.get("curves", {}).items()
        }
        answer["tables"] = tuple(
            Table(table["title"], tuple(table["columns"]), tuple(map(tuple, table["rows"])))
            for table in answer.get("tables", ())
        )
        for name in ("figures", "children"):
            answer[name] = tuple(answer.get(name, ()))
        return cls(RunContext(**context), RunAnswer(**answer))


def _known(kind: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass in plain data; one of another kind than its annotation is refused.

    Raises:
        TypeError: If a value is of another kind.
    """
    found = {}
    for item in fields(kind):
        if item.name not in data:
            continue
        value, wanted = data[item.name], str(item.type).partition("[")[0]
        if not isinstance(value, _JSON_KINDS.get(wanted, object)):
            raise TypeError(f"{item.name} is a {type(value).__name__}")
        found[item.name] = value
    return found


_JSON_KINDS: dict[str, Any] = {
    "str": str, "bool": bool, "int": int, "float": (int, float), "Mapping": dict, "tuple": (list, tuple),
}  # fmt: skip
"""How JSON holds what a field is annotated with; what can be several is left to its reader."""
