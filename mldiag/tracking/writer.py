"""Writes a command and its trials through MLflow's client: one parent run, one child run a trial."""

from __future__ import annotations

import contextlib
import getpass
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mldiag import __version__
from mldiag.tracking import layout, names
from mldiag.tracking.context import RunAnswer, RunContext
from mldiag.tracking.description import description
from mldiag.tracking.destination import redacted
from mldiag.trial_result import TrialResult

BATCH = 1000
"""Most metrics of one request."""

RUNNING_NAME = "running …"


class RunWriter:
    """One command's runs in one experiment; every method is one or a few requests.

    Args:
        client: An `MlflowClient`.
        experiment_id: MLflow's id of the experiment.
        context: What is known of the command.
        process: Who writes, as `host.this_process()` tells it.
    """

    def __init__(
        self, client: Any, experiment_id: str, context: RunContext, *, process: Mapping[str, str]
    ) -> None:
        self.client, self.experiment_id, self.context = client, experiment_id, context
        self.run_id = ""
        self.complete = False
        self.child_ids: list[str] = []
        self._rows: list[dict[str, Any]] = []
        self._children: list[tuple[str, TrialResult, frozenset[str]]] = []
        self._known: dict[str, str] = {}
        self._process = process

    def open(self) -> None:
        """Create the parent run, or find the one that an earlier attempt left."""
        found = self._find_parent()
        if found is not None:
            self.run_id = found.info.run_id
            self.complete = found.data.tags.get("mldiag.complete") == "yes"
            self._known = self._find_children()
            self.child_ids = list(self._known.values())
            return
        context = self.context
        tags = {
            "mldiag.run_id": context.run_id,
            "mldiag.step": context.step,
            "mldiag.version": __version__,
            "mldiag.code_digest": context.code_digest,
            "mldiag.command": redacted(context.command)[: names.TAG_LENGTH],
            "mlflow.source.name": redacted(context.command)[: names.TAG_LENGTH],
            "mlflow.source.type": "LOCAL",
            "mlflow.user": _user(),
            **self._process,
        }
        run = self.client.create_run(
            self.experiment_id,
            start_time=int(context.started * 1000),
            tags={name: value for name, value in tags.items() if value},
            run_name=RUNNING_NAME,
        )
        self.run_id = run.info.run_id

    def add_child(
        self,
        result: TrialResult,
        *,
        varying: Sequence[str],
        rank: int,
        cached: bool,
        finished: float,
    ) -> None:
        """Write one trial, unless an earlier attempt did."""
        child = layout.child_run(
            result,
            self.context,
            varying=varying,
            rank=rank,
            cached=cached,
            finished=finished,
        )
        self._rows.append(_table_row(result, child.name, cached=cached))
        if result.spec.digest in self._known:
            return
        run = self.client.create_run(
            self.experiment_id,
            start_time=child.start_ms,
            tags={"mlflow.parentRunId": self.run_id, **child.tags},
            run_name=child.name,
        )
        run_id = run.info.run_id
        self._log(run_id, child.points, child.params, child.start_ms)
        self._terminate(run_id, child.status, child.end_ms)
        self.child_ids.append(run_id)
        self._children.append((run_id, result, frozenset(child.params)))

    def finish(self, answer: RunAnswer, *, varying: Sequence[str]) -> None:
        """Write what the command found, and end the parent run."""
        self._add_late_params(varying)
        figure = self._log_figures(answer.figures)
        self._log_parent_numbers(answer)
        self._log_dataset()
        self._log_files(answer)
        text = description(
            answer, command=redacted(self.context.command), run_id=self.run_id, figure=figure
        )
        report = answer.report
        tags = {
            "mlflow.note.content": text,
            "mldiag.outcome": str(report.get("outcome", "")),
            "mldiag.complete": "yes",
        }
        self._tag(self.run_id, tags)
        headline = report.get("headline") or report.get("outcome") or self.context.step
        self.client.update_run(self.run_id, name=str(headline)[: names.KEY_LENGTH])
        ended = self.context.started + answer.wall_seconds if answer.wall_seconds else time.time()
        self._terminate(self.run_id, "FINISHED", int(max(ended, self.context.started) * 1000))
        self.complete = True

    def abandon(self) -> None:
        """End the parent run of a command that was interrupted."""
        self.client.update_run(self.run_id, name="interrupted")
        self._terminate(self.run_id, "KILLED", int(time.time() * 1000))

    def _find_parent(self) -> Any:
        found = self.client.search_runs(
            [self.experiment_id],
            filter_string=f"tags.`mldiag.run_id` = '{self.context.run_id}'",
            max_results=1,
        )
        return found[0] if found else None

    def _find_children(self) -> dict[str, str]:
        known: dict[str, str] = {}
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment_id],
                filter_string=f"tags.`mlflow.parentRunId` = '{self.run_id}'",
                max_results=1000,
                page_token=token,
            )
            for run in page:
                if run.info.status != "RUNNING":  # a half-written child is written anew
                    known[run.data.tags.get("mldiag.trial", "")] = run.info.run_id
                else:
                    self.client.delete_run(run.info.run_id)
            token = page.token
            if not token:
                return known

    def _log(
        self, run_id: str, points: Sequence[layout.Point], params: Mapping[str, str], at_ms: int
    ) -> None:
        from mlflow.entities import Metric, Param

        # The later of two values at one step is the one that lists show: the clock ticks with the order.
        metrics = [
            Metric(point.name, point.value, at_ms + index, point.step)
            for index, point in enumerate(points)
        ]
        for start in range(0, max(1, len(metrics)), BATCH - 100):
            batch = metrics[start : start + BATCH - 100]
            first = [Param(name, value) for name, value in params.items()] if start == 0 else []
            if batch or first:
                self.client.log_batch(run_id, metrics=batch, params=first)

    def _add_late_params(self, varying: Sequence[str]) -> None:
        """Give earlier children the parameters that only later trials moved."""
        from mlflow.entities import Param

        for run_id, result, written in self._children:
            wanted = layout.trial_params(result, self.context, varying)
            missing = [Param(name, value) for name, value in wanted.items() if name not in written]
            if missing:
                self.client.log_batch(run_id, params=missing)

    def _log_parent_numbers(self, answer: RunAnswer) -> None:
        report = answer.report
        trials = report.get("trials") or {}
        scalars = {
            **answer.scalars,
            "cost_seconds": report.get("cost_seconds"),
            **{f"trials_{name}": count for name, count in trials.items()},
        }
        points = [
            layout.Point(name, float(value), 0)
            for name, value in scalars.items()
            if value is not None and math.isfinite(value)
        ]
        points += [
            layout.Point(name, float(value), int(step))
            for name, series in answer.curves.items()
            for step, value in sorted(series.items())
            if value is not None and math.isfinite(value)
        ]
        written = names.keys(dict.fromkeys(point.name for point in points))
        points = [layout.Point(written[p.name], p.value, p.step) for p in points]
        settings = {**self.context.settings, "metric": self.context.metric}
        keys = names.keys(settings)
        params = {
            keys[name]: str(value)[: names.VALUE_LENGTH]
            for name, value in settings.items()
            if value not in (None, "", (), [])
        }
        self._log(self.run_id, points, params, int(time.time() * 1000))

    def _log_dataset(self) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        data = self.context.dataset
        if data is None:
            return
        columns = [{"name": name, "type": kind} for name, kind in data.columns[:1000]]
        entity = Dataset(
            name=data.name[:500],
            digest=data.digest[:36],
            source_type="local",
            source=json.dumps({"uri": redacted(data.source or data.name)}),
            schema=json.dumps({"mlflow_colspec": columns}) if columns else None,
            profile=json.dumps({"num_rows": data.rows, "num_columns": len(data.columns)}),
        )
        tags = [InputTag("mlflow.data.context", "training")]
        self.client.log_inputs(self.run_id, datasets=[DatasetInput(entity, tags=tags)])

    def _log_figures(self, figures: Sequence[str]) -> str | None:
        shown = None
        for figure in map(Path, figures):
            if figure.is_file():
                self.client.log_artifact(self.run_id, str(figure))
                if shown is None and figure.suffix == ".png":
                    shown = figure.name
        return shown

    def _log_files(self, answer: RunAnswer) -> None:
        report = {
            **answer.report,
            "mlflow": {"experiment_id": self.experiment_id, "run_id": self.run_id},
        }
        self.client.log_text(self.run_id, json.dumps(report, indent=2), "report.json")
        if self._rows:
            columns = dict.fromkeys(name for row in self._rows for name in row)
            table = {name: [row.get(name) for row in self._rows] for name in columns}
            self.client.log_table(self.run_id, table, "trials.json")

    def _tag(self, run_id: str, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        entities = [RunTag(name, value) for name, value in tags.items() if value]
        self.client.log_batch(run_id, tags=entities)

    def _terminate(self, run_id: str, status: str, end_ms: int) -> None:
        self.client.set_terminated(run_id, status=status, end_time=end_ms)


def _table_row(result: TrialResult, name: str, *, cached: bool) -> dict[str, Any]:
    spec = result.spec
    numbers = {key: value for key, value in result.metrics.items() if math.isfinite(value)}
    return {
        "trial": name,
        "status": result.status,
        "train_rows": result.train_rows or spec.rows.size,
        **{
            key: value if not isinstance(value, tuple) else str(value) for key, value in spec.params
        },
        "repeat": spec.rows.repeat,
        "seed": spec.seed,
        **numbers,
        "seconds": round(result.wall_seconds, 4),
        "from": "store" if cached else "this command",
        "error": result.error.strip().splitlines()[-1] if result.error.strip() else "",
    }


def _user() -> str:
    with contextlib.suppress(Exception):  # no account for this user id, as in some containers
        return getpass.getuser()
    return os.environ.get("USER", "")
