"""What is told while trials run: the plan line, a progress bar with the time left, and notices."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from mldiag.report.streams import console
from mldiag.wording import duration, plural

if TYPE_CHECKING:
    from rich.progress import Progress

    from mldiag.run.settings import PlanSummary
    from mldiag.trial_result import TrialResult


def plan_line(plan: PlanSummary, *, more: bool = False) -> str:
    """One line of plan before anything starts.

    Args:
        plan: The plan.
        more: Whether trials were planned before: a step may ask again when results are in.

    Example:
        >>> from mldiag.run.settings import PlanSummary
        >>> plan_line(PlanSummary(trials=24, cached=6, seconds=181.0))
        '24 trials, about 3 min, 6 cached'
        >>> plan_line(PlanSummary(trials=6, cached=6))
        '6 trials, all cached: nothing to train'
    """
    if not plan.trials:
        return "no trials: there is nothing to train"
    noun = "more trial" if more else "trial"
    line = plural(plan.trials, noun)
    if plan.cached >= plan.trials:
        return f"{line}, all cached: nothing to train"
    if plan.seconds is not None:
        line += f", about {duration(_rounded(plan.seconds))}"
    return line + (f", {plan.cached:,} cached" if plan.cached else "")


class ProgressListener:
    """Tells on the standard error what the executor does; a bar only in a terminal.

    Example:
        with ProgressListener() as listener:
            diagnose_experiment(step, experiment, settings, common, listener)
    """

    def __init__(self) -> None:
        self._console = console(stderr=True)
        self._bar: Progress | None = None
        self._fresh = 0
        self._told: set[str] = set()
        self._failed = 0
        self._plans = 0

    def __enter__(self) -> ProgressListener:
        """Begin; the bar appears with the first plan that trains something."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the bar away, also when something went wrong."""
        self.close()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def planned(self, summary: PlanSummary) -> None:
        """Print the plan line, and start or lengthen the bar."""
        if summary.trials == 0:
            return
        self._say(plan_line(summary, more=self._plans > 0))
        self._plans += 1
        self._fresh += max(0, summary.trials - summary.cached)
        if not self._console.is_terminal or not self._fresh:
            return
        if self._plans == 1:
            self.close()  # a bar that showed the checks of the data
        if self._bar is None:
            self._bar = _bar(self._console)
            self._bar.add_task("training", total=self._fresh, failed="")
            self._bar.start()
        else:
            self._bar.update(self._bar.task_ids[0], total=self._fresh)

    def finished(self, result: TrialResult, cached: bool) -> None:
        """Count a trial; those from the store took no time and are not on the bar."""
        if cached:
            return
        self._failed += result.status not in ("ok", "cut")
        if self._bar is not None:
            told = f"{self._failed:,} without a score" if self._failed else ""
            self._bar.update(self._bar.task_ids[0], advance=1, failed=told)

    def looking(self, at: str, number: int, of: int) -> None:
        """Show which check of the data is running, or what is read; only in a terminal."""
        if not self._console.is_terminal:
            return
        if self._bar is None:
            self._bar = _bar(self._console)
            self._bar.add_task("looking", total=of, failed="")
            self._bar.start()
        # The name of a check reads as words; the name of a file stays as it is.
        at = at if " " in at else at.replace("-", " ")
        self._bar.update(self._bar.task_ids[0], total=of, completed=number, failed=at)

    def notice(self, text: str) -> None:
        """Print a remark once, above the bar."""
        if text not in self._told:
            self._told.add(text)
            self._say(text)

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, style="dim")


def _bar(target: object) -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        TextColumn("{task.fields[failed]}", style="yellow", markup=False),  # may hold names
        console=target,  # type: ignore[arg-type]
        transient=True,
        redirect_stdout=False,
        speed_estimate_period=600,
    )


def _rounded(seconds: float) -> float:
    """A forecast to the precision that it deserves: whole minutes from two minutes on."""
    return round(seconds / 60) * 60 if seconds >= 120 else seconds
