"""Waiting for something that another process does, and looking whether one lives."""

import time
from pathlib import Path

PATIENCE = 20.0  # seconds after which something that should happen has not


def eventually(condition):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
