"""Passwords that must not be told: those inside of addresses, and those for MLflow in the environment."""

from __future__ import annotations

import os
import re

_IN_ADDRESS = re.compile(r"""(?<=://)[^/@\s"']+@""")
_VARIABLES = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")

LEAST_LENGTH = 4
"""A shorter password would be found in any text."""


def redacted(text: str) -> str:
    """Hide the user and password of every URI in a text, and what MLflow's own variables keep secret.

    Example:
        >>> redacted("mldiag sweep --tracking-uri https://me:secret@host/")
        'mldiag sweep --tracking-uri https://***@host/'
    """
    text = without_user(text, "***@")
    for name in _VARIABLES:
        secret = os.environ.get(name, "")
        if len(secret) >= LEAST_LENGTH:
            text = text.replace(secret, "***")
    return text


def without_user(text: str, instead: str = "") -> str:
    """The same text with the user and password of every URI taken out.

    Example:
        >>> without_user("https://me:secret@host/health")
        'https://host/health'
    """
    return _IN_ADDRESS.sub(instead, text)
