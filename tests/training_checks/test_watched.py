"""The watched training after the active checks: one report, bugs first."""

import torch

import mldiag
from tests.training_checks.loops import Through, loop, network


def probed(report):
    return {f.slug: f for f in report.findings if f.code.startswith("MD4")}


def weights(model):
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def slow(rate, epochs=12):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), rate)
    return model, {**loop(model, optimizer=optimizer), "epochs": epochs}


def test_what_no_check_of_single_steps_sees_is_found_while_it_trains():
    model, parts = slow(1e-6)
    before = weights(model)
    report = mldiag.diagnose_training(**parts)
    assert report.outcome == "problem"
    assert report.headline == "LR TOO LOW"
    assert report.findings[0].slug == "learning-rate-too-low"
    assert report.actions[0].kind == "tune"
    assert {f.code: f.caused_by for f in report.findings}["MD160"] == report.findings[0].code
    assert torch.equal(weights(model), before)
    assert report.result["watched"]["steps"] == 12 * len(list(parts["train_batches"](0)))


def test_its_healthy_twin_is_passed_with_the_probes_told():
    _, parts = slow(0.3)
    report = mldiag.diagnose_training(**parts)
    assert report.outcome == "passed"
    assert probed(report)["learning-rate-too-low"].outcome == "passed"


def test_symptoms_stand_under_the_bug():
    parts = loop(Through(lambda x, out: out * float("nan")))
    report = mldiag.diagnose_training(**parts)
    told = [f for f in report.findings if f.outcome in ("problem", "advice")]
    assert told[0].code.startswith("MD1")
    assert all(f.caused_by is not None for f in told if f.code.startswith("MD4"))


def test_a_training_that_is_cut_short_is_not_judged_by_its_end():
    _, parts = slow(1e-3)
    report = mldiag.diagnose_training(**{**parts, "epochs": None})
    assert "stopped-early" not in {f.slug for f in report.findings if f.outcome == "advice"}


def test_without_time_nothing_is_watched():
    _, parts = slow(0.3)
    report = mldiag.diagnose_training(**parts, seconds=0.0)
    assert probed(report) == {}
    assert "watched" not in report.result
