"""Uses of the reserve, kept: rows that have been looked at confirm less the next time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mldiag.trial_result import TrialResult
from mldiag.wording import plural, setting

if TYPE_CHECKING:
    from mldiag.run.identity import Identity
    from mldiag.run.store.trial_store import Store


class ReserveLog:
    """Records that a command has scored a training on the reserve, and tells of earlier uses.

    Args:
        store: Where uses are kept.
        identity: The experiment; other code on the same data has looked at the same rows.
        notice: Told of earlier uses.
    """

    def __init__(self, store: Store, identity: Identity, notice: Callable[[str], None]) -> None:
        self._store, self._identity, self._notice = store, identity, notice
        self._used = False

    def finished(self, result: TrialResult, *, cached: bool) -> None:
        """A result is there; one on the reserve that was trained now is a use, once for each command."""
        if cached or self._used or result.spec.rows.split != "reserve":
            return
        self._used = True
        earlier = self._store.reserve_uses(self._identity)
        if earlier:
            last = datetime.fromtimestamp(earlier[-1].used, tz=UTC).astimezone()
            self._notice(
                f"the reserve of these data was used {plural(len(earlier), 'time')} before, last on "
                f"{last:%Y-%m-%d %H:%M}: it confirms less than rows that nobody has looked at"
            )
        point = ", ".join(f"{name}={setting(value)}" for name, value in result.spec.params)
        self._store.record_reserve_use(self._identity, f"search confirmed beside {point}")
