"""What a finding says, numbers and all, in a language other than English, where its sentence is known."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from mldiag.report.languages.sentences import gain_words
from mldiag.report.languages.words import findings_of, title_of

if TYPE_CHECKING:
    from mldiag.findings import Finding

_NAME = re.compile(r"\{(\w+)\}")
"""What is filled in, in either sentence."""

_FORMS = {"count": r"[\d,]+(?: [a-z ]+?)?"}
"""What may stand for a name that begins so; anything for the others."""


def told_of(finding: Finding, lang: str) -> tuple[str, str]:
    """What a finding is about, and what it says of it: the same in English, where the second is empty.

    Example:
        >>> from mldiag.findings import Finding
        >>> told_of(Finding("MD413", "loss-spikes", "passed", "The loss has no spikes"), "ja")
        ('損失のスパイク', '損失にスパイクはありません')
    """
    title, line = title_of(finding, lang), line_of(finding, lang)
    return (line, "") if title == finding.title else (title, line)


def line_of(finding: Finding, lang: str) -> str:
    """The finding's title with its numbers; in English where there is no such sentence.

    Example:
        >>> from mldiag.findings import Finding
        >>> title = "More data would help: +1.8 points (+1.1 to +2.6) with twice the rows"
        >>> line_of(Finding("MD201", "more-data", "advice", title), "ja")
        'データを増やすと改善します: 行を 2 倍にすると +1.8 ポイント (+1.1 ～ +2.6)'
        >>> line_of(Finding("MD201", "more-data", "advice", "Something else"), "ja")
        'Something else'
    """
    if lang == "en":
        return finding.title
    for english, told in findings_of(lang).get(finding.code, {}).items():
        found = _pattern(english).fullmatch(finding.title)
        if found is not None:
            return told.format_map({k: _filled(k, v) for k, v in found.groupdict().items()})
    return finding.title


@cache
def _pattern(english: str) -> re.Pattern[str]:
    """The sentence as a pattern, with a group for each name."""
    parts = _NAME.split(english)
    written = [re.escape(part) for part in parts[::2]]
    groups = [f"(?P<{name}>{_FORMS.get(name.split('_')[0], '.+?')})" for name in parts[1::2]]
    return re.compile("".join(a + b for a, b in zip(written, [*groups, ""], strict=True)))


def _filled(name: str, value: str) -> str:
    kind = name.split("_")[0]
    if kind == "count":
        return value.split()[0]
    if kind == "gain":
        return gain_words(value)
    if kind == "names":
        value = re.sub(r" and ([\d,]+) more\b", r"、ほか \1 件", value)
        value = value.replace(" and ", "、").replace(", ", "、")
    return value
