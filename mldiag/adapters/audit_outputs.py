"""What an audit writes for a person beside its report: the rows that findings name, and the mended table."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pandas as pd

from mldiag.adapters.audit_options import AuditOptions
from mldiag.data.audited.mending import mended
from mldiag.data.audited.table import TableAudit
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError
from mldiag.findings import Report, plain
from mldiag.wording import plural


def write_outputs(
    experiment: Experiment, settings: AuditOptions, report: Report
) -> tuple[str, ...]:
    """Write the files that `--rows` and `--fix` name; returns a line for a person on each.

    Raises:
        MldiagError: If a file is one of the audited ones, or cannot be written.
    """
    told = []
    if settings.rows is not None:
        told.append(_write_named_rows(experiment, Path(settings.rows), report))
    if settings.fix is not None:
        told.append(_write_mended(experiment, Path(settings.fix), report))
    return tuple(told)


def check_outputs(experiment_source: Any, settings: AuditOptions) -> None:
    """Refuse, before anything is read, to write over what is audited or into a folder that is not there.

    Raises:
        MldiagError: With a name that would do.
    """
    inputs = [
        Path(p).resolve() for p in (experiment_source, settings.test) if isinstance(p, (str, Path))
    ]
    both = settings.rows is not None and settings.fix is not None
    if both and Path(str(settings.rows)).resolve() == Path(str(settings.fix)).resolve():
        raise MldiagError(
            f"--rows and --fix both name {str(settings.fix)!r}",
            expected="two files",
            hint=f"--rows {shlex.quote(str(Path(str(settings.rows)).with_stem('rows')))}",
        )
    for flag, file in (("--rows", settings.rows), ("--fix", settings.fix)):
        if file is None:
            continue
        place = Path(file)
        if place.resolve() in inputs:
            other = place.with_stem(f"{place.stem}-mended")
            raise MldiagError(
                f"{flag} {str(place)!r} is the file that is audited, which is never changed",
                expected="the name of a new file",
                hint=f"{flag} {shlex.quote(str(other))}",
            )
        if place.exists() and not settings.overwrite:
            raise MldiagError(
                f"{flag} {str(place)!r} is there already",
                expected="the name of a new file, or --overwrite",
                hint=f"{flag} {shlex.quote(str(place))} --overwrite",
            )
        if not place.parent.is_dir():
            raise MldiagError(
                f"there is no folder {str(place.parent)!r} for {flag}",
                expected="a folder that is there",
                hint=f"mkdir -p {shlex.quote(str(place.parent))}",
            )


def _write_named_rows(experiment: Experiment, file: Path, report: Report) -> str:
    subject = experiment.inspected.subject if experiment.inspected is not None else None
    parts = []
    for finding in report.findings:
        if finding.outcome not in ("problem", "advice"):
            continue
        if isinstance(subject, TableAudit):
            parts += _named_rows(subject, finding)
        elif finding.evidence.get("files"):
            named = pd.DataFrame({"file": list(finding.evidence["files"])})
            parts.append(named.assign(code=finding.code, finding=finding.slug))
    frame = (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"code": [], "finding": []})
    )
    first = [name for name in ("code", "finding", "side", "row", "file") if name in frame.columns]
    frame = frame[[*first, *(name for name in frame.columns if name not in first)]]
    _written(frame, file)
    return f"{plural(len(frame), 'row')} that findings name: {file}"


def _named_rows(subject: TableAudit, finding: Any) -> list[pd.DataFrame]:
    parts = []
    sides = dict(subject.sides)
    for side, numbers in (finding.evidence.get("rows") or {}).items():
        rows = [int(number) for number in numbers]
        if side in sides and rows:
            cells = sides[side].frame.iloc[rows].reset_index(drop=True)
            clash = [name for name in ("code", "finding", "side", "row") if name in cells.columns]
            cells = cells.rename(columns={name: f"{name} " for name in clash})
            cells.insert(0, "row", rows)
            cells.insert(0, "side", side)
            cells.insert(0, "finding", finding.slug)
            cells.insert(0, "code", finding.code)
            parts.append(cells.astype(object))
    return parts


def _write_mended(experiment: Experiment, file: Path, report: Report) -> str:
    subject = experiment.inspected.subject if experiment.inspected is not None else None
    if not isinstance(subject, TableAudit):
        raise MldiagError(
            "--fix mends tables only",
            expected="a table",
            hint="mldiag prepare audio FOLDER NEW_FOLDER",
        )
    result = mended(subject.train, report.findings)
    _written(result.frame, file)
    log = {
        "source": experiment.inspected.source if experiment.inspected is not None else "",
        "rows_before": len(subject.train),
        "rows_after": len(result.frame),
        "changes": plain(result.log),
        "left_for_a_person": list(result.left),
    }
    beside = file.with_suffix(".changes.json")
    _replaced(beside, lambda draft: draft.write_text(json.dumps(log, indent=1), encoding="utf-8"))
    told = f"{plural(len(result.log), 'change')}, {plural(len(result.frame), 'row')}"
    return f"{told}: {file}; what was changed: {beside}"


def _written(frame: pd.DataFrame, file: Path) -> None:
    from mldiag.data.audited.writing import write_rows  # pyarrow takes a moment

    _replaced(file, lambda draft: write_rows(frame, draft))


def _replaced(file: Path, write: Any) -> None:
    """Write beside the file and put it in place whole, so that a full disk leaves no half of it."""
    draft = file.with_name(f".{os.getpid()}-{file.name}")
    try:
        write(draft)
        draft.replace(file)
    except OSError as error:
        raise MldiagError(
            f"{file} cannot be written: {error.strerror}", expected="a place with room"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
