import numpy as np
import pytest

from mldiag.steps.audit.checks.table import unit_mix_up
from tests.steps.audit.tables import healthy, judged


def patients(rows=400, seed=0):
    random = np.random.default_rng(seed)
    height = random.normal(172, 9, rows)
    return healthy(rows, seed).assign(
        height=height,
        weight=np.exp(2.5 * np.log(height / 172) + np.log(72) + random.normal(0, 0.08, rows)),
        fever=random.normal(37, 0.7, rows),
    )


@pytest.mark.parametrize("factor", [0.01, 1 / 2.54, 1000, 1 / 0.3048])
def test_values_in_another_unit_are_named_with_the_factor(factor):
    frame = patients()
    frame.loc[:19, "height"] *= factor
    found = judged(unit_mix_up, frame)
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["height"])
    assert found.evidence["rows"] == {"train": list(range(20))}
    assert found.evidence["factors"]["height"] == pytest.approx(factor, rel=0.02)


def test_fahrenheit_among_celsius():
    frame = patients()
    frame.loc[:19, "fever"] = 1.8 * frame.loc[:19, "fever"] + 32
    found = judged(unit_mix_up, frame)
    assert found.evidence["columns"] == ["fever"]
    assert found.evidence["rows"]["train"] == list(range(20))


def test_pounds_show_against_the_height():
    frame = patients()
    frame.loc[:19, "weight"] /= 0.45359
    found = judged(unit_mix_up, frame)
    assert found.evidence["columns"] == ["weight"]
    assert "other columns" in found.explanation


def test_healthy_columns_and_real_subgroups():
    random = np.random.default_rng(3)
    small = np.arange(400) < 40
    frame = patients().assign(
        spread=random.lognormal(0, 2, 400),
        twin=np.where(small, 10, 100) * random.lognormal(0, 0.1, 400),
        cause=np.where(small, 5, 0) + random.normal(size=400),
    )
    assert judged(unit_mix_up, frame).outcome == "passed"
    for seed in range(5):
        assert judged(unit_mix_up, patients(seed=seed)).outcome == "passed"


def test_two_values_are_too_few_to_tell():
    frame = patients()
    frame.loc[:1, "height"] /= 100
    assert judged(unit_mix_up, frame).outcome == "passed"
    assert judged(unit_mix_up, patients(25)) is None


def test_few_values_far_away_are_told_for_a_factor_that_tails_reach():
    frame = healthy(150).assign(silicon=np.random.default_rng(1).normal(72, 1, 150))
    assert judged(unit_mix_up, frame).outcome == "passed"
    frame.loc[:6, "silicon"] /= 2.54
    found = judged(unit_mix_up, frame)
    assert found.evidence["columns"] == ["silicon"]
    assert found.evidence["rows"]["train"] == list(range(7))
