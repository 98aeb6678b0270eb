"""The catalogue of a language: what each check says, labels, steps, kinds of actions."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mldiag.findings import Check, Finding

FIELDS = ("title", "detects", "why", "fix")
"""What is translated of a check; its source is a reference and stays."""

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "problem": "problem", "advice": "advice", "passed": "passed", "inconclusive": "inconclusive",
        "not_applicable": "not applicable", "skipped": "skipped",
        "note": "note", "trials": "trials", "figure": "figure", "mlflow": "mlflow", "next": "next",
        "page": "page", "checks": "{n} checks", "cost": "cost: {cost}",
        "detected": "detected", "why": "why", "fix": "fix", "source": "source",
        "more": "mldiag explain CODE tells more of one.",
        "of_trials": "Trials of any step", "of_loops": "Training loops",
    }
)  # fmt: skip
"""Labels of the console."""

_FOLDER = Path(__file__).parent


def words(lang: str) -> Mapping[str, str]:
    """The labels of the console in a language.

    Example:
        >>> words("en")["next"], words("ja")["next"]
        ('next', '次に')
    """
    return ENGLISH if lang == "en" else _catalogue(lang)["labels"]


def page_words(lang: str) -> Mapping[str, str]:
    """The words of the HTML page; none in English, which the page brings along.

    Example:
        >>> page_words("ja")["next"], page_words("en")
        ('次に行うこと', {})
    """
    return {} if lang == "en" else _catalogue(lang)["page"]


def question_of(step: str, lang: str, english: str = "") -> str:
    """The question that a step answers.

    Args:
        step: Name of the step.
        lang: A language other than English, or `en`.
        english: What it is in English, for English and for steps that the catalogue lacks.

    Example:
        >>> question_of("sweep", "ja")
        'ハイパーパラメータは適切か'
    """
    return english if lang == "en" else _catalogue(lang)["questions"].get(step, english)


def action_kinds(lang: str) -> Mapping[str, str]:
    """What each kind of action asks for, in a language other than English."""
    return _catalogue(lang)["actions"]


def phrases(lang: str) -> Mapping[str, str]:
    """The sentences of a language other than English, with braces for what is filled in."""
    return _catalogue(lang)["phrases"]


@cache
def findings_of(lang: str) -> Mapping[str, Mapping[str, str]]:
    """The sentences of findings by code: the English one, and that of a language other than English."""
    return _read(_FOLDER / lang / "findings.toml")


def verdicts(lang: str) -> Mapping[str, str]:
    """What an outcome answers to a step's question, in a language other than English."""
    return _catalogue(lang)["verdicts"]


def translate(check: Check, lang: str) -> Check:
    """A check that says the same in another language; as it is where there is no translation.

    Example:
        >>> from mldiag.findings import Check
        >>> check = Check("MD301", "constant-column", "Which?", "a", "b", "c", "a book")
        >>> translate(check, "ja").title, translate(check, "ja").source, translate(check, "en") is check
        ('定数列', 'a book', True)
    """
    entry = texts(lang).get(check.code)
    if entry is None:
        return check
    return replace(check, **{name: entry[name] for name in FIELDS})


def title_of(finding: Finding, lang: str) -> str:
    """What a finding is about: its own title in English, else the title of its check.

    Example:
        >>> from mldiag.findings import Finding
        >>> finding = Finding("MD301", "constant-column", "advice", "2 columns hold one value")
        >>> title_of(finding, "en"), title_of(finding, "ja")
        ('2 columns hold one value', '定数列')
    """
    entry = texts(lang).get(finding.code)
    return finding.title if entry is None else entry["title"]


def english_digest(check: Check) -> str:
    """What stands beside a translation, so that it is known when the English text has changed."""
    text = "\n".join(getattr(check, name) for name in FIELDS)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def texts(lang: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of all checks by code, each with the digest of the English one; none in English."""
    if lang == "en":
        return {}
    return {
        code: entry
        for file in sorted((_FOLDER / lang).glob("md*.toml"))
        for code, entry in _read(file).items()
    }


@cache
def _catalogue(lang: str) -> Mapping[str, Mapping[str, str]]:
    return _read(_FOLDER / lang / "words.toml")


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
