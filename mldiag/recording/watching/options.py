"""What a user may ask of a watch."""

from __future__ import annotations

from mldiag.errors import MldiagError, unknown_name

TASKS = (
    "classification", "multilabel", "regression", "segmentation", "language_model", "autoencoder",
    "vae", "gan", "self_supervised", "vector_quantized",
)  # fmt: skip
"""Task words."""


def refuse_wrong(task: str | None, every: int | None) -> None:
    """Refuse options that a watch cannot mean.

    Args:
        task: Task word; None infers it.
        every: Look closely at every so many steps; None for gaps that widen.

    Raises:
        MldiagError: If the task is unknown, or `every` is no whole number from 1 on.

    Example:
        >>> refuse_wrong("classification", 10)
    """
    if task is not None and task not in TASKS:
        raise unknown_name("task", task, TASKS)
    if every is not None and (isinstance(every, bool) or not isinstance(every, int) or every < 1):
        raise MldiagError(
            f"every is {every!r}", expected="a whole number of steps from 1 on", hint="every=10"
        )
