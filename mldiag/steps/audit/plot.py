"""The figure of an audit: what was found, each where it is seen best."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mldiag.steps.audit.diagnose import AuditDiagnosis


def plot(diagnosis: AuditDiagnosis) -> Figure:
    """Draw the findings.

    Args:
        diagnosis: The answer of the step.
    """
    kind, subject = diagnosis.inspected.kind, diagnosis.inspected.subject
    if kind == "image":
        from mldiag.steps.audit.files.plot_images import plot as plot_images

        return plot_images(subject, diagnosis.findings)
    if kind == "audio":
        from mldiag.steps.audit.files.plot_audio import plot as plot_audio

        return plot_audio(subject, diagnosis.findings)
    if kind == "text":
        from mldiag.steps.audit.files.plot_texts import plot as plot_texts

        return plot_texts(subject, diagnosis.findings)
    from mldiag.steps.audit.plot_tables import plot as plot_tables

    return plot_tables(diagnosis)
