"""A trial once more, in an interpreter of its own: whatever a warm process hides, this one does not share.

Worker processes are forked from one server, so they share its hash seed, what is imported, and in which
order. Whether a training is deterministic is told by a process that shares nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from mldiag.redaction import redacted
from mldiag.run.cargo import pack
from mldiag.run.shared_file import SharedFile
from mldiag.run.store.records import result_from_json
from mldiag.run.watch import was_edited
from mldiag.trial import RUN_AGAIN
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

PARTS = 3
"""What the process leaves: the result, its predictions, its recording; each with its length before it."""


def runs_again(spec: TrialSpec) -> bool:
    """Whether a trial is to run in a process of its own.

    Example:
        >>> from mldiag.trial_spec import Intervention
        >>> runs_again(TrialSpec("a.py", interventions=(Intervention("run_again"),)))
        True
    """
    return any(change.kind == RUN_AGAIN for change in spec.interventions)


def run_in_fresh_process(
    experiment: Experiment,
    spec: TrialSpec,
    *,
    threads: int,
    seconds: float | None,
    devices: tuple[str, ...] = (),
) -> TrialResult:
    """Run a trial in a new interpreter; it ends with this process's group.

    Args:
        experiment: The experiment.
        spec: The trial.
        threads: Inner threads of the training.
        seconds: Time after which `trial.epochs` ends, in seconds.
        devices: GPUs that the trial may use.
    """
    plain = replace(spec, interventions=tuple(c for c in spec.interventions if c.kind != RUN_AGAIN))
    # Another interpreter would load the file as it is now; this one keeps to what it has loaded.
    cargo, answer = pack(experiment, by_value=was_edited(experiment.target)), SharedFile()
    try:
        files = [answer.fileno(), *([cargo.file.fileno()] if cargo.file is not None else [])]
        task = {
            "spec": plain.to_json(),
            "target": cargo.target,
            "spans": cargo.spans,
            "threads": threads,
            "seconds": seconds,
            "devices": devices,
            "answer": files[0],
            "cargo": files[1] if cargo.file is not None else None,
        }
        ended = subprocess.run(
            [sys.executable, "-m", "mldiag.run.fresh_trial", json.dumps(task)],
            pass_fds=files,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # what a training prints is not the verdict
            stderr=subprocess.PIPE,
            check=False,
        )
        found = read_answer(answer)
    finally:
        cargo.close()
        answer.close()
    if found is None:
        lines = ended.stderr.decode(errors="replace").strip().splitlines()[-5:]
        error = redacted("\n".join([f"the process ended with code {ended.returncode}", *lines]))
        return TrialResult(spec, "lost_worker", error=error)
    return replace(found, spec=spec)


def write_answer(answer: SharedFile, predictions: bytes, recording: bytes, text: str) -> None:
    """Leave a result where the parent reads it, its lengths last, so that half of one is none."""
    blocks = [text.encode(), predictions, recording]
    offset = 8 * PARTS
    for block in blocks:
        offset += answer.write(offset, block) if block else 0
    lengths = b"".join(len(block).to_bytes(8, "little") for block in blocks)
    answer.write(0, lengths)


def read_answer(answer: SharedFile) -> TrialResult | None:
    """The result that was left; None where the process ended before."""
    head = answer.read(0, 8 * PARTS)
    if len(head) < 8 * PARTS or not any(head):
        return None
    blocks, offset = [], 8 * PARTS
    for place in range(PARTS):
        length = int.from_bytes(head[8 * place : 8 * place + 8], "little")
        blocks.append(answer.read(offset, length) if length else b"")
        offset += length
    text, predictions, recording = blocks
    return result_from_json(text.decode(), predictions or None, recording or None)
