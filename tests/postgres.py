"""Debian's PostgreSQL on loopback, in a folder of its own that is gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

REQUIRED = os.environ.get("MLDIAG_REQUIRE_POSTGRES") == "1"


def programs():
    """Folder of PostgreSQL's own programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    which = shutil.which("pg_ctl")
    return found[-1].parent if found else Path(which).parent if which else None


def _missing(what):
    if REQUIRED:
        pytest.fail(f"{what}, and it is required")
    pytest.skip(f"{what}; MLDIAG_REQUIRE_POSTGRES=1 insists")


@contextmanager
def postgres_server():
    """A server that trusts every user of this machine; yields its URL. It refuses to run as root."""
    found = programs()
    if found is None:
        _missing("no PostgreSQL server is installed here")
    if find_spec("psycopg") is None:
        _missing("the extra `postgres` is not installed")
    place = Path(tempfile.mkdtemp(prefix="mldiag-pg-"))
    who = {}
    if os.getuid() == 0:
        shutil.chown(place, "postgres")
        who = {"user": "postgres"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(*words):
        subprocess.run(
            [found / words[0], *words[1:]], check=True, cwd=place, capture_output=True, **who
        )

    call("initdb", "-D", place / "data", "-U", "mldiag", "-A", "trust")
    options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1"
    call("pg_ctl", "-D", place / "data", "-o", options, "-l", place / "log", "-w", "start")
    try:
        yield f"postgresql://mldiag@127.0.0.1:{port}/postgres"
    finally:
        call("pg_ctl", "-D", place / "data", "-m", "immediate", "stop")
        shutil.rmtree(place, ignore_errors=True)
