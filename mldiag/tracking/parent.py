"""What a command found, as MLflow's parent run shows it: description, curves, numbers, files, data."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mldiag.redaction import redacted
from mldiag.tracking import links, names
from mldiag.tracking.context import DatasetSummary, RunAnswer, RunContext
from mldiag.tracking.description import description
from mldiag.tracking.layout import Point

BATCH = 800
"""Metrics of one request: MLflow takes 1,000 values of all kinds."""

PAGE_WIDTH = 690
"""Widest picture, in pixels, beside which a screen of 1,440 still shows the details of the run."""

SCHEMA_COLUMNS = 1000
"""Columns of the data that are named in MLflow, which takes one megabyte for them."""


@dataclass(frozen=True)
class Place:
    """Where a run stands: MLflow's ids, and those of the children worth comparing."""

    experiment_id: str
    run_id: str
    scored_ids: tuple[str, ...]


def log_answer(
    client: Any,
    place: Place,
    context: RunContext,
    answer: RunAnswer,
    *,
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Write the answer into the parent run; ends nothing.

    Args:
        client: An `MlflowClient`.
        place: The run.
        context: The command.
        answer: What it found.
        rows: The trials as rows of a table.
    """
    figure = _log_figures(client, place.run_id, answer.figures)
    log_points(
        client,
        place.run_id,
        parent_points(answer),
        _params(context),
        at_ms=int(time.time() * 1000),
    )
    if context.dataset is not None:
        _log_dataset(client, place.run_id, context.dataset)
    _log_files(client, place, answer, rows)
    text = description(
        answer,
        command=redacted(context.command),
        run_id=place.run_id,
        figure=figure,
        pages=_pages(place),
    )
    for child in answer.children:
        _nest(client, place.run_id, child)
    client.set_tag(place.run_id, "mldiag.outcome", str(answer.report.get("outcome", "")))
    client.set_tag(place.run_id, "mlflow.note.content", text)


def log_points(
    client: Any, run_id: str, points: Sequence[Point], params: Mapping[str, str], *, at_ms: int
) -> None:
    """Write metrics and parameters in as few requests as MLflow allows."""
    from mlflow.entities import Metric, Param

    # Of two values at one step, lists show the later one: the clock ticks with the order.
    metrics = [
        Metric(point.name, point.value, at_ms + index, point.step)
        for index, point in enumerate(points)
    ]
    entities = [Param(name, value) for name, value in params.items()]
    client.log_batch(run_id, metrics=metrics[:BATCH], params=entities)
    for start in range(BATCH, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + BATCH])


def parent_points(answer: RunAnswer) -> list[Point]:
    """The numbers and the curves of an answer as metrics; what is not finite is left out.

    Example:
        >>> parent_points(RunAnswer({}, curves={"curve/mean": {90: 0.5}}, scalars={"gain": float("nan")}))
        [Point(name='curve/mean', value=0.5, step=90)]
    """
    report = answer.report
    trials = report.get("trials") or {}
    numbers = {
        **answer.scalars,
        "cost_seconds": report.get("cost_seconds"),
        "trials": trials.get("planned"),
        "trials_failed": trials.get("failed") or None,
    }
    series = {name: {0: value} for name, value in numbers.items()} | dict(answer.curves)
    written = names.keys(series)
    return [
        Point(written[name], float(value), int(step))
        for name, by_step in series.items()
        for step, value in sorted(by_step.items())
        if value is not None and math.isfinite(value)
    ]


def _params(context: RunContext) -> dict[str, str]:
    settings = {"metric": context.metric, **context.settings}
    written = names.keys(settings)
    return {
        written[name]: redacted(str(value))[: names.VALUE_LENGTH]  # cut last: no half of an address
        for name, value in settings.items()
        if value is not None and value not in ("", (), [], {})
    }


def _nest(client: Any, run_id: str, child: str) -> None:
    """Put a run below this one, unless it stands below another or is gone."""
    from mlflow.exceptions import MlflowException

    try:
        if "mlflow.parentRunId" not in client.get_run(child).data.tags:
            client.set_tag(child, "mlflow.parentRunId", run_id)
    except MlflowException:  # deleted meanwhile, or in another store
        return


def _pages(place: Place) -> str:
    """Links that hold on whatever server shows the run: they begin with the page's own address."""
    charts = links.charts_link("", place.experiment_id, place.run_id)
    pages = [f"[Charts of this run]({charts.removeprefix('/')})"]
    if len(place.scored_ids) > 1:
        compare = links.compare_link("", place.experiment_id, place.scored_ids)
        pages.append(f"[Compare the trials]({compare.removeprefix('/')})")
    return " · ".join(pages)


def _log_figures(client: Any, run_id: str, figures: Sequence[str]) -> str | None:
    """Log every figure; returns the one for the description: the SVG, which is sharp on every screen."""
    files = [figure for figure in map(Path, figures) if figure.is_file()]
    for file in files:
        if file.suffix == ".svg":
            client.log_text(run_id, fit_to_page(file.read_text(encoding="utf-8")), file.name)
        else:
            client.log_artifact(run_id, str(file))
    kinds = {file.suffix: file.name for file in reversed(files)}
    return kinds.get(".svg") or kinds.get(".png")


def fit_to_page(svg: str) -> str:
    """Limit the natural size of a drawing: MLflow shows pictures at theirs, beside the run's details.

    Example:
        >>> fit_to_page('<svg width="576pt" height="345.6pt" viewBox="0 0 576 345.6"><g/></svg>')
        '<svg width="690" height="414" viewBox="0 0 576 345.6"><g/></svg>'
    """
    root = re.search(r"<svg\b[^>]*>", svg)
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', root[0]) if root else None
    if root is None or box is None:
        return svg
    width, height = float(box[1]), float(box[2])
    page_width = min(PAGE_WIDTH, width / 0.75)  # a point is 4/3 pixels
    sized = re.sub(r'\bwidth="[^"]*"', f'width="{page_width:.0f}"', root[0], count=1)
    page_height = page_width * height / width
    sized = re.sub(r'\bheight="[^"]*"', f'height="{page_height:.0f}"', sized, count=1)
    return svg.replace(root[0], sized, 1)


def _log_files(
    client: Any, place: Place, answer: RunAnswer, rows: Sequence[Mapping[str, Any]]
) -> None:
    ids = {"experiment_id": place.experiment_id, "run_id": place.run_id}
    report = {**answer.report, "mlflow": ids}
    text = json.dumps(report, indent=2, allow_nan=False)
    client.log_text(place.run_id, redacted(text), "report.json")
    if rows:
        columns = dict.fromkeys(name for row in rows for name in row)
        table = {name: [row.get(name) for row in rows] for name in columns}
        client.log_table(place.run_id, table, "trials.json")


def _log_dataset(client: Any, run_id: str, data: DatasetSummary) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.exceptions import MlflowException

    columns = [
        {"name": name, "type": column_type(kind)} for name, kind in data.columns[:SCHEMA_COLUMNS]
    ]
    profile = {"num_rows": data.rows} | ({"num_columns": len(data.columns)} if columns else {})
    entity = Dataset(
        name=data.name[:500],
        digest=data.digest[:36],
        source_type="local",
        source=json.dumps({"uri": redacted(data.source or data.name)}),
        schema=json.dumps({"mlflow_colspec": columns}) if columns else None,
        profile=json.dumps(profile),
    )
    tags = [InputTag("mlflow.data.context", "training")]
    inputs = [DatasetInput(entity, tags=tags)]
    try:
        client.log_inputs(run_id, datasets=inputs)
    except (
        MlflowException
    ):  # another command wrote the same dataset at this moment: now it is known
        client.log_inputs(run_id, datasets=inputs)


def column_type(kind: str) -> str:
    """MLflow's word for a column's type.

    Example:
        >>> column_type("float64"), column_type("int8"), column_type("str"), column_type("bool")
        ('double', 'long', 'string', 'boolean')
    """
    words = {"float": "double", "uint": "long", "int": "long", "bool": "boolean"}
    words["datetime"] = "datetime"
    return next((word for start, word in words.items() if kind.lower().startswith(start)), "string")
