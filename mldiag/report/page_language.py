"""How the page says things in a language: its own words, and those that a report brings along."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from mldiag.findings import Action, Finding, Interval, Outcome, Report
from mldiag.report.console import action_line, trials_line
from mldiag.report.languages import sentences
from mldiag.report.languages.findings import told_of
from mldiag.report.languages.words import page_words, question_of, words
from mldiag.report.page_words import ENGLISH
from mldiag.wording import duration, gain

if TYPE_CHECKING:
    from mldiag.metrics import Metric


class Language:
    """One of the languages that there are.

    Args:
        name: `en`, or another one of `mldiag.report.languages.LANGUAGES`.

    Example:
        >>> Language("en").labels["next"], Language("en").outcome("not_applicable")
        ('Do this next', 'not applicable')
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def is_english(self) -> bool:
        """Whether it is the language in which reports are made."""
        return self.name == "en"

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The page's own words."""
        return {**ENGLISH, **page_words(self.name)}

    def joined(self, *parts: str) -> str:
        """Parts of a sentence one after another; empty ones are left out."""
        return (", " if self.is_english else "、").join(filter(None, parts))

    def said(self, *sentences: str) -> str:
        """Sentences one after another; empty ones are left out."""
        shown = [one.rstrip(".。") for one in sentences if one]
        return " ".join(f"{one}." for one in shown) if self.is_english else "。".join((*shown, ""))

    def outcome(self, outcome: Outcome) -> str:
        """The word for an outcome."""
        return words(self.name)[outcome]

    def question(self, step: str, english: str) -> str:
        """The question that a step answers."""
        return question_of(step, self.name, english)

    def title(self, finding: Finding) -> str:
        """What a finding is about."""
        return told_of(finding, self.name)[0]

    def more(self, finding: Finding) -> str:
        """The finding's own sentence with its numbers, where `title` is a translation without them."""
        return told_of(finding, self.name)[1]

    def action(self, action: Action, metric: Metric) -> str:
        """An action, with its gain where one is known."""
        if self.is_english:
            return action_line(action, metric)
        return sentences.action_text(action, metric, self.name)

    def advice(self, action: Action, metric: Metric) -> tuple[str, str]:
        """An action without its gain, and what its English text says beyond that."""
        if self.is_english:
            return action.text, ""
        bare = Action(action.kind, action.text, action.param, action.value)
        return sentences.action_text(bare, metric, self.name), sentences.more_of(action)

    def gain(self, metric: Metric, interval: Interval) -> str:
        """A gain with its interval."""
        return gain(metric, interval) if self.is_english else sentences.gain_text(metric, interval)

    def came(self, metric: Metric, value: float) -> str:
        """What was gained."""
        return self.gain(metric, Interval(value, value, value)).split(" (")[0]

    def duration(self, seconds: float) -> str:
        """A length of time."""
        return duration(seconds) if self.is_english else sentences.duration_text(seconds)

    def trials(self, report: Report) -> str:
        """What the answer cost."""
        return trials_line(report) if self.is_english else sentences.trials_text(report, self.name)
