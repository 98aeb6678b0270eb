"""The optional libraries for sounds, imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mldiag.errors import MldiagError

INSTALL = 'pip install "mldiag[audio]"'


def load(name: str) -> Any:
    """Import soundfile, soxr or pyloudnorm.

    Raises:
        MldiagError: It is not installed, or cannot start (soundfile without its C library).

    Example:
        >>> load("soundfile").__name__
        'soundfile'
    """
    try:
        return import_module(name)
    except (ImportError, OSError) as error:
        raise MldiagError(
            f"sounds need {name}, which cannot be imported: {error}", hint=INSTALL
        ) from error
