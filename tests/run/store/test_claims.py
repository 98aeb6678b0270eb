"""Claims: granted once, taken over from the dead, kept from the living."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from mldiag.data.fingerprint import Fingerprint
from mldiag.run.code.digest import CodeDigest
from mldiag.run.identity import Identity
from mldiag.run.store import claims
from mldiag.run.store.claims import FOREIGN_SECONDS, Holder, is_dead, process_start
from mldiag.run.store.trial_store import Store
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

CLAIMER = """
import sys
from mldiag.run.store.trial_store import Store
store = Store.open(sys.argv[1])
print(",".join(sorted(store.claim(sys.argv[2].split(",")))), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def claimer(tmp_path):
    """Start a process that claims keys and lives until it is told to end; gives it and what it got."""
    started: list[subprocess.Popen[str]] = []

    def start(*keys: str) -> tuple[subprocess.Popen[str], set[str]]:
        process = subprocess.Popen(
            [sys.executable, "-c", CLAIMER, str(tmp_path), ",".join(keys)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": ":".join(p for p in sys.path if p)},
        )  # fmt: skip
        started.append(process)
        return process, set(filter(None, process.stdout.readline().strip().split(",")))

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_claim_is_granted_to_one_store_and_again_to_its_holder(store, tmp_path):
    with Store.open(tmp_path) as other:
        assert store.claim(["a", "b"]) == {"a", "b"}
        assert other.claim(["b", "c"]) == {"c"}
        assert store.claim(["a", "c"]) == {"a"}
        other.release(["a", "c"])  # of these only c is its own
        assert store.claim(["c"]) == {"c"}
        assert other.claim(["a", "b", "c"]) == set()
        store.release(["b"])
        assert other.claim(["b"]) == {"b"}


def test_a_closed_or_forgotten_store_holds_nothing(store, tmp_path):
    closed = Store.open(tmp_path)
    closed.claim(["a"])
    closed.close()
    forgotten = Store.open(tmp_path)
    forgotten.claim(["b"])
    assert store.claim(["a", "b"]) == {"a"}
    del forgotten
    assert store.claim(["b"]) == {"b"}


def test_putting_a_result_ends_the_claim(store, tmp_path):
    identity = Identity("demo", CodeDigest({}), Fingerprint({}, ""))
    result = TrialResult(TrialSpec("demo"), "timeout")
    key = identity.key(result.spec)
    store.claim([key])
    store.put(key, identity, result)
    with Store.open(tmp_path) as other:
        assert other.claim([key]) == {key}


def test_a_living_process_keeps_its_claims_and_a_killed_one_does_not(store, claimer):
    process, granted = claimer("a", "b")
    assert granted == {"a", "b"}
    assert store.claim(["a", "b", "c"]) == {"c"}
    process.kill()  # not waited for: a zombie must count as dead
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert store.claim(["a"]) == {"a"}
    process.communicate()
    assert store.claim(["b"]) == {"b"}


def test_of_several_processes_each_key_goes_to_one(claimer):
    keys = [f"k{i}" for i in range(20)]
    granted = [claimer(*keys[i:], *keys[:i])[1] for i in (0, 7, 13)]
    assert set().union(*granted) == set(keys)
    assert sum(map(len, granted)) == len(keys)


HERE = Holder.here()


@pytest.mark.parametrize(
    ("changes", "age", "dead"),
    [
        ({}, 1e9, False),
        ({"token": "of a store that is gone"}, 0, True),
        ({"pid": 2**22 + 1}, 0, True),
        ({"pid": os.getppid(), "process_started": "1"}, 0, True),  # that number, another start
        ({"pid": os.getppid(), "process_started": process_start(os.getppid()) or ""}, 1e9, False),
        ({"boot": "before"}, 0, True),
        ({"space": "a container"}, FOREIGN_SECONDS - 1, False),
        ({"space": "a container"}, FOREIGN_SECONDS + 1, True),
        ({"host": "elsewhere", "boot": "other"}, FOREIGN_SECONDS - 1, False),
        ({"host": "elsewhere", "boot": "other"}, FOREIGN_SECONDS + 1, True),
    ],
)
def test_who_counts_as_dead(changes, age, dead):
    assert is_dead(replace(HERE, **changes), HERE, age_seconds=age) is dead


def test_the_start_of_a_process_tells_it_from_a_later_one_of_the_same_number(monkeypatch):
    assert process_start(os.getpid()) == process_start(os.getpid())
    assert process_start(2**22 + 1) is None
    monkeypatch.setattr(claims, "_PROC", claims.Path("/nowhere"))  # as on macOS: ask ps
    asked = []

    def ps(command, **_):
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, "Mon Jan  1 10:00:00 2024\n", "")

    monkeypatch.setattr(claims.subprocess, "run", ps)
    assert process_start(7) == "Mon Jan  1 10:00:00 2024"
    assert asked[0][-1] == "7"
