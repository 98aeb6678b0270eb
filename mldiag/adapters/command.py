"""`[tool.mldiag.command]`: any script, in any language, unedited."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mldiag.adapters.command_line import (
    CommandLine,
    check_program,
    check_script,
    content_digests,
    named_files,
    program_of,
    search_path,
)
from mldiag.adapters.config import check_keys, flag_of, read_parameters, text_of
from mldiag.adapters.process import Finished, last_lines, run_program
from mldiag.adapters.row_files import RowFiles
from mldiag.adapters.script_scores import RESULT_VARIABLE, ScorePattern
from mldiag.data.source import DataSource
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError, UserCodeError
from mldiag.metrics import Metric, likely_maximized, named_metric
from mldiag.trial import Trial

_WHERE = "[tool.mldiag.command]"
_KEYS = (
    "name", "data", "target", "rows", "params", "valid", "test", "groups", "time", "stratify", "command",
)  # fmt: skip
_COMMAND_KEYS = ("run", "metric", "files", "rows")
_METRIC_KEYS = ("name", "regex", "train_regex", "minimize", "maximize")
_METRIC_HINT = r"metric = { name = 'val_loss', regex = 'val loss: (\S+)', minimize = true }"


@dataclass(frozen=True)
class CommandTrain:
    """The train function of an experiment that runs a program.

    Args:
        line: The command line.
        pattern: Where the score is found.
        folder: Where it runs.
        row_files: How the trial's rows are handed over.
        files: Patterns of further files whose content decides the result.
    """

    line: CommandLine
    pattern: ScorePattern
    folder: Path
    row_files: RowFiles
    files: tuple[str, ...] = ()

    def __call__(self, trial: Trial) -> dict[str, float]:
        """Run the program once and read its score."""
        with tempfile.TemporaryDirectory(prefix="mldiag-", ignore_cleanup_errors=True) as made:
            scratch = Path(made)
            rows = self.row_files.write(trial, scratch, self.line.placeholders)
            words = self.line.filled({**trial.params, "seed": trial.seed, **rows})
            result, store = scratch / "result.json", scratch / "mlflow.db"
            finished = run_program(
                words,
                self.folder,
                environment=_environment(scratch, result, store),
                scratch=scratch,
            )
            if finished.status:
                raise _failed(words, finished)
            scores, history = self.pattern.read(finished, result, store)
        for step, metrics in enumerate(history):
            trial.report(step, **metrics)
        return scores

    def digest_parts(self) -> dict[str, str]:
        """What decides a trial's result beside its description and the data: the line and the files."""
        files = [*self.line.files(self.folder), *named_files(self.files, self.folder)]
        digests = content_digests(files, self.folder)
        return {
            "command line": self.line.text,
            "interpreter": program_of(self.line.words[0], self.folder),
            "score": f"{self.pattern.regex} {self.pattern.train_regex}".strip(),
            **{f"file {name}": digest for name, digest in digests.items()},
        }


def command_experiment(table: Mapping[str, Any], path: Path) -> Experiment:
    """The experiment that a command makes.

    Args:
        table: The `[tool.mldiag]` table, with `command` in it.
        path: The file it stands in; the command runs in that file's folder.

    Raises:
        MldiagError: If a key, a placeholder, a file or a parameter is wrong.
    """
    misplaced = next((key for key in table if key in _COMMAND_KEYS and key not in _KEYS), None)
    if misplaced is not None:
        raise MldiagError(
            f"{misplaced} is in [tool.mldiag]",
            expected=f"it in {_WHERE}, beside run",
            hint=f"{_WHERE}\n{_METRIC_HINT}" if misplaced == "metric" else _WHERE,
        )
    check_keys(table, _KEYS, "[tool.mldiag] with a command")
    command, folder = table["command"], path.parent
    if not isinstance(command, Mapping):
        raise MldiagError(
            f"command is {command!r}",
            expected=f"a table, {_WHERE}",
            hint=f'{_WHERE}\nrun = "{command}"\n{_METRIC_HINT}' if isinstance(command, str) else "",
        )
    check_keys(command, _COMMAND_KEYS, _WHERE)
    params = read_parameters(table.get("params", {}))
    text = text_of(command, "run", _WHERE, hint='run = "python train.py --seed {seed}"')
    line = CommandLine.parse(text, params)
    check_program(line.words[0], folder)
    check_script(line.words, folder)
    metric, pattern = _measured(command.get("metric"))
    files = command.get("files", [])
    if not isinstance(files, list) or not all(isinstance(item, str) for item in files):
        raise MldiagError(
            f"files is {files!r}", expected="a list of names in quotes", hint='files = ["train.py"]'
        )
    named_files(files, folder)
    source, fixed_rows = _source(table, command, line, folder)
    declared = (source.data, source.valid, source.test) if source.data else ()
    train = CommandTrain(
        line=line,
        pattern=pattern,
        folder=folder,
        row_files=RowFiles(
            tables=tuple(folder / str(name) for name in declared if name is not None),
            target=source.target,
            beside=tuple(name for name in (source.groups, source.time) if isinstance(name, str)),
        ),
        files=tuple(files),
    )
    return Experiment(
        name=table.get("name") or _name_of(line),
        train=train,
        source=source,
        params=params,
        metric=metric,
        target=str(path),
        home=folder,
        fixed_rows=fixed_rows,
        notices=tuple(_notices(train)),
    )


def _source(
    table: Mapping[str, Any], command: Mapping[str, Any], line: CommandLine, folder: Path
) -> tuple[DataSource, str]:
    """The declared rows, and why they cannot be varied, if so."""
    rows = command.get("rows", table.get("rows"))
    data = table.get("data")
    if data is not None and rows is not None:
        raise MldiagError("both data and rows are declared", expected="one of them")
    if rows is not None and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 1):
        raise MldiagError(f"rows is {rows!r}", expected="the number of rows")
    if not {"rows_file", "valid_file"} & line.placeholders:
        reason = (
            f"the command {line.text!r} has no {{rows_file}}, so the rows it trains on cannot be varied: "
            "add it, with data = or rows =, and let the script read it"
        )
        return DataSource(unseen=True, base=folder), reason
    if "rows_file" not in line.placeholders:
        raise MldiagError(
            "the line has {valid_file} but no {rows_file}",
            expected="both, or {rows_file} alone: else the script could train on the rows that score it",
        )
    if data is None and rows is None:
        raise MldiagError(
            "the line has {rows_file}, but neither data nor rows is declared",
            expected="the table, or the number of rows",
            hint='data = "train.csv"   or   rows = 1000',
        )
    beside: dict[str, Any] = {
        key: text_of(table, key, "[tool.mldiag]")
        for key in ("target", "valid", "test", "groups", "time")
        if key in table
    }
    if data is None and beside:
        key = next(iter(beside))
        raise MldiagError(f"{key} is declared without data", expected='data = "train.csv"')
    stratify = table.get("stratify")
    return DataSource(data=data, rows=rows, stratify=stratify, base=folder, **beside), ""


def _measured(declared: Any) -> tuple[Metric, ScorePattern]:
    if isinstance(declared, str):
        return _directed(declared), ScorePattern(declared)
    if not isinstance(declared, Mapping):
        shown = "is missing" if declared is None else f"is {declared!r}"
        raise MldiagError(f"metric {shown} in {_WHERE}", expected="a table", hint=_METRIC_HINT)
    check_keys(declared, _METRIC_KEYS, f"metric of {_WHERE}")
    name = text_of(declared, "name", f"metric of {_WHERE}", hint=_METRIC_HINT)
    for key in ("regex", "train_regex"):
        if key in declared:
            text_of(declared, key, f"metric of {_WHERE}", hint=_METRIC_HINT)
    where = f"metric of {_WHERE}"
    metric = _directed(
        name,
        maximize=flag_of(declared, "maximize", where),
        minimize=flag_of(declared, "minimize", where),
    )
    return metric, ScorePattern(name, declared.get("regex", ""), declared.get("train_regex", ""))


def _directed(name: str, *, maximize: bool | None = None, minimize: bool | None = None) -> Metric:
    """The metric, with a hint in the words of the configuration where its direction is unknown."""
    try:
        return named_metric(name, maximize=maximize, minimize=minimize)
    except MldiagError as error:
        direction = "minimize" if likely_maximized(name) is False else "maximize"
        raise MldiagError(
            error.what,
            expected="a known metric, or its direction: maximize = true or minimize = true",
            nearest=error.nearest,
            hint=f"metric = {{ name = '{name}', {direction} = true }}",
        ) from error


def _name_of(line: CommandLine) -> str:
    """The script's name, else the program's."""
    scripts = [Path(word).stem for word in line.words[1:] if Path(word).suffix and "{" not in word]
    name = scripts[0] if scripts else Path(line.words[0]).name
    return "".join(c if c.isalnum() or c in "_ .-" else "-" for c in name)[:100]


def _notices(train: CommandTrain) -> list[str]:
    names = [
        part.removeprefix("file ") for part in train.digest_parts() if part.startswith("file ")
    ]
    if names:
        covered = f"trials are reused while {', '.join(names)} and the line stay the same"
    else:
        covered = "trials are reused while the line stays the same: it names no file"
    notices = [f"{covered}; name other files that matter in files = [...]"]
    if "seed" not in train.line.placeholders:
        notices.append(
            "the line has no {seed}: repeats differ only by what the script itself leaves to chance"
        )
    if train.row_files.tables and "valid_file" not in train.line.placeholders:
        notices.append(
            "the line has no {valid_file}: the script must score on rows that are not in {rows_file}"
        )
    return notices


def _environment(scratch: Path, result: Path, store: Path) -> dict[str, str]:
    """The caller's environment, with a result file and an MLflow store of the trial's own."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME")
    }
    return inherited | {
        "PATH": search_path(),
        RESULT_VARIABLE: str(result),
        "MLFLOW_TRACKING_URI": f"sqlite:///{store}",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": str(scratch / "artifacts"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _failed(words: list[str], finished: Finished) -> UserCodeError:
    status = finished.status
    how = f"was ended by signal {-status}" if status < 0 else f"ended with exit status {status}"
    stream, text = ("stderr", finished.errors)
    if not text.strip():
        stream, text = ("the output", finished.output)
    found = shutil.which(words[0], path=search_path())
    program = words[0] if found in (None, words[0]) else f"{words[0]} ({found})"
    return UserCodeError(
        f"{program} {how}", expected=f"exit status 0; {stream} ends with:\n{last_lines(text)}"
    )
