"""A watch of a loop that a framework runs: its hooks say when it begins and ends, the rest is seen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from mldiag.errors import MldiagError
from mldiag.recording.recorded import Recording
from mldiag.recording.torch_losses import LossesSeen
from mldiag.recording.trial_watch import TrialWatch

SCORES = ("accuracy", "acc", "f1", "auroc", "auc", "r2", "r2_score")
"""Names, after the framework's own prefix, of scores that are taken where none is named; higher is better."""


UNSEEN_LOSS = (
    "predictions on the batches: no loss of torch.nn.functional was called where it can be seen (a name "
    "bound by `from torch.nn.functional import ...` before the training cannot be)"
)


class OutsideWatch:
    """The core of the callbacks: begin, end, evaluations, diagnosis.

    Args:
        make: Makes a watch, as `mldiag.watch` does; handed in from above.
        task: Task word; None infers it.
        roles: Names of several networks.
        every: Look closely at every so many steps.
        score: Name of the validation score among what the framework logs; None takes a known one.
        maximize: Whether a higher score is better.
    """

    def __init__(
        self,
        make: Callable[..., Any],
        *,
        task: str | None = None,
        roles: Sequence[str] | None = None,
        every: int | None = None,
        score: str | None = None,
        maximize: bool = True,
    ) -> None:
        self._make = make
        self._options = {"task": task, "roles": roles, "every": every}
        self._score, self._maximize = score, maximize
        self._watch: Any = None
        self._seen: TrialWatch | None = None
        self._undo = ExitStack()
        self.losses = LossesSeen(sums=True, evaluations=True)

    def begin(self, networks: Any, optimizers: Any = None) -> None:
        """Begin to look; a watch that an earlier training left open ends."""
        import torch

        self.end()
        self.losses = LossesSeen(sums=True, evaluations=True)
        self._watch = self._make(networks, optimizers, **self._options).start()
        structure = self._watch._structure
        self._seen = TrialWatch(self._watch, (), structure.optimizers, self.losses, eager=True)
        self._undo.callback(self._seen.close)
        self.losses.attach(torch, self._undo)
        self.losses.on_backward = self._seen.settle
        optim = sys.modules[torch.optim.Optimizer.__module__]  # torch hides it as an attribute
        handle = optim.register_optimizer_step_post_hook(self._after)
        self._undo.callback(handle.remove)

    def _after(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self._seen is not None and self._seen.knows(optimizer):
            self.updated(optimizer)

    def updated(self, by: Any = None) -> None:
        """The weights were updated; an optimizer of torch says so itself."""
        if self._seen is not None:
            self._seen.after(by)
        self.losses.forget_evaluated()

    def evaluated(self, logged: dict[str, Any], *, prefix: str, inputs: Any = None) -> None:
        """An evaluation has ended.

        Args:
            logged: What the framework has logged, by name.
            prefix: What it puts before names of validation scores.
            inputs: The evaluated rows.
        """
        if self._seen is None or not self._seen.open:
            return
        outputs, targets = self.losses.take_evaluated()
        name = self._score or next((n for n in SCORES if prefix + n in logged), "")
        whole = name if self._score else prefix + name
        bare = whole.removeprefix(prefix)
        told = {"score": logged.get(whole), "train_score": None}
        for other in (f"train_{bare}", bare):
            if bare and other != whole and other in logged and told["train_score"] is None:
                told["train_score"] = logged[other]
        fits = inputs is not None and outputs is not None and len(inputs) == len(outputs)
        self._seen.settle()
        self._seen.evaluated = True
        self._watch.evaluate(
            **told,
            outputs=outputs,
            targets=targets,
            inputs=inputs if fits else None,
            maximize=self._maximize,
        )
        self.losses.forget_evaluated()

    def end(self) -> None:
        """Stop looking; every hook is removed, what was recorded stays."""
        self._undo.close()

    def recording(self) -> Recording:
        """What was recorded so far.

        Raises:
            MldiagError: If the training has not begun.
        """
        if self._seen is not None:
            self._seen.settle()
        found: Recording = self._begun().recording()
        if found.has("batch/rows") or not found.steps:
            return found
        return Recording(
            {**found.facts, "not_seen": [*found.facts["not_seen"], UNSEEN_LOSS]}, found.arrays
        )

    def diagnose(self) -> Any:
        """Judge what was seen so far.

        Returns:
            The report.

        Raises:
            MldiagError: If the training has not begun, or no step was taken.
        """
        return self._begun().diagnose(self.recording())

    def _begun(self) -> Any:
        if self._watch is None:
            raise MldiagError(
                "the callback was asked before its training began",
                expected="the trainer, with the callback among its callbacks, to be run first",
                hint="callbacks=[callback], then fit or train, then callback.diagnose()",
            )
        return self._watch


def missing(framework: str, extra: str) -> MldiagError:
    """The error where a framework is not installed.

    Example:
        >>> print(missing("Lightning", "lightning").hint)
        pip install 'mldiag[lightning]'
    """
    return MldiagError(
        f"this callback needs {framework}, which is not installed",
        expected=f"the extra {extra!r}",
        hint=f"pip install 'mldiag[{extra}]'",
    )
