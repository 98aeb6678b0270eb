"""One thread of BLAS and OpenMP for each of pytest's workers: two that want every core wait for each other.

Measured on two cores: 895 tests of the training checks, the recording and the audit take 80 s instead of 162.
A number that was set outside stays.
"""

from __future__ import annotations

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # read when numpy and torch are imported, which is later
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
