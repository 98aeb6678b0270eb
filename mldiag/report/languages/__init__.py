"""What a person reads in another language than English; English is what the code itself says."""

from __future__ import annotations

import os

from mldiag.errors import unknown_name

LANGUAGES = ("en", "ja")
"""Languages of reports and of `mldiag explain`, the default first."""

VARIABLE = "MLDIAG_LANG"
"""The environment's language, where none is given."""


def chosen_language(given: str | None) -> str:
    """The language that was asked for: what was given, else the environment's, else English.

    Args:
        given: The value of `--lang`; None where it was not given.

    Raises:
        MldiagError: If there is no such language.

    Example:
        >>> chosen_language("ja"), chosen_language("JA")
        ('ja', 'ja')
    """
    if given is not None:
        return _known(given, "--lang ja")
    return _known(os.environ.get(VARIABLE) or LANGUAGES[0], f"{VARIABLE}=ja")


def _known(name: str, hint: str) -> str:
    if name.lower() in LANGUAGES:
        return name.lower()
    raise unknown_name("language", name, LANGUAGES, hint=hint)
