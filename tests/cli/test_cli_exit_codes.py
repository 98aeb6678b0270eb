import pytest

from mldiag.cli.step_command import exit_code
from mldiag.findings import Finding, Report, TrialCounts


def report(*outcomes, **result):
    findings = tuple(Finding(f"MD{i}", "a", outcome, "t") for i, outcome in enumerate(outcomes))
    return Report("sweep", "a", {}, outcomes[0], "head", findings, result, TrialCounts(), 0.0)


@pytest.mark.parametrize(
    ("outcomes", "fail_on", "code"),
    [
        (["problem"], None, 0),
        (["problem"], "problem", 1),
        (["advice"], "problem", 0),
        (["advice"], "advice", 1),
        (["passed", "problem"], "advice", 1),
        (["inconclusive"], "advice", 0),
        (["inconclusive"], "inconclusive", 4),
        (["advice", "inconclusive"], "inconclusive", 1),
        (["passed"], "inconclusive", 0),
        (["not_applicable"], "inconclusive", 0),
    ],
)
def test_findings_decide_the_exit_code_only_where_asked(outcomes, fail_on, code):
    assert exit_code(report(*outcomes), fail_on) == code


def test_an_interrupted_run_exits_130_whatever_it_found():
    assert exit_code(report("problem", interrupted=True), "problem") == 130
