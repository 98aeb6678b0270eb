"""Trials that wait to be run, shared through claims with other processes that want the same ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mldiag.stop_rule import would_cut
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.run.store.trial_store import Store

Keyed = tuple[str, TrialSpec]

CLAIMED_AT_ONCE = 32
"""Short trials that are claimed together."""

SHORT_SECONDS = 0.1
"""Below it a trial is short; longer ones are claimed one by one, so that two commands share them."""


class TrialQueue:
    """What is still to be run.

    Args:
        store: Holds the results and the claims.
        fresh: Whether results and claims of others are ignored.

    Attributes:
        found: Results that other processes have put into the store meanwhile, by key.
        elsewhere: Trials that other processes are running, by key.
    """

    def __init__(self, store: Store, *, fresh: bool = False) -> None:
        self._store, self._fresh = store, fresh
        self._waiting: deque[Keyed] = deque()
        self._held: set[str] = set()
        self._mean_seconds = SHORT_SECONDS
        self.found: deque[tuple[str, TrialResult]] = deque()
        self.elsewhere: dict[str, TrialSpec] = {}

    def __len__(self) -> int:
        """Number of trials that can be taken."""
        return len(self._waiting)

    @property
    def unfinished(self) -> bool:
        """Whether anything is left to take, to hand on or to wait for."""
        return bool(self._waiting or self.found or self.elsewhere)

    @property
    def waiting(self) -> list[TrialSpec]:
        """The trials that can be taken."""
        return [spec for _, spec in self._waiting]

    def add(self, missing: Mapping[str, TrialSpec]) -> None:
        """Put trials at the end."""
        self._waiting.extend(missing.items())

    def sort(self, order: Callable[[TrialSpec], Any]) -> None:
        """Order what waits; equal ones stay as they are."""
        self._waiting = deque(sorted(self._waiting, key=lambda item: order(item[1])))

    def take(self) -> list[Keyed]:
        """Claim the next trial, or the next few short ones; fewer where other processes run them."""
        count = CLAIMED_AT_ONCE if self._mean_seconds < SHORT_SECONDS else 1
        batch = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
        return self._claimed(batch)

    def put_back(self, trials: Iterable[Keyed]) -> None:
        """Put trials that were taken to the front again, in this order; their claims are kept."""
        self._waiting.extendleft(reversed(list(trials)))

    def repeat(self, key: str, spec: TrialSpec) -> None:
        """Put a trial that was run to the end again; its claim is kept."""
        self._waiting.append((key, spec))

    def finished(self, key: str, seconds: float) -> None:
        """A trial that took so long is in the store, which has ended the claim."""
        self._held.discard(key)
        self._mean_seconds = 0.8 * self._mean_seconds + 0.2 * seconds

    def look_elsewhere(self) -> None:
        """See what became of the trials of other processes; take over those of the dead."""
        self._waiting.extend(self._claimed(list(self.elsewhere.items())))

    def clear(self) -> None:
        """Forget what waits, and give up every claim."""
        self._waiting.clear()
        self.elsewhere.clear()
        self.found.clear()
        held, self._held = self._held, set()
        if held:
            self._store.release(sorted(held))

    def _claimed(self, batch: list[Keyed]) -> list[Keyed]:
        """Claim trials; those not granted are elsewhere, finished ones are found."""
        new = [] if self._fresh else [key for key, _ in batch if key not in self._held]
        granted = self._store.claim(new) if new else set()
        self._held |= granted
        # Between the first look and the claim, another process may have finished a trial and let go.
        stored = self._stored({key: spec for key, spec in batch if key in new}) if new else {}
        ready = []
        for key, spec in batch:
            self.elsewhere.pop(key, None)
            if key in stored:
                self.found.append((key, stored[key]))
            elif self._fresh or key in self._held:
                ready.append((key, spec))
            else:
                self.elsewhere[key] = spec
        self._give_up(granted & stored.keys())
        return ready

    def _stored(self, wanted: Mapping[str, TrialSpec]) -> dict[str, TrialResult]:
        rules = any(spec.stop is not None for spec in wanted.values())
        found = self._store.get_many(list(wanted), accept_cut=rules)
        return {
            key: result
            for key, result in found.items()
            if result.status != "cut" or would_cut(wanted[key].stop, result.history)
        }

    def _give_up(self, keys: set[str]) -> None:
        if keys:
            self._held -= keys
            self._store.release(sorted(keys))
