"""The order in which findings are read."""

from mldiag.findings import Action, Finding, Interval, ranked


def finding(code, outcome="advice", *, gain=None, param=None, caused_by=None):
    action = None if gain is None else Action("tune", "do", gain=Interval(gain, gain, gain))
    evidence = {} if param is None else {"param": param}
    return Finding(
        code, "slug", outcome, code, evidence=evidence, action=action, caused_by=caused_by
    )


def names(findings):
    return [(f.code, f.evidence.get("param")) for f in ranked(findings)]


def test_problems_and_larger_gains_come_first():
    shown = names([finding("MD1", gain=0.1), finding("MD2", gain=0.2), finding("MD3", "problem")])
    assert [code for code, _ in shown] == ["MD3", "MD2", "MD1"]


def test_a_consequence_follows_the_cause_with_its_parameter():
    shown = names([
        finding("MD501", gain=0.1, param="lr"),
        finding("MD501", gain=0.2, param="width"),
        finding("MD502", "problem", param="lr", caused_by="MD501"),
    ])  # fmt: skip
    assert shown == [("MD501", "width"), ("MD501", "lr"), ("MD502", "lr")]


def test_a_consequence_of_another_subject_follows_the_first_cause():
    shown = names([
        finding("MD602", "problem", gain=0.9, param="width", caused_by="MD604"),
        finding("MD604", gain=0.1, param="epochs"),
        finding("MD606", "passed"),
    ])  # fmt: skip
    assert [code for code, _ in shown] == ["MD604", "MD602", "MD606"]


def test_a_consequence_without_its_cause_is_not_lost():
    assert names([finding("MD9", caused_by="MD8"), finding("MD1")])[-1] == ("MD9", None)
