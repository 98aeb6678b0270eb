"""Passwords that must not be told: those inside of addresses, and those of the environment."""

from __future__ import annotations

import os
import re

_USER_AND_PASSWORD = r"""[^/?#@:\s"']*:(?!\d{1,5}[/?#])[^\s"']*"""
"""Up to the last @, as drivers of databases read it: a password may hold / and @, but is no port."""

_USER_ALONE = r"""(?<!sql://)(?<!psycopg://)(?<!postgres://)[^/?#\s"']+"""
"""May be a token, but is only a name where it is the user of a database."""

_IN_ADDRESS = re.compile(rf"(?<=://)(?:{_USER_AND_PASSWORD}|{_USER_ALONE})@")
_IN_QUERY = re.compile(r"""(?<=[?&])(\w*(?:password|passwd|token|secret)=)[^&#\s"']+""", re.I)
_VARIABLES = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "PGPASSWORD")

LEAST_LENGTH = 4
"""A shorter password would be found in any text."""


def redacted(text: str) -> str:
    """Hide the passwords of every URI in a text, and what variables of MLflow and PostgreSQL keep secret.

    Example:
        >>> redacted("mldiag sweep --tracking-uri https://me:secret@host/")
        'mldiag sweep --tracking-uri https://***@host/'
        >>> redacted("postgresql://me@host/base?sslpassword=secret")
        'postgresql://me@host/base?sslpassword=***'
    """
    text = _IN_QUERY.sub(r"\1***", without_user(text, "***@"))
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
