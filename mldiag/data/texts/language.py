"""Which language a text is in, by its script and its small words; good enough to see that two are mixed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

SMALL_WORDS: Mapping[str, str] = {
    "English": "the of and to in is that it for was with as are this have not but from they be",
    "German": "der die und das den ist nicht mit ein eine zu auf für sich dem des auch als wird",
    "French": "le la les des et est une dans pour que qui pas sur avec ce il du au sont plus",
    "Spanish": "el la los las de y que en un una por con para es no se del al lo como",
    "Italian": "il la di che e un una per con non del della sono si le al anche nel più gli",
    "Portuguese": "o a os as de e que em um uma por com para não se do da é no mais",
    "Dutch": "de het een en van is dat op te in voor niet met zijn aan er ook als bij maar",
}
"""Frequent words that carry no topic."""

_SCRIPTS = (
    ("Japanese", "\u3040-\u30ff"),
    ("Korean", "\uac00-\ud7af"),
    ("Chinese", "\u4e00-\u9fff"),
    ("Cyrillic script", "\u0400-\u04ff"),
    ("Arabic script", "\u0600-\u06ff"),
    ("Greek", "\u0370-\u03ff"),
    ("Hebrew", "\u0590-\u05ff"),
    ("Devanagari script", "\u0900-\u097f"),
    ("Thai", "\u0e00-\u0e7f"),
)
_WORD = re.compile(r"[^\W\d_]+")

LEAST_WORDS = 8
"""Texts of fewer words say too little."""

LOOKED_AT = 2_000
"""Letters looked at."""


def language_of(text: str) -> str:
    """The language or script of a text; empty where it is too short or unlike all that are known.

    Example:
        >>> language_of("This is the house that Jack built, and it was not from the town they are in.")
        'English'
        >>> language_of("Das ist das Haus, das nicht mit dem Hund zu den Leuten in die Stadt ging.")
        'German'
    """
    text = text[:LOOKED_AT]
    letters = sum(map(str.isalpha, text))
    for name, letter_range in _SCRIPTS:
        if letters >= LEAST_WORDS and len(re.findall(f"[{letter_range}]", text)) > 0.3 * letters:
            return name
    words = [word.casefold() for word in _WORD.findall(text)]
    if len(words) < LEAST_WORDS:
        return ""
    counts = Counter(words)
    scores = {
        name: sum(counts[word] for word in small.split()) / len(words)
        for name, small in SMALL_WORDS.items()
    }
    first, second = sorted(scores, key=scores.__getitem__, reverse=True)[:2]
    sure = scores[first] >= 0.12 and scores[first] >= 1.4 * scores[second]
    return first if sure else ""
