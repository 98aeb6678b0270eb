"""The store: round trips, what answers, several processes, kills, damage, and why a trial is missing."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mldiag.data.fingerprint import Fingerprint
from mldiag.errors import MldiagError
from mldiag.run.code.digest import CodeDigest
from mldiag.run.identity import Identity
from mldiag.run.store.array_bytes import arrays_from_bytes, arrays_to_bytes
from mldiag.run.store.records import RunRecord, result_to_json
from mldiag.run.store.trial_store import Store
from mldiag.trial_result import Predictions, Status, TrialResult
from mldiag.trial_spec import Intervention, RowRecipe, TrialSpec

IDENTITY = Identity(
    "demo", CodeDigest({"train.py:fit": "function 1"}), Fingerprint({"X": "1"}, "X")
)


def spec_of(number: int = 0, **changes) -> TrialSpec:
    return TrialSpec("train.py", seed=number, **changes)


def result_of(number: int = 0, **changes) -> TrialResult:
    return TrialResult(spec_of(number), **{"status": "ok", "metrics": {"accuracy": 0.5}, **changes})


def put(store: Store, result: TrialResult, identity: Identity = IDENTITY) -> str:
    key = identity.key(result.spec)
    store.put(key, identity, result)
    return key


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        yield opened


def child(program: str, *arguments: object, **options):
    """A Python process that runs `program` with this process's import path."""
    environment = {
        **os.environ,
        "PYTHONPATH": ":".join(p for p in [*sys.path, str(Path(__file__).parent)] if p),
    }
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, **options)


# Round trips

texts = st.text(st.characters(exclude_categories=()), max_size=20)  # lone surrogates too
numbers = st.floats(allow_nan=True, allow_infinity=True)
metrics = st.dictionaries(texts, numbers, max_size=3)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)
arrays = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.bool_, np.dtype("U3")]),
    hnp.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=4),
)
predictions = st.builds(
    Predictions, hnp.arrays(np.int64, st.integers(0, 4)), arrays, st.none() | arrays,
    st.sampled_from(["predict", "predict_proba"]),
)  # fmt: skip
pairs = st.lists(st.tuples(texts, values), max_size=3).map(tuple)
specs = st.builds(
    TrialSpec, texts, params=pairs, seed=st.integers(0), fidelity=st.floats(0.01, 1),
    rows=st.builds(RowRecipe, repeat=st.integers(0, 9), size=st.none() | st.integers(1)),
    interventions=st.lists(st.builds(Intervention, texts, pairs), max_size=2).map(tuple),
)  # fmt: skip
results = st.builds(
    TrialResult, specs, st.sampled_from(["ok", "diverged"]), metrics,
    st.lists(st.tuples(st.integers(), metrics), max_size=3).map(tuple),
    error=texts, wall_seconds=numbers, memory_bytes=st.integers(0, 2**60), attempts=st.integers(1, 3),
    fidelity_reached=st.floats(0, 1), train_rows=st.integers(0), valid_rows=st.integers(0),
    rows_digest=texts, threads=st.integers(0, 64), notices=st.lists(texts, max_size=2).map(tuple),
    predictions=st.none() | predictions,
)  # fmt: skip


@given(results)
@settings(max_examples=60, deadline=None)
def test_what_comes_back_is_what_was_put(result):
    with tempfile.TemporaryDirectory() as folder, Store.open(folder) as store:
        key = put(store, result)
        back = store.get_many([key])[key]
        without = store.get_many([key], with_predictions=False)[key]
    # Text compares NaN as equal, and keeps 1, 1.0 and True apart; no field may be left out.
    assert result_to_json(back) == result_to_json(result)
    assert back.predictions == result.predictions
    assert repr(replace(back, predictions=None)) == repr(replace(result, predictions=None))
    assert without.predictions is None
    if "nan" not in repr(result):
        assert back == result


@given(st.dictionaries(st.sampled_from(["rows", "values", "truth"]), arrays), texts)
def test_arrays_come_back_with_type_shape_and_bits(given_arrays, note):
    back, read_note = arrays_from_bytes(arrays_to_bytes(given_arrays, note=note))
    assert read_note == note
    assert list(back) == list(given_arrays)
    for name, array in given_arrays.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        assert back[name].tobytes() == array.tobytes()
        assert back[name].flags.writeable


def test_arrays_of_objects_become_text_and_broken_bytes_are_an_error():
    data = arrays_to_bytes({"values": np.array(["a", "bc"], dtype=object)})
    assert arrays_from_bytes(data)[0]["values"].tolist() == ["a", "bc"]
    for broken in (data[:-3], data[:9], b"", b"\x80\x04K\x01."):
        with pytest.raises(MldiagError, match="--fresh"):
            arrays_from_bytes(broken)


def test_many_are_streamed_in_the_order_asked_for(store, monkeypatch):
    monkeypatch.setattr("mldiag.run.store.attempts.CHUNK_KEYS", 7)
    keys = [put(store, result_of(i)) for i in range(30)]
    asked = [*keys[::-1], "unknown", keys[3]]
    assert list(store.get_many(asked)) == keys[::-1]
    assert [result.spec.seed for _, result in store.iterate(asked)] == list(range(29, -1, -1))
    assert store.get_many([]) == {}


# What answers


@pytest.mark.parametrize("status", get_args(Status))
def test_only_settled_trials_answer_but_all_are_recorded(store, status):
    key = put(store, result_of(status=status, error="ValueError: no", fidelity_reached=0.4))
    assert (key in store.get_many([key])) is (status in ("ok", "diverged"))
    assert store.summary()[0].trials == {status: 1}


def test_a_cut_trial_answers_only_those_who_would_cut_it_again(store):
    key = put(store, result_of(status="cut", fidelity_reached=0.4))
    assert store.get_many([key]) == {}
    assert store.get_many([key], accept_cut=True)[key].fidelity_reached == 0.4
    assert IDENTITY.key(spec_of(fidelity=0.4)) != key
    put(store, result_of())
    assert store.get_many([key], accept_cut=True)[key].status == "ok"


def test_a_failure_settles_when_the_same_exception_came_twice(store):
    first = result_of(status="failed", error="Trace\n  line 3\nValueError: no")
    key = put(store, first)
    assert store.get_many([key]) == {}
    put(store, replace(first, error="ValueError: something else"))
    assert store.get_many([key]) == {}
    put(store, replace(first, error="Trace\n  line 9\nValueError: something else"))
    assert store.get_many([key])[key].error.startswith("Trace")
    other = put(store, result_of(1, status="failed", error="ValueError: no", attempts=2))
    assert store.get_many([other])[other].status == "failed"


def test_the_latest_settled_attempt_answers(store):
    for accuracy, status in ((0.5, "ok"), (0.7, "ok"), (0.1, "timeout")):
        key = put(store, result_of(status=status, metrics={"accuracy": accuracy}))
    assert store.get_many([key])[key].metrics == {"accuracy": 0.7}


# Several processes and threads

WRITER = """
import sys
from test_trial_store import IDENTITY, Store, put, result_of
with Store.open(sys.argv[1]) as store:
    for number in range(int(sys.argv[2]), int(sys.argv[3])):
        put(store, result_of(number, history=((0, {"loss": 0.1}),) * 40))
        print(number, flush=True)
"""


def test_two_processes_and_two_threads_write_at_once(store, tmp_path):
    writers = [child(WRITER, tmp_path, start, start + 60) for start in (0, 60)]
    threads = [
        threading.Thread(target=lambda s=start: [put(store, result_of(s + i)) for i in range(60)])
        for start in (120, 180)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    keys = [IDENTITY.key(spec_of(i)) for i in range(240)]
    assert list(store.get_many(keys)) == keys
    assert store.summary()[0].trials == {"ok": 240}


def test_a_killed_writer_loses_nothing_that_it_had_put(tmp_path):
    told: list[int] = []
    for start in (0, 100_000, 200_000):
        writer = child(WRITER, tmp_path, start, start + 100_000)
        for line in writer.stdout:
            told.append(int(line))
            if len(told) % 70 == 0:
                break
        writer.send_signal(signal.SIGKILL)
        told += [int(line) for line in writer.stdout.read().splitlines() if line.strip()]
        writer.wait()
        writer.stdout.close()
    keys = [IDENTITY.key(spec_of(number)) for number in told]
    with Store.open(tmp_path) as store:
        assert not store.notices
        assert len(told) >= 200
        assert list(store.get_many(keys)) == keys


def test_a_forked_child_gets_a_connection_and_claims_of_its_own(store):
    key = put(store, result_of())
    store.claim(["mine"])
    child_pid = os.fork()
    if child_pid == 0:
        good = key in store.get_many([key]) and store.claim(["mine", "free"]) == {"free"}
        put(store, result_of(1))
        store.close()
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child_pid, 0)[1]) == 0
    assert len(store.get_many([key, IDENTITY.key(spec_of(1))])) == 2
    assert store.claim(["free", "mine"]) == {"free", "mine"}


# Damage and disks


def damaged(path: Path, content: bytes, offset: int = 0) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def test_a_file_of_rubbish_is_kept_aside_and_said(tmp_path):
    file = tmp_path / "trials.db"
    for number in (1, 2):
        file.write_bytes(b"this is no database" * 300)
        with Store.open(file) as store:
            assert f"trials.db.corrupt-{number}" in store.notices[0]
            key = put(store, result_of())
            assert key in store.get_many([key])
        assert (tmp_path / f"trials.db.corrupt-{number}").read_bytes().startswith(b"this is no")


def test_damaged_pages_are_found_when_opened(tmp_path):
    with Store.open(tmp_path / "trials.db") as store:
        for number in range(200):
            put(store, result_of(number))
    damaged(tmp_path / "trials.db", b"\xff" * 40_000, 8192)
    with Store.open(tmp_path / "trials.db") as store:
        assert "damaged" in store.notices[0]
        assert store.summary() == []


def test_damage_found_in_use_loses_no_new_result(tmp_path, monkeypatch):
    with Store.open(tmp_path / "trials.db") as store:
        for number in range(200):
            put(store, result_of(number))
    damaged(tmp_path / "trials.db", b"\xff" * 40_000, 8192)
    monkeypatch.setattr("mldiag.run.store.store_file.CHECKED_BYTES", 0)
    with Store.open(tmp_path / "trials.db") as store:
        key = put(store, result_of(1000))
        assert key in store.get_many([key])
        assert (tmp_path / "trials.db.corrupt-1").exists()
        assert len(store.notices) == 1


def test_only_one_of_several_processes_moves_a_damaged_file(tmp_path):
    (tmp_path / ".mldiag").mkdir()
    (tmp_path / ".mldiag" / "trials.db").write_bytes(b"rubbish" * 1000)
    writers = [child(WRITER, tmp_path, start, start + 20) for start in (0, 20, 40)]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert len(list((tmp_path / ".mldiag").glob("*.corrupt-*"))) == 1
    with Store.open(tmp_path) as store:
        assert store.summary()[0].trials == {"ok": 60}


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="needs to see who waits for a lock")
def test_a_file_is_judged_only_while_no_other_process_opens_it(tmp_path):
    file, lock = tmp_path / "trials.db", tmp_path / "trials.db.lock"
    file.write_bytes(b"rubbish" * 1000)
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = f":{lock.stat().st_ino} "
        opener = child(
            "import sys; from test_trial_store import Store; Store.open(sys.argv[1])", file
        )
        for _ in range(2000):
            if opener.poll() is not None:
                break
            if any(
                "->" in line and waiting in line
                for line in Path("/proc/locks").read_text().splitlines()
            ):
                break
            time.sleep(0.01)
        file.unlink()  # as the other process does, before it begins a new file
    opener.communicate()
    assert opener.returncode == 0
    assert not list(tmp_path.glob("*.corrupt-*"))


def test_a_full_disk_is_an_error_that_says_so_and_what_was_put_stays(store):
    key = put(store, result_of())
    connection = store._opened()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then acts as on a full disk

    def fill() -> None:
        for number in range(1, 200):
            put(store, result_of(number, error="x" * 4000))

    with pytest.raises(MldiagError, match=r"(?s)disk is full.*hint: df"):
        fill()
    connection.execute("PRAGMA max_page_count = 100000")
    assert key in store.get_many([key])
    assert put(store, result_of(500)) in store.get_many([IDENTITY.key(spec_of(500))])


@pytest.fixture
def open_folder():
    """A folder that others may enter, which pytest's own folders do not allow."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_written_is_an_error_with_a_hint(open_folder):
    with Store.open(open_folder):
        pass
    (open_folder / ".mldiag").chmod(0o555)
    as_root = os.geteuid() == 0
    if as_root:
        os.seteuid(65534)  # permissions do not hold root back
    try:
        with pytest.raises(MldiagError, match=r"(?s)cannot be used.*hint: chmod"):
            Store.open(open_folder).put("key", IDENTITY, result_of())
        with pytest.raises(MldiagError, match="cannot be used"):
            Store.open(open_folder / "deeper")
    finally:
        if as_root:
            os.seteuid(0)


def test_a_file_in_the_way_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MldiagError, match="cannot be used"):
        Store.open(tmp_path / "file" / "trials.db")


def test_a_newer_layout_and_another_program_are_left_alone(tmp_path):
    for name, change in (
        ("newer.db", "PRAGMA user_version = 99"),
        ("other.db", "PRAGMA application_id = 7"),
    ):
        Store.open(tmp_path / name).close()
        connection = sqlite3.connect(tmp_path / name)
        connection.execute(change)
        connection.close()
    before = (tmp_path / "newer.db").read_bytes()
    with pytest.raises(MldiagError, match=r"(?s)newer mldiag.*pip install --upgrade"):
        Store.open(tmp_path / "newer.db")
    with pytest.raises(MldiagError, match="another program"):
        Store.open(tmp_path / "other.db")
    assert (tmp_path / "newer.db").read_bytes() == before
    assert not list(tmp_path.glob("*.corrupt-*"))


def test_where_the_file_lies(tmp_path):
    expected = tmp_path / ".mldiag" / "trials.db"
    for given_path in (tmp_path, tmp_path / ".mldiag", expected, str(expected)):
        with Store.open(given_path) as store:
            assert store.path == expected


# Runs


def run_of(name: str, keys=(), **changes) -> RunRecord:
    made = {"step": "sweep", "experiment": "demo", "started": 1.0, "seconds": 2.0, **changes}
    return RunRecord(name, trial_keys=tuple(keys), report={"outcome": "passed"}, **made)


def test_runs_come_back_newest_first_and_whole(store):
    keys = [put(store, result_of(i)) for i in range(3)]
    first = run_of("a", keys, figures=("plot.png",), tracking={"run_id": "7"})
    store.save_run(first)
    store.save_run(run_of("b", keys[:1], started=5.0))
    store.save_run(run_of("c", experiment="other", started=3.0))
    assert [run.id for run in store.runs()] == ["b", "c", "a"]
    assert [run.id for run in store.runs("demo", limit=1)] == ["b"]
    assert store.runs("demo")[1] == first
    assert list(store.run_trials("a")) == keys
    store.save_run(replace(first, trial_keys=tuple(keys[:2])))
    assert len(store.runs()) == 3
    assert list(store.run_trials("a")) == keys[:2]


def test_a_run_keeps_the_attempts_it_saw(store):
    key = put(store, result_of(status="timeout"))
    store.save_run(run_of("a", [key]))
    put(store, result_of(predictions=Predictions(np.arange(2), np.ones(2))))
    store.save_run(run_of("b", [key]))
    assert store.run_trials("a")[key].status == "timeout"
    assert store.run_trials("b")[key].status == "ok"
    assert store.run_trials("b")[key].predictions is None
    assert store.run_trials("b", with_predictions=True)[key].predictions is not None


def test_runs_that_tracking_does_not_hold_yet(store):
    for name, tracking in (
        ("a", None),
        ("b", {"pending": True}),
        ("c", {}),
        ("d", {"run_id": "1"}),
    ):
        store.save_run(run_of(name, tracking=tracking))
    assert [run.id for run in store.unprojected_runs()] == ["a", "b"]
    store.update_tracking("a", {"run_id": "9", "pending": False})
    assert [run.id for run in store.unprojected_runs()] == ["b"]
    assert store.runs()[-1].tracking == {"run_id": "9", "pending": False}


def test_the_summary_counts_by_experiment_and_status(store):
    put(store, result_of(0, wall_seconds=2.0))
    put(store, result_of(1, status="failed", wall_seconds=1.0))
    other = replace(IDENTITY, experiment="other")
    put(store, result_of(2), other)
    store.save_run(run_of("a"))
    demo, second = store.summary()
    assert (demo.experiment, demo.trials, demo.seconds) == ("demo", {"failed": 1, "ok": 1}, 3.0)
    assert demo.last_run is not None
    assert (demo.runs, demo.last_run.id) == (1, "a")
    assert (second.experiment, second.runs, second.last_run) == ("other", 0, None)


def test_a_use_of_the_reserve_is_remembered_when_the_code_changes_but_not_for_other_data(store):
    store.record_reserve_use(IDENTITY, "lr=0.1")
    changed = replace(IDENTITY, code=CodeDigest({"train.py:fit": "function 2"}))
    assert [use.what for use in store.reserve_uses(changed)] == ["lr=0.1"]
    assert store.reserve_uses(replace(IDENTITY, data=Fingerprint({"X": "2"}, "X"))) == []


# Why a trial is missing

EARLIER = Identity(
    "demo",
    CodeDigest({"train.py:fit": "function 1", "train.py:LR": "constant 1 0.1", "train.py:old": "class 1",
                "package scikit-learn": "1.8.0", "python": "3.11"}),
    Fingerprint({"X": "1", "y": "1", "stratify": "off"}, "X, y"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("code", "data", "reason"),
    [
        ({"train.py:fit": "function 2"}, {}, "function fit in train.py changed"),
        ({"train.py:LR": "constant 2 0.2"}, {}, "constant LR in train.py changed: 0.1 -> 0.2"),
        ({"train.py:old": None}, {}, "class old in train.py is no longer used"),
        ({"train.py:new": "function 1"}, {}, "function new in train.py is now used"),
        ({"package scikit-learn": "1.9.1"}, {}, "package scikit-learn 1.8.0 -> 1.9.1"),
        ({"package torch": "2.13"}, {}, "package torch is now used"),
        ({"python": "3.12"}, {}, "python 3.11 -> 3.12"),
        ({"estimator": "SVC(C=1)"}, {}, "estimator is now used"),
        ({}, {"y": "2"}, "data: y changed"),
        ({}, {"groups": "1"}, "data: groups is new"),
        ({}, {"stratify": "by the target"}, "data: stratify off -> by the target"),
    ],
)
def test_a_miss_names_what_changed(store, code, data, reason):
    put(store, result_of(), EARLIER)
    parts = {k: v for k, v in {**EARLIER.code.parts, **code}.items() if v is not None}
    now = Identity("demo", CodeDigest(parts), Fingerprint({**EARLIER.data.parts, **data}, ""))
    assert store.why(now, spec_of()) == [reason]
    assert store.why(EARLIER, spec_of()) == []


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (spec_of(3), "seed 3 (nearest: 0)"),
        (spec_of(params=(("lr", 0.5),)), "lr=0.5 (nearest: 0.1)"),
        (
            spec_of(params=(("lr", 0.1),), rows=RowRecipe(size=50)),
            "training rows 50 (nearest: all)",
        ),
        (spec_of(params=(("lr", 0.1),), fidelity=0.5), "fidelity 0.5 (nearest: 1.0)"),
        (
            spec_of(params=(("lr", 0.1),), interventions=(Intervention("scale"),)),
            "scale on the data",
        ),
    ],
)
def test_a_new_description_is_compared_with_the_nearest(store, spec, reason):
    for lr, seed in ((0.1, 0), (7.0, 9)):
        put(store, TrialResult(spec_of(seed, params=(("lr", lr),)), "ok"))
    if not spec.params:
        spec = replace(spec, params=(("lr", 0.1),))
    assert store.why(IDENTITY, spec) == [f"never run with {reason}"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "timeout"}, "ended in timeout"),
        ({"status": "cut", "fidelity_reached": 0.4}, "cut at 40%"),
        ({"status": "failed", "error": "ValueError: no"}, "failed once"),
    ],
)
def test_a_miss_of_a_trial_that_did_run_says_how_it_ended(store, changes, reason):
    put(store, result_of(**changes))
    (told,) = store.why(IDENTITY, spec_of())
    assert reason in told


def test_an_experiment_without_trials_was_never_run(store):
    put(store, result_of())
    (told,) = store.why(replace(IDENTITY, experiment="new"), spec_of())
    assert told.startswith("never run")
