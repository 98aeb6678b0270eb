"""The other side of `fresh_process`: one trial in this new interpreter, its result left in a file."""

from __future__ import annotations

import json
import sys

from mldiag.run.cargo import Cargo
from mldiag.run.fresh_process import write_answer
from mldiag.run.shared_file import SharedFile
from mldiag.run.store.records import predictions_to_bytes, recording_to_bytes, result_to_json
from mldiag.run.worker import run_trial
from mldiag.trial_spec import TrialSpec


def main(task: str) -> None:
    """Run the trial that is described.

    Args:
        task: What `run_in_fresh_process` has written, as JSON.
    """
    given = json.loads(task)
    file = None if given["cargo"] is None else SharedFile(given["cargo"])
    cargo = Cargo(given["target"], file, tuple(map(tuple, given["spans"])))
    result = run_trial(
        cargo.unpack(),
        TrialSpec.from_json(given["spec"]),
        threads=given["threads"],
        seconds=given["seconds"],
        devices=tuple(given["devices"]),
    )
    kept = b"" if result.predictions is None else predictions_to_bytes(result.predictions)
    seen = b"" if result.recording is None else recording_to_bytes(result.recording)
    write_answer(SharedFile(given["answer"]), kept, seen, result_to_json(result))


if __name__ == "__main__":
    main(sys.argv[1])
