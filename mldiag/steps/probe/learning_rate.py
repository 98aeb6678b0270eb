"""The range test beside a probe: which value a finding about the learning rate suggests."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from mldiag.declaration import Experiment
from mldiag.findings import Finding
from mldiag.steps.probe.settings import Settings
from mldiag.steps.range_test import diagnose as judging
from mldiag.steps.range_test import plan as planning
from mldiag.steps.range_test.asked import RangeTest
from mldiag.steps.range_test.diagnose import RangeTestDiagnosis
from mldiag.steps.range_test.learning_rate_range import suggested
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec
from mldiag.wording import setting

OF_THE_RATE = (
    "learning-rate-too-low", "learning-rate-too-high", "updates-too-small", "updates-too-large",
    "exploding-gradients", "loss-spikes",
)  # fmt: skip
"""Findings whose remedy is another learning rate."""

ASKED = RangeTest()


def range_specs(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> list[TrialSpec]:
    """The range tests to run next; none where they were not asked for.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What has come back.

    Raises:
        MldiagError: If no parameter, or more than one, is a learning rate.
    """
    return planning.plan(experiment, ASKED, results) if settings.lr_range else []


def range_test(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> RangeTestDiagnosis | None:
    """What the range tests say; None where they were not asked for.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back.
    """
    return judging.diagnose(experiment, ASKED, results) if settings.lr_range else None


def with_value(findings: Sequence[Finding], tested: RangeTestDiagnosis | None) -> list[Finding]:
    """The findings with the suggested value in the remedies that are another learning rate.

    Args:
        findings: Findings of the probe.
        tested: What the range tests say.

    Returns:
        The findings, and that of the range test after them, as a consequence where it says the same.
    """
    if tested is None:
        return list(findings)
    found, subject, summary = [], tested.subject, tested.summary
    cause: str | None = None
    for finding in findings:
        action = finding.action
        about_it = finding.slug in OF_THE_RATE and finding.outcome in ("problem", "advice")
        if about_it and action is not None and subject is not None and summary is not None:
            value = summary.suggestion
            text = (
                f"Set {subject.name} = {setting(value)}, which the range test suggests (now "
                f"{setting(subject.default)}), and sweep around it: "
                f"--param {shlex.quote(suggested(subject, summary))}."
            )
            action = replace(action, text=text, param=subject.name, value=value)
            finding = replace(finding, action=action)
        if about_it:
            cause = cause or finding.code
        found.append(finding)
    own = list(tested.findings)
    if cause is not None:
        own = [
            replace(f, caused_by=cause) if f.outcome in ("problem", "advice") else f for f in own
        ]
    return found + own
