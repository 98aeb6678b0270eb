"""Checks of texts: files of a folder, and columns of free text; one file each, in reading order."""

from mldiag.steps.audit.checks.text import (
    damaged_encoding,
    duplicate_texts,
    empty_texts,
    label_in_text,
    mixed_languages,
    near_duplicate_texts,
    text_length,
)

CHECKS = (
    duplicate_texts,
    near_duplicate_texts,
    empty_texts,
    damaged_encoding,
    text_length,
    mixed_languages,
    label_in_text,
)
