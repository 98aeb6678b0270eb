"""In which order remedies are told, and what follows from what."""

from mldiag.steps.checkup.rank import in_order, is_question
from tests.steps.checkup.made import weighed

WORTH = 0.005


def kinds(ranked):
    return [one.candidate.kind for one in ranked]


def order(*remedies, hard=None):
    return in_order(remedies, hard=hard, worth=WORTH)


def test_the_largest_sure_gain_comes_first():
    ranked = order(weighed("more_data", 0.02), weighed("larger_model", 0.06))
    assert kinds(ranked) == ["larger_model", "more_data"]


def test_what_is_not_sure_comes_after_what_is():
    ranked = order(weighed("more_data", 0.2, 0.3, claimed=False), weighed("tune", 0.02))
    assert kinds(ranked) == ["tune", "more_data"]


def test_of_two_that_may_gain_the_same_the_one_with_less_effort_comes_first():
    ranked = order(weighed("change_model", 0.052, 0.02), weighed("tune", 0.050, 0.02))
    assert kinds(ranked) == ["tune", "change_model"]


def test_another_family_comes_first_where_no_setting_comes_near():
    ranked = order(weighed("change_model", 0.20, 0.02), weighed("tune", 0.03, 0.01))
    assert kinds(ranked) == ["change_model", "tune"]
    assert ranked[1].cause is None


def test_behind_a_training_that_is_far_off_more_data_is_asked_again():
    tune, more = order(weighed("tune", 0.3, 0.05), weighed("more_data", 0.05, 0.02))
    assert tune.cause is None
    assert more.cause == tune.candidate.finding.code
    assert "again" in more.note


def test_a_small_tuning_gain_explains_nothing():
    ranked = order(weighed("tune", 0.02, 0.01), weighed("more_data", 0.015, 0.01))
    assert [one.cause for one in ranked] == [None, None]


def test_behind_a_leak_no_gain_counts():
    leak = weighed("fix_leak", None, step="audit", slug="target-leakage")
    ranked = order(weighed("tune", 0.3), leak, hard=leak.candidate.finding)
    assert kinds(ranked) == ["fix_leak", "tune"]
    assert ranked[1].cause == leak.candidate.finding.code


def test_a_failing_training_comes_before_what_is_only_promising():
    dead = weighed("change_activation_or_init", None, step="probe", slug="dead-units")
    ranked = order(weighed("more_data", 0.1, 0.2, claimed=False), dead)
    assert kinds(ranked)[0] == "change_activation_or_init"
    assert ranked[1].cause == dead.candidate.finding.code


def test_what_looks_like_a_bug_follows_from_a_setting_that_mends_it():
    lost = weighed("fix_bug", None, step="reproduce", slug="beats-a-dummy")
    ranked = order(lost, weighed("tune", 0.5))
    assert kinds(ranked) == ["tune", "fix_bug"]
    assert ranked[1].cause == ranked[0].candidate.finding.code


def test_an_advice_says_nothing_new_beside_a_measured_gain_of_its_kind():
    ranked = order(
        weighed("train_longer", 0.03, step="capacity"),
        weighed("train_longer", None, step="probe", outcome="advice"),
    )
    assert len(ranked) == 1


def test_what_looks_like_a_bug_is_noise_where_no_reference_learns_either():
    lost = weighed("fix_bug", None, step="reproduce", slug="beats-a-dummy")
    small = weighed("more_data", 0.001, 0.01, claimed=False)
    ranked = in_order([lost, small], hard=None, worth=WORTH, nobody_learns=True)
    assert [one.cause for one in ranked] == [None, None]
    assert in_order([lost, small], hard=None, worth=WORTH)[1].cause is not None


def test_rows_that_may_belong_together_are_asked_for_before_any_gain():
    rows = weighed("fix_split", None, step="audit", slug="group-overlap", outcome="advice")
    assert kinds(order(weighed("more_data", 0.1), rows)) == ["fix_split", "more_data"]


def test_a_column_that_nearly_tells_the_target_does_not_come_before_gains():
    column = weighed("fix_leak", None, step="audit", slug="target-leakage", outcome="advice")
    assert kinds(order(column, weighed("more_data", 0.1))) == ["more_data", "fix_leak"]


def test_a_column_that_nearly_tells_the_target_comes_before_whatever_is_not_sure():
    column = weighed("fix_leak", None, step="audit", slug="target-leakage", outcome="advice")
    hopeful = weighed("more_data", 0.1, claimed=False)
    assert kinds(order(hopeful, column)) == ["fix_leak", "more_data"]
    assert is_question(order(hopeful, column)[0])


def test_where_no_family_learns_an_underfitting_training_says_nothing_of_its_size():
    size = weighed("larger_model", None, step="probe", slug="underfitting")
    ceiling = weighed("tune", 0.001, claimed=False)
    ranked = in_order([size, ceiling], hard=None, worth=WORTH, nobody_learns=True)
    assert ranked[0].candidate.kind == "larger_model"
    assert ranked[0].cause is None
    assert ranked[1].cause is None  # nothing is explained by it
