from mldiag.findings import Action, Finding, ranked
from mldiag.steps.probe.causes import EARLIER, with_causes
from mldiag.steps.probe.checks import MODULES
from mldiag.steps.probe.diagnose import HEADLINES


def finding(slug, outcome="problem", **evidence):
    code = next(m.CHECK.code for m in MODULES if m.CHECK.slug == slug)
    return Finding(code, slug, outcome, slug, evidence=evidence, action=Action("tune", "do it"))


def roots(*slugs, **evidence):
    """The slugs that stand for themselves, after folding."""
    found = ranked(with_causes([finding(slug, **evidence) for slug in slugs]))
    assert found[0].caused_by is None
    return [f.slug for f in found if f.caused_by is None]


def test_the_most_upstream_problem_is_the_root_and_comes_first():
    late_first = ("underfitting", "dead-units", "vanishing-gradients", "inputs-not-scaled")
    folded = ranked(with_causes([finding(slug) for slug in late_first]))
    assert folded[0].slug == "inputs-not-scaled"
    assert {f.caused_by for f in folded[1:]} == {"MD402"}


def test_a_problem_explains_an_advice_and_not_the_other_way_round():
    found = ranked(with_causes([finding("inputs-not-scaled", "advice"), finding("overfitting")]))
    assert [(f.slug, f.caused_by) for f in found] == [
        ("overfitting", None), ("inputs-not-scaled", "MD416"),
    ]  # fmt: skip


def test_one_finding_or_none_stays_as_it_is():
    alone = [finding("overfitting")]
    assert with_causes(alone) == alone
    quiet = [finding("overfitting", "passed"), finding("plateau", "not_applicable")]
    assert with_causes(quiet) == quiet


def test_a_nan_is_a_root_unless_something_diverged():
    assert roots("not-finite", "inputs-not-scaled", "dead-units") == ["not-finite"]
    assert roots("not-finite", "learning-rate-too-high") == ["learning-rate-too-high"]


def test_gradients_that_explode_late_follow_from_the_rate():
    both = ("exploding-gradients", "learning-rate-too-high")
    assert roots(*both, at_start=True) == ["exploding-gradients"]
    assert roots(*both) == ["learning-rate-too-high"]


def test_overfitting_does_not_explain_a_training_that_was_too_short():
    assert set(roots("overfitting", "stopped-early")) == {"overfitting", "stopped-early"}


def test_every_check_that_can_speak_has_a_place_and_a_headline():
    never = {"neural-collapse"}
    slugs = {module.CHECK.slug for module in MODULES} - never
    assert slugs <= set(EARLIER)
    assert slugs <= set(HEADLINES)
    assert all(len(word) <= 14 or word == "OVERREGULARISED" for word in HEADLINES.values())
