"""Checks on files of any kind, in reading order."""

from mldiag.steps.audit.checks.files import (
    duplicate_files,
    duplicate_files_across_split,
    empty_files,
    file_name_predicts_label,
)

CHECKS = (
    duplicate_files_across_split,
    duplicate_files,
    empty_files,
    file_name_predicts_label,
)
