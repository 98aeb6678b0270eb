from mldiag.steps.probe.checks import nothing_recorded
from mldiag.steps.probe.diagnose import diagnose
from mldiag.steps.probe.plot import plot
from mldiag.steps.probe.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


def test_a_trial_without_a_recording_is_open_and_says_what_would_tell():
    result = TrialResult(TrialSpec("a.py"), "ok", metrics={"accuracy": 0.5})
    answer = diagnose(None, Settings(), [result])
    (finding,) = answer.findings
    assert (answer.headline, answer.outcome) == ("NOTHING SEEN", "inconclusive")
    assert (finding.code, finding.outcome) == ("MD400", "inconclusive")
    assert "trial.watch(" in nothing_recorded.CHECK.fix
    assert answer.result() == answer.curves() == answer.scalars() == {}
    assert len(plot(answer).axes) <= 1  # words alone
