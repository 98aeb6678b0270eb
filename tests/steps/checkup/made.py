"""Findings, remedies and reports made by hand."""

from mldiag.findings import Action, Finding, Interval, Report, TrialCounts
from mldiag.steps.checkup.candidates import Candidate
from mldiag.steps.checkup.gathered import Asked
from mldiag.steps.checkup.weighed import Weighed

METRIC = {"name": "accuracy", "direction": "maximize"}


def finding(slug="better-value", outcome="problem", kind="tune", gain=None, **parts):
    action = None if kind is None else Action(kind, f"Do {kind}.", gain=gain)
    code = parts.pop("code", f"MD{sum(map(ord, slug)) % 1000:03}")
    return Finding(code, slug, outcome, f"{slug} was found", action=action, **parts)


def report(step, *findings, planned=5):
    counts = TrialCounts(planned=planned, run=planned)
    return Report(step, "made", METRIC, "advice", step.upper(), findings, {}, counts, 1.0)


def asked(step, *findings, name=None, **parts):
    return Asked(name or step, "done", report(step, *findings), 1.0, 1.0, **parts)


def weighed(kind="tune", estimate=0.05, half=0.01, *, claimed=True, step="sweep", **parts):
    claimed = claimed and estimate is not None
    gain = None if estimate is None else Interval(estimate, estimate - half, estimate + half)
    slug = parts.pop("slug", kind.replace("_", "-"))
    outcome = parts.pop("outcome", "problem")
    found = finding(slug, outcome, kind, gain)
    candidate = Candidate(kind, found, step, f"Do {kind}.", gain=gain)
    expected = float("nan") if estimate is None else estimate
    return Weighed(candidate, gain, 0.001 if claimed else 0.2, claimed, expected, **parts)
