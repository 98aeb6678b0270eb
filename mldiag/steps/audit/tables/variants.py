"""Spellings of one word: equal but for case, blanks, accents and punctuation, or one typing error away."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

_BETWEEN = re.compile(r"[\s_\-./,;:'\"`´’()]+")


@dataclass(frozen=True)
class Limits:
    """When two words are one.

    Args:
        typo_length: Fewest letters of a word that may be mistyped.
        rare_share: A mistyped word stands in at most this share of the rows of the right one.
        right_rows: Rows that the right one has at least.
        problem_share: Share of the rows from which variants are a problem.
        many_levels: With more different words than this, only long ones are taken for mistyped.
        long_word: Letters of a long one.
        most_levels: With more different words than this, typing errors are not looked for.
    """

    typo_length: int = 5
    rare_share: float = 0.1
    right_rows: int = 5
    problem_share: float = 0.05
    many_levels: int = 60
    long_word: int = 9
    most_levels: int = 2000


LIMITS = Limits()


def folded(word: str) -> str:
    """A word without what does not change it: case, accents, blanks and punctuation.

    Example:
        >>> folded(" São-Paulo ") == folded("sao paulo"), folded("C++") == folded("C")
        (True, False)
    """
    plain = unicodedata.normalize("NFKD", word)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _BETWEEN.sub(" ", plain).strip().casefold()


def merges_of(counts: Mapping[str, int]) -> dict[str, str]:
    """Which word stands for which: variant -> the most frequent spelling.

    Args:
        counts: Rows of each word.

    Example:
        >>> merges_of({"Rome": 40, "rome ": 2, "Vienna": 30, "Viena": 1, "Bonn": 9})
        {'rome ': 'Rome', 'Viena': 'Vienna'}
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for word in counts:
        groups[folded(word) or word].append(word)
    found: dict[str, str] = {}
    for words in groups.values():
        if len(words) > 1 and not _are_numbers(words):
            kept = max(words, key=lambda word: (counts[word], word == word.strip()))
            found.update({word: kept for word in words if word != kept})
    if len(counts) <= LIMITS.most_levels:
        found |= _mistyped({word: n for word, n in counts.items() if word not in found}, counts)
    return found


def _are_numbers(words: list[str]) -> bool:
    """Whether punctuation carries meaning here: 1-5 and 15, 1.0 and 10."""
    return (
        all(any(letter.isdigit() for letter in word) for word in words)
        and len({re.sub(r"\s", "", word).casefold() for word in words}) > 1
    )


def _mistyped(words: Mapping[str, int], counts: Mapping[str, int]) -> dict[str, str]:
    """Rare words that are one edit away from a frequent one."""
    least = LIMITS.long_word if len(counts) > LIMITS.many_levels else LIMITS.typo_length
    right = [
        word
        for word, rows in words.items()
        if rows >= LIMITS.right_rows and _may_be_mistyped(word) and len(word) >= least
    ]
    found = {}
    for word, rows in words.items():
        if not _may_be_mistyped(word):
            continue
        near = [
            other
            for other in right
            if other != word
            and rows <= LIMITS.rare_share * words[other]
            and abs(len(other) - len(word)) <= 1
            and one_edit_apart(folded(word), folded(other))
        ]
        if len(near) == 1:
            found[word] = near[0]
    return found


def _may_be_mistyped(word: str) -> bool:
    """Long enough, without digits, and no list of single letters that tell values apart."""
    parts = folded(word).split()
    return (
        len(word.strip()) >= LIMITS.typo_length
        and not any(letter.isdigit() for letter in word)
        and all(len(part) > 1 for part in parts)
    )


def one_edit_apart(a: str, b: str) -> bool:
    """Whether one letter put in, left out, replaced, or two neighbours swapped turn one word into the other.

    Example:
        >>> one_edit_apart("vienna", "viena"), one_edit_apart("form", "from"), one_edit_apart("ab", "cd")
        (True, True, False)
    """
    if a == b:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    left, right = a[start : len(a) - end], b[start : len(b) - end]
    swapped = len(left) == 2 and left == right[::-1]
    return (len(left) <= 1 and len(right) <= 1) or swapped
