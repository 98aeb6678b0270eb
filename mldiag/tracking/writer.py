"""Writes a command and its trials through MLflow's client: one parent run, one child run a trial."""

from __future__ import annotations

import contextlib
import getpass
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mldiag import __version__
from mldiag.errors import MldiagError
from mldiag.findings import plain
from mldiag.redaction import redacted
from mldiag.tracking import host, layout, names, parent
from mldiag.tracking.context import RunAnswer, RunContext
from mldiag.trial_result import TrialResult

RUNNING_NAME = "running …"
INTERRUPTED_NAME = "interrupted"
FAILED_NAME = "failed"


class RunWriter:
    """One command's runs in one experiment; every method is one or a few requests.

    Args:
        client: An `MlflowClient`.
        experiment_id: MLflow's id of the experiment.
        context: What is known of the command.
        process: The tag of the process that may leave the run behind, of `host.this_process()`.
    """

    def __init__(
        self, client: Any, experiment_id: str, context: RunContext, *, process: Mapping[str, str]
    ) -> None:
        self.client, self.experiment_id, self.context = client, experiment_id, context
        self.run_id = ""
        self.complete = False
        self.written = 0
        self._scored: list[tuple[int, str]] = []
        self._rows: list[dict[str, Any]] = []
        self._children: list[tuple[str, TrialResult, frozenset[str]]] = []
        self._known: dict[str, tuple[str, frozenset[str]]] = {}
        self._process = process

    @property
    def scored_ids(self) -> tuple[str, ...]:
        """The children that have a score, in the order of lists; a run without one spoils a comparison."""
        return tuple(run_id for _, run_id in sorted(self._scored))

    def open(self) -> None:
        """Create the parent run, or find the one that an earlier attempt left.

        Raises:
            MldiagError: If another process is writing it at this moment: every trial would be there twice.
        """
        found = self._find_parent()
        if found is not None:
            self._take_up(found)
            return
        context, command = self.context, redacted(self.context.command)[: names.TAG_LENGTH]
        told = dict(context.environment)
        tags = {
            "mldiag.step": context.step,
            "mldiag.version": __version__,
            "mldiag.run_id": context.run_id,
            "mldiag.code_digest": context.code_digest,
            "mlflow.source.name": command,
            "mlflow.source.git.commit": context.environment.get("git", ""),
            "mldiag.environment": told and json.dumps(told),
            "mldiag.defaults": json.dumps(plain(context.defaults)),
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
        light = replace(result, history=(), metrics={}, error="")  # what a late parameter needs
        if result.spec.digest in self._known:
            known_id, params = self._known[result.spec.digest]
            self._children.append((known_id, light, params))
            return
        run = self.client.create_run(
            self.experiment_id,
            start_time=child.start_ms,
            tags={"mlflow.parentRunId": self.run_id, **child.tags},
            run_name=child.name,
        )
        run_id = run.info.run_id
        parent.log_points(self.client, run_id, child.points, child.params, at_ms=child.start_ms)
        self.client.set_terminated(run_id, status=child.status, end_time=child.end_ms)
        self.written += 1
        if child.status == "FINISHED":
            self._scored.append((-child.start_ms, run_id))
        self._children.append((run_id, light, frozenset(child.params)))

    def finish(self, answer: RunAnswer, *, varying: Sequence[str]) -> None:
        """Write what the command found, and end the parent run.

        The mark of a complete run comes last: until then the run can be taken up again.
        """
        self._add_late_params(varying)
        parent.log_answer(
            self.client,
            parent.Place(self.experiment_id, self.run_id, self.scored_ids),
            self.context,
            answer,
            rows=self._rows,
        )
        report = answer.report
        headline = report.get("headline") or report.get("outcome") or self.context.step
        self.client.update_run(self.run_id, name=str(headline)[: names.KEY_LENGTH])
        ended = self.context.started + answer.wall_seconds if answer.wall_seconds else time.time()
        self._end("FINISHED", max(ended, self.context.started))
        self.client.set_tag(self.run_id, "mldiag.complete", "yes")
        self.complete = True

    def abandon(self, error: str = "") -> None:
        """End the parent run of a command that was interrupted, or ended with an error."""
        self.client.update_run(self.run_id, name=FAILED_NAME if error else INTERRUPTED_NAME)
        if error:
            self.client.set_tag(self.run_id, "mlflow.note.content", layout.quoted_error(error))
        self._end("FAILED" if error else "KILLED", time.time())

    def _end(self, status: str, at: float) -> None:
        self.client.set_terminated(self.run_id, status=status, end_time=int(at * 1000))
        for name in self._process:  # of use only as long as the run may be left behind
            self.client.delete_tag(self.run_id, name)

    def _find_parent(self) -> Any:
        found = self.client.search_runs(
            [self.experiment_id],
            filter_string=f"tags.`mldiag.run_id` = '{self.context.run_id}'",
            max_results=1,
        )
        return found[0] if found else None

    def _take_up(self, found: Any) -> None:
        """Go on with a run that an earlier attempt began."""
        self.run_id = found.info.run_id
        self.complete = found.data.tags.get("mldiag.complete") == "yes"
        if not self.complete:
            if host.is_alive(found.data.tags):
                raise MldiagError("another process is writing this run at this moment")
            for name, value in self._process.items():  # this process may leave it behind now
                self.client.set_tag(self.run_id, name, value)
        self._known = self._find_children()

    def _find_children(self) -> dict[str, tuple[str, frozenset[str]]]:
        known: dict[str, tuple[str, frozenset[str]]] = {}
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment_id],
                filter_string=f"tags.`mlflow.parentRunId` = '{self.run_id}'",
                max_results=1000,
                page_token=token,
            )
            for run in page:
                if self.complete or run.info.status in ("FINISHED", "FAILED"):
                    params = frozenset(run.data.params)
                    known[run.data.tags.get("mldiag.trial", "")] = run.info.run_id, params
                    if run.info.status == "FINISHED":
                        self._scored.append((-run.info.start_time, run.info.run_id))
                else:  # cut off before all of its numbers came: written anew
                    self.client.delete_run(run.info.run_id)
            token = page.token
            if not token:
                return known

    def _add_late_params(self, varying: Sequence[str]) -> None:
        """Give earlier children the parameters that only later trials moved."""
        from mlflow.entities import Param

        for run_id, result, written in self._children:
            wanted = layout.trial_params(result, self.context, varying)
            missing = [Param(name, value) for name, value in wanted.items() if name not in written]
            if missing:
                self.client.log_batch(run_id, params=missing)


def _table_row(result: TrialResult, name: str, *, cached: bool) -> dict[str, Any]:
    spec = result.spec
    numbers = {key: value for key, value in result.metrics.items() if math.isfinite(value)}
    last_line = result.error.strip().rpartition("\n")[2]
    return {
        "trial": name,
        **numbers,
        "status": result.status,
        "train_rows": result.train_rows or spec.rows.size,
        **{key: str(value) if isinstance(value, tuple) else value for key, value in spec.params},
        "repeat": spec.rows.repeat,
        "seed": spec.seed,
        "seconds": round(result.wall_seconds, 4),
        "from": "store" if cached else "this command",
        "error": redacted(last_line),
    }


def _user() -> str:
    with contextlib.suppress(Exception):  # no account for this user id, as in some containers
        return getpass.getuser()
    return os.environ.get("USER", "")
