"""Groups of files that hold the same."""

from __future__ import annotations

from collections.abc import Iterable

from mldiag.data.media_facts import FileFacts


def groups_of_equals(files: Iterable[FileFacts]) -> list[list[FileFacts]]:
    """Groups of two or more files of the same bytes, or of the same pixels, samples or words.

    Empty files, and those that could not be read, are in no group.

    Args:
        files: Facts of files, in any order.

    Returns:
        The largest group first; the files of a group by name.
    """
    groups: dict[str, list[FileFacts]] = {}
    content_to_signal: dict[str, str] = {}
    for facts in files:
        if not facts.content_hash or not facts.file.bytes:
            continue
        # The same bytes give the same signal, so that one key serves both, where there is a signal.
        key = facts.signal_hash or f"bytes:{facts.content_hash}"
        key = content_to_signal.setdefault(facts.content_hash, key)
        groups.setdefault(key, []).append(facts)
    equal = [
        sorted(group, key=lambda facts: (facts.file.split, facts.file.name))
        for group in groups.values()
        if len(group) > 1
    ]
    return sorted(equal, key=lambda group: (-len(group), group[0].file.name))
