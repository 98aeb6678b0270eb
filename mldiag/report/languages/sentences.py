"""Sentences of a report in a language other than English: actions with their gains, what was trained."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldiag.report.languages.words import action_kinds, phrases, question_of, verdicts
from mldiag.wording import duration, gain, setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldiag.findings import Action, Interval, Report
    from mldiag.metrics import Metric

_PLAIN_SETTING = re.compile(r"Set [^=,(;:]+ = [^=,(;:]+(?:(?:, | and )[^=,(;:]+ = [^=,(;:]+)*")
"""An English action that only says which values to set."""

_ADVICE = ("fix_", "clean_", "scale_", "balance_", "more_data", "none")
"""Kinds of actions that do something else than to set a parameter."""


def action_text(action: Action, metric: Metric, lang: str) -> str:
    """An action by its kind, with what is to be set and what it gains.

    Args:
        action: The action.
        metric: The user's metric.
        lang: A language other than English.

    Example:
        >>> from mldiag.findings import Action, Interval
        >>> from mldiag.metrics import named_metric
        >>> tune = Action("tune", "Set lr = 0.028.", "lr", 0.028, Interval(0.018, 0.011, 0.026))
        >>> action_text(tune, named_metric("accuracy"), "ja")
        'lr を 0.028 にする: +1.8 ポイント (+1.1 ～ +2.6)'
        >>> action_text(tune, named_metric("rmse"), "ja")
        'lr を 0.028 にする: rmse が +0.018 (+0.011 ～ +0.026) 改善'
    """
    said, told = _what(action, lang), phrases(lang)
    if action.gain is None:
        return said
    form = told["gain"] if metric.as_points() else told["gain_of"]
    if action.gain.estimate <= 0:
        form = told["no_gain"]
    return form.format(action=said, gain=gain_text(metric, action.gain), metric=metric.name)


def more_of(action: Action) -> str:
    """The English text where it says more than the translated line does; else empty.

    Example:
        >>> from mldiag.findings import Action
        >>> more_of(Action("tune", "Set lr = 0.028.", "lr", 0.028))
        ''
        >>> more_of(Action("fix_leak", "Drop the column total."))
        'Drop the column total.'
    """
    plain = _PLAIN_SETTING.fullmatch(action.text.strip().rstrip("."))
    told = len(_settings(action))
    return "" if plain and action.text.count(" = ") == told else action.text


def gain_text(metric: Metric, interval: Interval) -> str:
    """A signed difference with its interval, in Japanese."""
    return gain_words(gain(metric, interval))


def gain_words(english: str) -> str:
    """The same of a difference that is written already.

    Example:
        >>> gain_words("+1.8 points (+1.1 to +2.6)")
        '+1.8 ポイント (+1.1 ～ +2.6)'
    """
    for word, own in ((" points", " ポイント"), (" to ", " ～ "), ("interval unknown", "区間不明")):
        english = english.replace(word, own)
    return english


def duration_text(seconds: float | None) -> str:
    """A length of time, in Japanese.

    Example:
        >>> duration_text(75), duration_text(7300), duration_text(None)
        ('1 分 15 秒', '2 時間 2 分', '不明')
    """
    units = {"h": "時間", "min": "分", "s": "秒"}
    words_of = duration(seconds).split()
    return "不明" if words_of[0] == "unknown" else " ".join(units.get(w, w) for w in words_of)


def trials_text(report: Report, lang: str) -> str:
    """What the answer cost: trials trained and taken from the store.

    Example:
        >>> from mldiag.findings import Report, TrialCounts
        >>> base = ("sweep", "digits", {}, "passed", "flat", (), {})
        >>> trials_text(Report(*base, TrialCounts(planned=4, run=3, cached=1), 65.0), "ja")
        '4 試行: 訓練 3、保存済み 1。訓練時間は合計 1 分 5 秒'
    """
    trials, told = report.trials, phrases(lang)
    if not trials.planned:
        return told["no_trials"]
    failed = told["failed"].format(n=f"{trials.failed:,}") if trials.failed else ""
    planned = f"{trials.planned:,}"
    if trials.cached and not trials.run:
        return "、".join(filter(None, (told["all_stored"].format(n=planned), failed)))
    missing = trials.planned - trials.run - trials.cached
    parts = (
        told["trained"].format(n=f"{trials.run:,}"),
        told["stored"].format(n=f"{trials.cached:,}") if trials.cached else "",
        failed,
        told["not_run"].format(n=f"{missing:,}") if missing > 0 else "",
    )
    said = told["trials"].format(n=planned, parts="、".join(filter(None, parts)))
    spent = told["spent"].format(time=duration_text(report.cost_seconds)) if trials.run else ""
    return said + spent


def verdict_text(report: Report, lang: str) -> str:
    """The step's question and its answer in one line."""
    question = question_of(report.step, lang, report.step)
    return phrases(lang)["verdict"].format(
        question=question, outcome=verdicts(lang)[report.outcome]
    )


def figures_notice(lang: str) -> tuple[str, ...]:
    """That figures are in English: one serves all who read the run, and not every font has the signs."""
    return () if lang == "en" else (phrases(lang)["figures"],)


def subject_text(report: Report, metric: Metric, lang: str) -> str:
    """Which step of which experiment, and by which metric."""
    told = phrases(lang)
    said = told["of"].format(experiment=report.experiment, step=report.step, metric=metric.name)
    return said if metric.maximize else said + told["lower"]


def _settings(action: Action) -> Mapping[str, object]:
    """The parameters that an action names values for."""
    if isinstance(action.value, dict):
        return {str(name): value for name, value in action.value.items()}
    if action.param is None or action.value is None or action.kind.startswith(_ADVICE):
        return {}
    return {action.param: action.value}


def _what(action: Action, lang: str) -> str:
    told, kind = phrases(lang), action_kinds(lang)[action.kind]
    pairs = [(name, setting(value)) for name, value in _settings(action).items()]
    if not pairs:
        return (
            kind if action.param is None else told["look_at"].format(kind=kind, param=action.param)
        )
    *first, (name, value) = pairs
    listed = [told["set_first"].format(param=one, value=at) for one, at in first]
    said = "、".join([*listed, told["set"].format(param=name, value=value)])
    return said if action.kind == "tune" else told["look_at"].format(kind=said, param=kind)
