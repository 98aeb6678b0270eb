"""`mldiag.watch`: looks into a PyTorch training, a closer look at few of its steps, and never changes it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any
from weakref import WeakSet

import torch
from torch import nn

from mldiag.errors import MldiagError
from mldiag.findings import Report
from mldiag.recording.recorded import Recording
from mldiag.recording.watching.beginning import beginning_of, shut_gates
from mldiag.recording.watching.evaluations import Evaluations
from mldiag.recording.watching.loss_numbers import loss_number
from mldiag.recording.watching.measures import LookedAtStep, Measures
from mldiag.recording.watching.optimizers_seen import OptimizersSeen
from mldiag.recording.watching.options import refuse_wrong
from mldiag.recording.watching.outputs import Later, batch_numbers, first_tensor, task_of
from mldiag.recording.watching.rows import StepRows
from mldiag.recording.watching.seen import NetworksSeen
from mldiag.recording.watching.structure import refuse_watched, structure_of
from mldiag.recording.watching.written import written

TASK_STEPS = 50
"""Steps in which the task is inferred from what is told."""

_WATCHED: WeakSet[nn.Module] = WeakSet()


class Watch:
    """Looks into one training; made by `mldiag.watch`.

    Args:
        networks: One module, a list of them, or a dictionary by name.
        optimizers: One optimizer, a list of them, or None where the loop changes the weights by itself.
        task: Task word; None infers it from outputs and targets.
        roles: Names of the networks.
        every: Look closely at every so many steps; None for gaps that widen.
        judge: Makes the report of a recording; handed in from above.

    Raises:
        MldiagError: If something is of a wrong kind, or a network is watched already.
    """

    def __init__(
        self,
        networks: Any,
        optimizers: Any = None,
        *,
        task: str | None = None,
        roles: Sequence[str] | None = None,
        every: int | None = None,
        judge: Callable[[Recording], Report] | None = None,
    ) -> None:
        refuse_wrong(task, every)
        self._structure = structure_of(networks, optimizers, roles)
        self._task, self._given_task, self._judge = task, task, judge
        self._optimizers = OptimizersSeen(self._structure, self._trouble)
        self._networks = NetworksSeen(self._structure, self._trouble)
        self._rows, self._measures = StepRows(every), Measures(self._failed)
        self._evaluations = Evaluations()
        self._stack = ExitStack()
        self._open = self._light = False
        self._start_facts: tuple[list[dict[str, Any]], list[dict[str, Any]]] | None = None
        self._steps = self._next_look = 0
        self._began = self._ended = time.perf_counter()
        self._notices: dict[str, None] = {}
        self._failures: set[str] = set()
        self._error = ""

    def __enter__(self) -> Watch:
        """Begin to look; see `start`."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take every hook away; what was recorded stays."""
        if error is not None:
            self._error = f"{type(error).__name__}: {error}"[:300]
        self.close()

    def start(self) -> Watch:
        """Begin to look, where a `with` block does not fit.

        Raises:
            MldiagError: If one of the networks is being watched already.
        """
        if self._open:
            return self
        refuse_watched(self._structure.networks, _WATCHED)
        _WATCHED.update(self._structure.networks.values())
        self._open = True
        if self._start_facts is None:
            self._start_facts = (beginning_of(self._structure), shut_gates(self._structure))
        self._networks.attach(self._stack)
        self._optimizers.attach(self._stack, self._before_update)
        self._begin_step()
        self._began = time.perf_counter()
        return self

    def close(self) -> None:
        """Stop looking: every hook is removed. Calling it again does nothing."""
        if self._open:
            self._open = self._light = False
            self._ended = time.perf_counter()
            self._stack.close()
            for network in self._structure.networks.values():
                _WATCHED.discard(network)

    def step(
        self,
        *,
        loss: Any = None,
        losses: Mapping[str, Any] | None = None,
        inputs: Any = None,
        outputs: Any = None,
        targets: Any = None,
    ) -> None:
        """Tell of one training step, after the optimizer's own; nothing here ever raises into the training.

        Args:
            loss: The loss of the batch, a number or a tensor.
            losses: Several losses by name.
            inputs: The batch, where the network is not called with it.
            outputs: Logits or predictions; for a VAE the reconstruction, mu and logvar in a dictionary or
                tuple; for self-supervision the embeddings.
            targets: What the outputs should be.
        """
        # Most steps are not looked at, and every line here is a part of what each of them costs.
        if self._light and losses is None and type(loss) is torch.Tensor and loss.dim() == 0:
            self._rows.add_loss(self._steps, "", loss.detach())
            self._steps += 1
            if self._steps < self._next_look:
                return
        elif not self._open:
            self._trouble("step() was called outside of the watch: nothing is recorded")
            return
        else:
            try:
                self._take_step(loss, losses or {}, inputs, outputs, targets)
            except Exception as error:  # a diagnosis must not end a training
                self._failed(f"step {self._steps}", error)
            self._steps += 1
        try:
            self._begin_step()
        except Exception as error:
            self._failed(f"step {self._steps}", error)

    def _take_step(
        self, loss: Any, losses: Mapping[str, Any], inputs: Any, outputs: Any, targets: Any
    ) -> None:
        if loss is not None:
            number = loss_number(loss, self._notice, self._trouble)
            self._rows.add_loss(self._steps, "", number)
            if self._networks.birth is not None and number is not None:
                self._networks.tell_loss(self._steps, number)
        for name, value in losses.items():
            number = loss_number(value, self._notice, self._trouble)
            self._rows.add_loss(self._steps, str(name), number)
        if self._task is None and outputs is not None and self._steps < TASK_STEPS:
            self._task = task_of(outputs, targets)
        self._optimizers.end_step()
        if not self._rows.sampling:
            return
        if self._rows.wants_batch:
            given = first_tensor(inputs) if inputs is not None else self._networks.last_input()
            self._rows.add_batch(first_tensor(outputs), given)
        row: dict[str, Any] = {}
        if Later.fits(outputs, targets):
            row["later"] = Later(self._task, outputs, targets)
        elif outputs is not None:
            row |= batch_numbers(self._task, outputs, targets)
        row |= self._networks.taken()
        row |= self._optimizers.taken()
        step = LookedAtStep(self._steps, self._structure, loss, outputs, targets)
        row |= self._measures.taken(step)
        self._rows.add(self._steps, row)

    def _begin_step(self) -> None:
        sampling = self._rows.begin(self._steps)
        self._next_look = self._rows.next_step
        knows_task = self._task is not None or self._steps >= TASK_STEPS
        self._light = not sampling and knows_task and not self._optimizers.by_hand
        if not sampling:
            self._networks.want_nothing()
            return
        if self._rows.wants_layers:
            self._networks.want(features=self._rows.wants_features)
        else:
            self._networks.want_nothing()
        self._optimizers.want(directions=self._rows.wants_directions)

    def _before_update(self, number: int) -> None:
        """Called before an optimizer's step with a gradient that is not finite: it is traced back at once."""
        if self._networks.birth is None:
            self._light = False  # the loss of this step tells whether the way back broke alone
            self._networks.find_birth(self._steps, number)

    def evaluate(
        self,
        *,
        score: Any = None,
        train_score: Any = None,
        inputs: Any = None,
        outputs: Any = None,
        targets: Any = None,
        samples: Any = None,
        real: Any = None,
        maximize: bool = True,
    ) -> None:
        """Tell of an evaluation, usually once an epoch, in eval mode; it ends the epoch.

        Args:
            score: Score on rows that are not trained on.
            train_score: The same score on rows that are.
            inputs: The evaluated rows, for the sheet of mistakes.
            outputs: What the network says of them.
            targets: What it should say.
            samples: What a generator makes.
            real: Real ones beside them.
            maximize: Whether a higher score is better.
        """
        try:
            with torch.no_grad():
                self._evaluations.maximize = maximize
                if self._task is None and outputs is not None:
                    self._task = task_of(outputs, targets)
                self._evaluations.add(
                    self._steps,
                    self._task,
                    score=None if score is None else float(score),
                    train_score=None if train_score is None else float(train_score),
                    inputs=inputs, outputs=outputs, targets=targets, samples=samples, real=real,
                )  # fmt: skip
        except Exception as error:  # a diagnosis must not end a training
            self._failed(f"evaluation after step {self._steps}", error)

    def recording(self) -> Recording:
        """What was measured so far, as plain data."""
        seconds = (self._ended if not self._open else time.perf_counter()) - self._began
        facts = {
            "task": self._task,
            "task_given": self._given_task is not None,
            "steps": self._steps,
            "seconds": seconds,
            "batch": self._rows.batch,
            "maximize": self._evaluations.maximize,
            "beginning": self._start_facts[0] if self._start_facts else [],
            "gates": self._start_facts[1] if self._start_facts else [],
            "error": self._error,
            "notices": list(self._notices),
        }
        return written(
            facts, self._structure, self._networks, self._optimizers, self._rows, self._evaluations
        )

    def diagnose(self, recording: Recording | None = None) -> Report:
        """Judge what was seen so far, or a recording of it; within the `with` block or after it."""
        if self._judge is None:
            raise MldiagError("this watch only records", hint="mldiag.watch(net, optimizer)")
        return self._judge(recording or self.recording())

    def _notice(self, text: str) -> None:
        if len(self._notices) < 50:
            self._notices.setdefault(text)

    def _failed(self, where: str, error: Exception) -> None:
        """A look that failed; one that fails in every step is told once."""
        told = f"{type(error).__name__}: {error}"[:300]
        if told not in self._failures:
            self._failures.add(told)
            self._trouble(f"{where} could not be looked at: {told}")

    def _trouble(self, text: str) -> None:
        """Something could not be looked at: said once, as a warning and in the report."""
        if text not in self._notices:
            self._notice(text)
            with suppress(RuntimeWarning):  # where warnings are errors: the training must go on
                warnings.warn(f"mldiag.watch: {text}", RuntimeWarning, stacklevel=4)
