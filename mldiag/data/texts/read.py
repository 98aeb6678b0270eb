"""Files of text, decoded once."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from mldiag.data.encodings import likely_encoding, marked_encoding
from mldiag.data.media import MediaCollection, MediaFile, Unreadable
from mldiag.data.media_facts import content_hash
from mldiag.errors import MldiagError

MOST_CHARACTERS = 1_000_000
"""Characters kept of one text; its length is that of the whole."""


@dataclass(frozen=True, slots=True)
class TextFacts:
    """One file of text.

    Args:
        file: The file.
        text: What it says, at most `MOST_CHARACTERS` of it.
        length: Characters of the whole.
        encoding: How it was decoded.
        problem: Why it could not be read; None where it could.
        content_hash: Equal for files of the same bytes.
        signal_hash: Equal for files of the same words, whatever their case and blanks.
    """

    file: MediaFile
    text: str = ""
    length: int = 0
    encoding: str = ""
    problem: str | None = None
    content_hash: str = ""
    signal_hash: str = ""


@dataclass(frozen=True, eq=False)
class TextAudit:
    """A collection of texts after every file was read.

    Args:
        train: Facts of the training files.
        test: Facts of the test files; empty where there are none.
        task: `classification` where files have labels.
    """

    train: tuple[TextFacts, ...]
    test: tuple[TextFacts, ...] = ()
    task: Literal["classification"] | None = None
    kind: Literal["text"] = "text"


def read_texts(
    collection: MediaCollection, *, progress: Callable[[int, int], None] | None = None
) -> TextAudit:
    """Decode every file; what cannot be read is among the facts with the reason.

    Args:
        collection: Texts, as `mldiag.data.media.find_media` finds them.
        progress: Told after each file how many are done, and of how many.

    Raises:
        MldiagError: If these are no texts.
    """
    if collection.kind != "text":
        raise MldiagError(f"these are {collection.kind} files", expected="texts")
    facts: dict[MediaFile, TextFacts] = {}
    for done, (file, content) in enumerate(collection.contents(), start=1):
        facts[file] = (
            TextFacts(file, problem=content.problem)
            if isinstance(content, Unreadable)
            else text_facts(file, content)
        )
        if progress is not None:
            progress(done, len(collection.files))
    labelled = any(file.label is not None for file in collection.files)
    return TextAudit(
        train=tuple(facts[file] for file in collection.of("train")),
        test=tuple(facts[file] for file in collection.of("test")),
        task="classification" if labelled else None,
    )


def encodings_told(audit: TextAudit) -> tuple[str, ...]:
    """Which texts are not in UTF-8, and as what they were read; nothing where all are.

    Example:
        >>> file = MediaFile("a.txt", "train", None, 4)
        >>> encodings_told(TextAudit((text_facts(file, "Köln".encode("cp1252")),)))
        ('1 of 1 texts is not in UTF-8, and was read as CP1252',)
    """
    facts = (*audit.train, *audit.test)
    others = Counter(one.encoding for one in facts if one.encoding and one.encoding != "utf-8")
    others.pop("utf-8-sig", None)
    return tuple(
        f"{count:,} of {len(facts):,} texts {'is' if count == 1 else 'are'} not in UTF-8, and "
        f"{'was' if count == 1 else 'were'} read as {encoding.upper()}"
        for encoding, count in others.most_common()
    )


def text_facts(file: MediaFile, content: bytes) -> TextFacts:
    r"""The facts of one file.

    Example:
        >>> file = MediaFile("a.txt", "train", None, 4)
        >>> text_facts(file, "Köln".encode("cp1252")).text
        'Köln'
    """
    encoding = marked_encoding(content[:4096]) or "utf-8"
    facts = TextFacts(file, content_hash=content_hash(content))
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        encoding = likely_encoding([content[:65536]]) or "latin-1"
        text = content.decode(encoding, errors="replace")
    if "\x00" in text:
        return replace(facts, problem="holds zero bytes: it is no text", length=len(text))
    return replace(
        facts,
        text=text[:MOST_CHARACTERS],
        length=len(text),
        encoding=encoding,
        signal_hash=content_hash(plain_words(text).encode()),
    )


def plain_words(text: str) -> str:
    r"""The text without what does not change its words: case, kinds of blanks, composed accents.

    Example:
        >>> plain_words("Two  Words\n") == plain_words("two words")
        True
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
