"""Looks into a torch training in a worker, whether or not its code calls `trial.watch`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from mldiag.errors import MldiagError
from mldiag.recording.on_import import once_imported
from mldiag.recording.recorded import Recording
from mldiag.recording.torch_found import bare_parameters, networks_of
from mldiag.recording.torch_losses import LossesSeen
from mldiag.recording.trial_watch import TrialWatch

NO_MODULE = "activations: no module holds the parameters that are stepped"
LATER = "an optimizer that was made later, and what it steps"
NOT_TOLD = (
    "predictions on the batches, which the code does not tell: watch = trial.watch(net, optimizer), then "
    "watch.step(loss=loss, outputs=outputs, targets=targets) after each step"
)


class TorchRecorder:
    """What `trial.watch` attaches to; without a call of it, the first training pass begins a watch."""

    def __init__(self) -> None:
        self.watches: list[TrialWatch] = []
        self._losses = LossesSeen()
        self._optimizers: list[Any] = []
        self._searched = 0
        self._named = False
        self._not_seen: dict[str, None] = {}
        self._search = ExitStack()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """See what torch does within the context, from the moment the code imports it."""
        with ExitStack() as undo:
            undo.callback(self._close)
            with once_imported("torch", lambda torch: self._attach_to(torch, undo)):
                yield

    def _close(self) -> None:
        for watch in self.watches:
            watch.close()

    def attach(self, networks: Any, optimizers: Any = None, **options: Any) -> TrialWatch:
        """Begin a watch of what the user's code names; see `Trial.watch`."""
        self._named = True
        return self._begin(networks, optimizers, options)

    def recording(self) -> Recording | None:
        """What the watch with the most steps has recorded; None where nothing was watched."""
        best = max(self.watches, key=lambda watch: watch.steps, default=None)
        if best is None:
            return None
        found = best.recording()
        seen = list(dict.fromkeys([*found.facts["not_seen"], *self._not_seen]))
        if not best.told and not found.has("batch/rows"):
            seen.append(NOT_TOLD)
        facts = {**found.facts, "not_seen": seen}
        if len(self.watches) > 1:
            told = f"{len(self.watches)} watches began in this training: the longest is shown"
            facts["notices"] = [*facts["notices"], told]
        return Recording(facts, found.arrays)

    @property
    def evaluated(self) -> bool:
        """Whether the user's code told of an evaluation."""
        return any(watch.evaluated for watch in self.watches)

    @property
    def steps(self) -> int:
        """Steps of the watch with the most."""
        return max((watch.begun for watch in self.watches), default=0)

    def _begin(self, networks: Any, optimizers: Any, options: Mapping[str, Any]) -> TrialWatch:
        from mldiag.recording.watching.watch import Watch

        try:
            watch = Watch(networks, optimizers, **options).start()
        except MldiagError:
            still_open = [earlier for earlier in self.watches if earlier.open]
            if not still_open:
                raise
            for earlier in still_open:  # one network in two watches: the later call is meant
                earlier.close()
            watch = Watch(networks, optimizers, **options).start()
        self._search.close()
        structure = watch._structure
        begun = TrialWatch(
            watch,
            list(structure.networks.values()),
            structure.optimizers,
            self._losses,
            eager=not self._named,
        )
        self.watches.append(begun)
        return begun

    # ---- hooks ------------------------------------------------------------------------------------------

    def _attach_to(self, torch: Any, undo: ExitStack) -> None:
        optim = sys.modules[torch.optim.Optimizer.__module__]  # torch hides it as an attribute
        self._losses.attach(torch, undo)
        self._losses.on_backward = self._before_backward
        undo.callback(optim.register_optimizer_step_pre_hook(self._before_step).remove)
        undo.callback(optim.register_optimizer_step_post_hook(self._after_step).remove)
        made, called = torch.optim.Optimizer.__init__, torch.nn.Module.__call__

        def told_made(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            made(optimizer, *args, **kwargs)
            self._optimizers.append(optimizer)

        def told_called(module: Any, *args: Any, **kwargs: Any) -> Any:
            if self._waits() and torch.is_grad_enabled():
                self._find()
            return called(module, *args, **kwargs)

        torch.optim.Optimizer.__init__ = told_made
        undo.callback(setattr, torch.optim.Optimizer, "__init__", made)
        torch.nn.Module.__call__ = told_called  # until something is watched
        undo.push(self._search)
        self._search.callback(setattr, torch.nn.Module, "__call__", called)

    def _waits(self) -> bool:
        """Whether optimizers were made and nothing is watched yet."""
        return not self.watches and not self._named and len(self._optimizers) > self._searched

    def _find(self) -> None:
        """Watch the networks whose parameters the optimizers step."""
        self._searched = len(self._optimizers)
        try:
            networks = networks_of(self._optimizers)
            if not networks:
                bare = bare_parameters(self._optimizers)
                networks = [] if bare is None else [bare]
                self._not_seen.setdefault(NO_MODULE)
            if networks:
                self._begin(networks, list(self._optimizers), {})
        except Exception as error:  # a diagnosis must not end a training
            self._not_seen.setdefault(f"the networks: {type(error).__name__}: {error}")

    def _before_backward(self) -> None:
        if self._waits():
            self._find()
        for watch in self.watches:
            watch.settle()

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not self.watches and not self._named and optimizer not in self._optimizers:
            self._optimizers.append(optimizer)  # made before this trial began
            self._find()

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not self.watches:
            return
        known = [watch for watch in self.watches if watch.knows(optimizer)]
        if not known:
            self._not_seen.setdefault(LATER)
        for watch in known:
            watch.after(optimizer)
