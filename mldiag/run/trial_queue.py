"""Trials that wait to be run, shared through claims with other processes that want the same ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.run.store import Store


class TrialQueue:
    """What is still to be run, by key.

    Args:
        store: Holds the results and the claims.
        fresh: Whether results and claims of others are ignored.

    Attributes:
        found: Results that another process has put into the store meanwhile.
    """

    def __init__(self, store: Store, *, fresh: bool = False) -> None:
        self._store, self._fresh = store, fresh
        self._waiting: deque[tuple[str, TrialSpec]] = deque()
        self._elsewhere: dict[str, TrialSpec] = {}
        self._held: set[str] = set()
        self.found: deque[tuple[str, TrialSpec, TrialResult]] = deque()

    def add(self, missing: Mapping[str, TrialSpec]) -> None:
        """Put trials at the end."""
        self._waiting.extend(missing.items())

    def sort(self, cost: Callable[[TrialSpec], float], *, longest_first: bool) -> None:
        """Order what waits by its expected cost."""
        ordered = sorted(self._waiting, key=lambda item: cost(item[1]), reverse=longest_first)
        self._waiting = deque(ordered)

    @property
    def waiting(self) -> list[TrialSpec]:
        """The trials that can be taken."""
        return [spec for _, spec in self._waiting]

    def __len__(self) -> int:
        """Number of trials that can be taken."""
        return len(self._waiting)

    @property
    def elsewhere(self) -> int:
        """Number of trials that another process is running."""
        return len(self._elsewhere)

    def take(self, count: int) -> list[TrialSpec]:
        """Up to `count` trials, claimed; fewer or none where others run them or have run them."""
        batch: dict[str, TrialSpec] = {}
        while self._waiting and len(batch) < count:
            key, spec = self._waiting.popleft()
            batch[key] = spec
        return self._claimed(batch)

    def put_back(self, key: str, spec: TrialSpec) -> None:
        """Put a trial that was taken at the end again; its claim is kept."""
        self._waiting.append((key, spec))

    def look_elsewhere(self) -> bool:
        """See what became of the trials that other processes run; take over those of the dead.

        Returns:
            Whether anything was found or can be taken now.
        """
        self._sort_out(dict(self._elsewhere))
        free = self._claimed({})
        del free
        return bool(self.found or self._waiting)

    def _sort_out(self, batch: dict[str, TrialSpec]) -> None:
        for spec in self._claimed(batch):
            key = next(key for key, other in batch.items() if other is spec)
            self._waiting.append((key, spec))

    def _claimed(self, batch: dict[str, TrialSpec]) -> list[TrialSpec]:
        """Claim trials; those that are not granted wait elsewhere, finished ones go to `found`."""
        if self._fresh:
            return list(batch.values())
        new = [key for key in batch if key not in self._held]
        granted = self._store.claim(new) if new else set()
        self._held |= granted
        # Between the first look and the claim, another process may have finished a trial and let go.
        stored = self._store.get_many(new) if new else {}
        ready = []
        for key, spec in batch.items():
            self._elsewhere.pop(key, None)
            if key in stored:
                self.found.append((key, spec, stored[key]))
            elif key in self._held:
                ready.append(spec)
            else:
                self._elsewhere[key] = spec
        return ready

    def clear(self) -> None:
        """Forget what waits and give up every claim."""
        self._waiting.clear()
        self._elsewhere.clear()
        self.found.clear()
        self.release()

    def release(self) -> None:
        """Give up the claims, whether their trials were run or not."""
        if self._held:
            self._store.release(sorted(self._held))
            self._held.clear()

    def __iter__(self) -> Iterator[TrialSpec]:
        """The trials that can be taken."""
        return iter(self.waiting)
