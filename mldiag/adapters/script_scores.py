"""Where a script's score is found: in its output, in the file `$MLDIAG_RESULT`, or in its MLflow run."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mldiag.adapters.process import Finished, last_lines
from mldiag.errors import MldiagError, UserCodeError

RESULT_VARIABLE = "MLDIAG_RESULT"

_LARGEST = 1.797e308  # MLflow stores infinities as the largest floats

Scores = dict[str, float]


@dataclass(frozen=True)
class ScorePattern:
    """What to look for.

    Args:
        metric: Name of the metric.
        regex: Finds its values in the output; empty where the script hands them over otherwise.
        train_regex: Finds the score on the training rows; may be empty.
    """

    metric: str
    regex: str = ""
    train_regex: str = ""

    def __post_init__(self) -> None:
        """Check that the expressions are ones, with at most one group each."""
        for text in (self.regex, self.train_regex):
            try:
                groups = re.compile(text).groups
            except re.error as error:
                raise MldiagError(
                    f"the regex '{text}' is wrong: {error}",
                    expected="a regular expression",
                    hint=r"regex = 'val loss: (\S+)'",
                ) from error
            if groups > 1:
                raise MldiagError(
                    f"the regex '{text}' has {groups} groups",
                    expected="one, around the number; (?:...) groups without capturing",
                    hint=f"regex = '{_one_group(text)}'",
                )
            if (fixed := _fixed_text(text)) and not _is_number(fixed):
                raise MldiagError(
                    f"the regex '{text}' can only find {fixed!r}, which is no number",
                    expected="a group around the number",
                    hint=rf"regex = '{text.replace('(', '').replace(')', '')}: (\S+)'",
                )

    def read(self, finished: Finished, result: Path, store: Path) -> tuple[Scores, list[Scores]]:
        """The scores that a script left, and their history.

        Args:
            finished: Its output.
            result: The file that `$MLDIAG_RESULT` named.
            store: The MLflow store that it was given.

        Returns:
            Final metrics, and the metrics of each step in order.

        Raises:
            UserCodeError: If the score is nowhere, or is no number.
        """
        scores, history = from_mlflow(store, self.metric)
        scores |= from_json(result, self.metric)
        found = {
            name: values_in(pattern, finished)
            for name, pattern in (
                (self.metric, self.regex),
                (f"train_{self.metric}", self.train_regex),
            )
            if pattern
        }
        scores |= {name: values[-1] for name, values in found.items() if values}
        if self.metric not in scores or (self.regex and not found[self.metric]):
            raise self._nothing_found(finished, scores)
        if any(len(values) > 1 for values in found.values()):
            history = _steps(found)
        return scores, history

    def _nothing_found(self, finished: Finished, scores: Mapping[str, float]) -> UserCodeError:
        ends = last_lines(finished.output if finished.output.strip() else finished.errors)
        if self.regex:
            return UserCodeError(
                f"the regex '{self.regex}' matched nothing in the output",
                expected=f"a match; the last one is the score. The output ends with:\n{ends}",
            )
        beside = f"; it left {', '.join(scores)}" if scores else ""
        return UserCodeError(
            f"the script left no {self.metric!r}{beside}",
            expected=f'{{"{self.metric}": number}} as JSON in the file that ${RESULT_VARIABLE} names, '
            f"mlflow.log_metric({self.metric!r}, number), or a regex in the configuration. "
            f"The output ends with:\n{ends}",
        )


def _fixed_text(text: str) -> str:
    r"""What an expression takes for the number, where that is always the same text; else empty.

    Example:
        >>> _fixed_text("val loss"), _fixed_text("(val) loss"), _fixed_text(r"loss (\S+)")
        ('val loss', 'val', '')
    """
    group = re.search(r"(?<!\\)\((?!\?)(.*)\)", text)
    taken = group[1] if group else text
    return "" if re.search(r"[\\\[\]().*+?{}|^$]", taken) else taken


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _one_group(text: str) -> str:
    r"""The same expression with its last plain group only.

    Example:
        >>> _one_group(r"(val|test) loss: (\S+)")
        '(?:val|test) loss: (\\S+)'
    """
    opening = [match.start() for match in re.finditer(r"(?<!\\)\((?!\?)", text)]
    for place in reversed(opening[:-1]):
        text = f"{text[:place]}(?:{text[place + 1 :]}"
    return text


def values_in(pattern: str, finished: Finished) -> list[float]:
    """Every number that the pattern finds in the output, or in the error output if there is none."""
    expression = re.compile(pattern, re.MULTILINE)
    for text in (finished.output, finished.errors):
        found = [match.group(expression.groups) for match in expression.finditer(text)]
        if found:
            return [_number(item, pattern) for item in found]
    return []


def _number(text: str | None, pattern: str) -> float:
    shown = (text or "").strip().strip("\"'()[]{}<>,;:%").rstrip(".")
    try:
        return float(shown)
    except ValueError as error:
        raise UserCodeError(
            f"the regex '{pattern}' found {text!r}", expected="a number, nan or inf"
        ) from error


def _steps(found: Mapping[str, list[float]]) -> list[Scores]:
    longest = max(map(len, found.values()))
    return [
        {name: values[step] for name, values in found.items() if step < len(values)}
        for step in range(longest)
    ]


def from_json(path: Path, metric: str) -> Scores:
    """Metrics from the result file: an object of numbers, or one number.

    Raises:
        UserCodeError: If it is no JSON, or the metric in it no number.
    """
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserCodeError(
            f"the file that ${RESULT_VARIABLE} names is no JSON: {error}",
            expected=f'{{"{metric}": 0.5}}',
        ) from error
    values: Mapping[str, Any] = content if isinstance(content, dict) else {metric: content}
    scores = {}
    for name, value in values.items():
        try:
            scores[str(name)] = float(value)
        except (OverflowError, TypeError, ValueError) as error:
            if name == metric:
                raise UserCodeError(
                    f"${RESULT_VARIABLE} has {value!r:.200} for {metric!r}", expected="a number"
                ) from error
    return scores


def from_mlflow(store: Path, metric: str) -> tuple[Scores, list[Scores]]:
    """Metrics of the latest run that logged the metric; empty where nothing was logged.

    The file is read directly: importing MLflow would take longer than most trials.
    """
    if not store.is_file():
        return {}, []
    with closing(sqlite3.connect(f"file:{quote(str(store))}?mode=ro", uri=True)) as connection:
        try:
            run = connection.execute(
                "SELECT runs.run_uuid FROM runs JOIN metrics ON metrics.run_uuid = runs.run_uuid "
                "ORDER BY metrics.key = ? DESC, runs.start_time DESC LIMIT 1",
                (metric,),
            ).fetchone()
            rows = connection.execute(
                "SELECT key, value, is_nan, step FROM metrics WHERE run_uuid = ? "
                "ORDER BY step, timestamp",
                run or ("",),
            ).fetchall()
        except sqlite3.Error:  # the script did not get as far as making the tables
            return {}, []
    scores: Scores = {}
    steps: dict[int, Scores] = {}
    for name, value, is_nan, step in rows:
        scores[name] = _stored(value, is_nan)
        steps.setdefault(step, {})[name] = scores[name]
    return scores, [steps[step] for step in sorted(steps)] if len(steps) > 1 else []


def _stored(value: float, is_nan: bool) -> float:
    if is_nan:
        return float("nan")
    if abs(value) >= _LARGEST:
        return float("inf") if value > 0 else float("-inf")
    return float(value)
