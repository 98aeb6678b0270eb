"""A store whose file or disk is not as it should be: what is said, what stays."""

import errno
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mldiag.data.fingerprint import Fingerprint
from mldiag.errors import MldiagError
from mldiag.run.code.digest import CodeDigest
from mldiag.run.identity import Identity
from mldiag.run.store import run_folder
from mldiag.run.store.run_folder import written_whole
from mldiag.run.store.trial_store import Store
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

IDENTITY = Identity("demo", CodeDigest({"a.py:fit": "1"}), Fingerprint({"X": "1"}, "X"))


def put(store, number):
    result = TrialResult(TrialSpec("a.py", seed=number), "ok", {"accuracy": 0.5})
    key = IDENTITY.key(result.spec)
    store.put(key, IDENTITY, result)
    return key


def test_a_folder_in_place_of_the_file_is_kept_aside_and_said(tmp_path):
    file = tmp_path / "trials.db"
    file.mkdir()
    (file / "notes.txt").write_text("mine")
    with Store.open(file) as store:
        assert "it is a folder" in store.notices[0]
        assert put(store, 1) in store.get_many([put(store, 1)])
    assert (tmp_path / "trials.db.corrupt-1" / "notes.txt").read_text() == "mine"
    with Store.open(file) as store:
        assert store.notices == []


def test_an_emptied_file_is_said_and_a_new_one_is_not(tmp_path):
    file = tmp_path / "trials.db"
    with Store.open(file) as store:
        assert store.notices == []
    file.write_bytes(b"")
    with Store.open(file) as store:
        assert store.notices == [f"the store {file} was empty: a new one is begun"]
        assert put(store, 1) in store.get_many([put(store, 1)])


def test_a_file_of_zeros_is_damage(tmp_path):
    file = tmp_path / "trials.db"
    file.write_bytes(bytes(40_000))
    with Store.open(file) as store:
        assert "was kept as trials.db.corrupt-1" in store.notices[0]


@pytest.mark.parametrize("damage", ["rubbish", "flipped"])
def test_a_damaged_write_ahead_file_costs_what_stood_behind_the_damage_and_nothing_else(
    tmp_path, damage
):
    """As after the death of a machine: SQLite drops everything from the first wrong checksum on."""
    live, copy = tmp_path / "live.db", tmp_path / "copy.db"
    with Store.open(live) as store:
        first = [put(store, number) for number in range(5)]
        store._opened().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        later = [put(store, number) for number in range(5, 10)]
        copy.write_bytes(live.read_bytes())
        wal = bytearray((tmp_path / "live.db-wal").read_bytes())
    if damage == "rubbish":
        wal = bytearray(b"rubbish" * 1000)
    else:
        wal[len(wal) // 2] ^= 0xFF
    (tmp_path / "copy.db-wal").write_bytes(wal)
    with Store.open(copy) as store:
        kept = store.get_many([*first, *later])
        assert set(first) <= set(kept)
        assert len(kept) < 10
        assert list(kept) == [*first, *later][: len(kept)]
        assert put(store, 99) in store.get_many([put(store, 99)])


def test_an_error_of_the_disk_says_so(tmp_path):
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000));"
        "from test_store_faults import *; store = Store.open(sys.argv[1])\n"
        "for number in range(1000): print(put(store, number), flush=True)"
    )
    path = os.pathsep.join(p for p in [*sys.path, str(Path(__file__).parent)] if p)
    done = subprocess.run(
        [sys.executable, "-c", limited, tmp_path], env=os.environ | {"PYTHONPATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = done.stdout.split()
    assert 0 < len(told) < 1000
    assert "the disk refuses to keep" in done.stderr
    assert "hint: df -h" in done.stderr
    with Store.open(tmp_path) as store:  # nothing that was told is lost
        assert set(told) <= set(store.get_many(told))


@pytest.fixture
def read_only(tmp_path):
    """A store on a disk that can only be read, where this system lets us mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "none", disk], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("cannot mount here")
    with Store.open(disk) as store:
        put(store, 1)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_read_only_disk_is_an_error_with_another_place_in_the_hint(read_only):
    with pytest.raises(MldiagError, match=r"(?s)Read-only file system.*--store /another/folder"):
        Store.open(read_only)
    with closing(
        sqlite3.connect(f"file:{read_only}/.mldiag/trials.db?immutable=1", uri=True)
    ) as file:
        assert file.execute("SELECT count(*) FROM attempts").fetchone() == (1,)


# The folder of a run


def test_a_report_on_a_full_disk_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(MldiagError, match=r"(?s)No space left.*every finished trial is kept"):
        write(tmp_path / "runs" / "1", OSError(errno.ENOSPC, "No space left on device"))
    assert list((tmp_path / "runs").iterdir()) == []


def test_an_interrupted_report_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "runs" / "1", KeyboardInterrupt())
    assert list((tmp_path / "runs").iterdir()) == []


def write(folder, error):
    with written_whole(folder) as draft:
        (draft / "plot.png").write_bytes(b"half")
        raise error


def test_what_a_killed_command_left_is_removed_and_what_a_living_one_writes_is_not(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(run_folder, "LOCKED_WITHIN_SECONDS", 0.0)
    abandoned = tmp_path / ".0.part"
    abandoned.mkdir()
    (abandoned / "plot.png").touch()
    with written_whole(tmp_path / "1") as living, written_whole(tmp_path / "2"):
        assert living.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]
