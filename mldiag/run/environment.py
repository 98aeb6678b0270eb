"""Where a command ran: revision, versions, processor, threads; what two machines may differ in."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mldiag.run.threads import inner_threads
from mldiag.wording import plural

THREAD_LIMITS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONHASHSEED",
)  # fmt: skip
"""Variables that decide how sums are split, and the order of sets."""

GIT_SECONDS = 2.0
"""A repository on a dead network drive must not hold a command."""


def environment(home: Path, code_parts: Mapping[str, str]) -> dict[str, str]:
    """What could make the same code give another score, as short texts.

    Args:
        home: The experiment's folder, for its git revision.
        code_parts: Parts of the code's digest, for the versions of the packages that it uses.

    Example:
        >>> found = environment(Path("/"), {"package numpy": "2.4.0"})
        >>> found["packages"], "git" in found
        ('numpy 2.4.0', False)
    """
    packages = [
        f"{name.removeprefix('package ')} {version}"
        for name, version in sorted(code_parts.items())
        if name.startswith("package ")
    ]
    found = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "threads": ", ".join(f"{n}={os.environ[n]}" for n in THREAD_LIMITS if n in os.environ),
        "blas": _blas(),
        "blas_threads": str(inner_threads(1)),
        "packages": ", ".join(packages),
        **_git(home),
    }
    return {name: value for name, value in found.items() if value}


def _git(home: Path) -> dict[str, str]:
    revision = _asked(home, "rev-parse", "HEAD")
    if not revision:
        return {}
    changed = _asked(home, "status", "--porcelain", "--untracked-files=no")
    return {
        "git": revision,
        "git_changes": plural(len(changed.splitlines()), "file") if changed else "",
    }


def _asked(home: Path, *command: str) -> str:
    """What git answers; empty where there is no git, no repository, or no answer in time."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(home), *command],
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _blas() -> str:
    """Name and version of the library that NumPy multiplies matrices with."""
    import numpy

    built: Any = numpy.show_config(mode="dicts")
    found = (built or {}).get("Build Dependencies", {}).get("blas", {})
    return f"{found.get('name', '')} {found.get('version', '')}".strip()


def _processor() -> str:
    """Name of the processor; Linux tells it in a file only."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
