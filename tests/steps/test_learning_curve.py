"""The learning curve: its sizes, its verdicts, its figure."""

import numpy as np
import pytest

from mldiag import MldiagError
from mldiag.steps import step_named
from mldiag.steps.learning_curve.settings import Settings
from mldiag.steps.learning_curve.sizes import curve_sizes
from tests.steps.made_up import answer, made_up_experiment, noise

STEP = step_named("learning-curve")


def curve(limit, start, power, sd, shared=0.01):
    def score(spec, rows):
        valid = limit - (limit - start) * (rows / 10) ** -power
        return {"accuracy": valid + noise(spec, sd, shared=shared), "train_accuracy": 0.99}

    return score


def first(diagnosis, code):
    return next((f for f in diagnosis.findings if f.code == code), None)


def test_sizes_are_halves_of_the_full_one():
    assert curve_sizes(made_up_experiment(), Settings()) == (10, 20, 40, 80, 160, 320, 640)
    full = curve_sizes(made_up_experiment(), Settings(design="full"))
    assert full == (10, 20, 40, 80, 160, 320, 453, 640)


@pytest.mark.parametrize("rows", [10, 12, 30, 300, 5000])
def test_every_amount_of_data_gives_a_curve(rows):
    sizes = curve_sizes(made_up_experiment(rows), Settings())
    assert len(sizes) >= 2
    assert sizes[0] >= 1


def test_sizes_may_be_counts_or_fractions():
    experiment = made_up_experiment()
    assert curve_sizes(experiment, Settings(sizes=(0.25, 1.0))) == (160, 640)
    assert curve_sizes(experiment, Settings(sizes=(50, 100))) == (50, 100)
    with pytest.raises(MldiagError, match="at most the 640 rows"):
        curve_sizes(experiment, Settings(sizes=(50, 1000)))
    with pytest.raises(MldiagError, match="at least two"):
        curve_sizes(experiment, Settings(sizes=(50,)))


def test_a_rising_curve_asks_for_more_data():
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(), curve(1.0, 0.2, 0.3, 0.004))
    assert diagnosis.verdict == "still improving"
    assert diagnosis.headline.startswith("MORE DATA +")
    finding = first(diagnosis, "MD201")
    assert finding.action.kind == "more_data"
    assert finding.evidence["gain_at_2x"].low > 0
    assert finding.action.gain == finding.evidence["gain_at_2x"]
    assert first(diagnosis, "MD202").caused_by == "MD201"


def test_a_model_that_fits_ever_better_is_not_called_variance():
    def score(spec, rows):
        both = 0.2 + 0.1 * np.log2(rows / 10) + noise(spec, 0.002)
        return {"accuracy": both, "train_accuracy": both + 0.01}

    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(), score)
    assert diagnosis.verdict == "still improving"
    assert "rise together" in first(diagnosis, "MD202").title


def test_a_flat_curve_is_saturated():
    rule = curve(0.9, 0.85, 3.0, 0.0005, shared=0.001)
    diagnosis, _ = answer(STEP, made_up_experiment(3000), Settings(), rule)
    assert diagnosis.verdict == "saturated"
    assert first(diagnosis, "MD201").action.kind == "none"


def test_a_falling_curve_is_a_problem():
    def score(spec, rows):
        return 0.9 - 0.05 * np.log2(rows / 10) + noise(spec, 0.002)

    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(), score)
    assert diagnosis.verdict == "getting worse"
    assert diagnosis.outcome == "problem"


def test_noise_that_hides_the_end_is_inconclusive_and_says_what_would_settle_it():
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(), curve(0.9, 0.8, 0.5, 0.03))
    assert diagnosis.verdict == "inconclusive"
    finding = first(diagnosis, "MD201")
    assert finding.action is None
    assert "repeat" in finding.explanation


@pytest.mark.parametrize("rule", [curve(1.0, 0.2, 0.3, 0), curve(0.9, 0.8, 0.5, 0.03)])
def test_one_repeat_is_inconclusive(rule):
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(repeats=1), rule)
    assert diagnosis.verdict == "inconclusive"
    assert "--repeats 5" in first(diagnosis, "MD201").explanation


def test_a_second_look_is_taken_where_the_first_leaves_it_open():
    experiment = made_up_experiment()

    def largest(results):
        return sum(result.train_rows == 640 for result in results)

    _, clear = answer(STEP, experiment, Settings(), curve(1.0, 0.2, 0.3, 0.004))
    _, still_open = answer(STEP, experiment, Settings(), curve(0.9, 0.8, 0.5, 0.03))
    _, full = answer(STEP, experiment, Settings(design="full"), curve(1.0, 0.2, 0.3, 0.004))
    assert (largest(clear), largest(still_open), largest(full)) == (4, 5, 5)
    assert len(clear) < len(still_open) < len(full) == 40


def test_augmentation_is_run_beside_the_largest_sizes_and_told_in_rows():
    experiment = made_up_experiment(augment=("kind", "b"))
    plain = curve(1.0, 0.2, 0.3, 0.001)

    def score(spec, rows):
        twice = 2 if dict(spec.params)["kind"] == "b" else 1
        return plain(spec, twice * rows)

    settings = Settings(augment=True)
    diagnosis, results = answer(STEP, experiment, settings, score)
    twins = [result for result in results if dict(result.spec.params)["kind"] == "b"]
    assert sorted({result.train_rows for result in twins}) == [160, 320, 640]
    assert len(twins) == 15
    finding = first(diagnosis, "MD204")
    assert finding.action.kind == "augment_data"
    assert finding.action.gain.low > 0
    assert diagnosis.result()["augmentation"]["factor"].estimate == pytest.approx(2, abs=0.2)
    assert STEP.plot(diagnosis).axes

    without, _ = answer(STEP, experiment, Settings(), score)
    assert first(without, "MD204") is None
    with pytest.raises(MldiagError, match="declares no augmentation"):
        STEP.plan(made_up_experiment(), settings)


def test_a_target_score_is_told_in_rows():
    rule = curve(1.0, 0.2, 0.3, 0.004)
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(target_score=0.8), rule)
    finding = first(diagnosis, "MD205")
    assert finding.outcome == "advice"
    assert 640 < finding.evidence["rows_low"] <= finding.evidence["rows"]
    assert finding.evidence["rows"] <= finding.evidence["rows_high"]
    still_open, _ = answer(
        STEP, made_up_experiment(), Settings(target_score=0.91), curve(0.9, 0.8, 0.5, 0.03)
    )
    assert still_open.outcome == "inconclusive"
    assert still_open.findings[0].code == "MD201"
    assert "Cannot tell yet" in STEP.plot(still_open).get_suptitle()
    reached, _ = answer(STEP, made_up_experiment(), Settings(target_score=0.7), rule)
    assert first(reached, "MD205").outcome == "passed"
    never, _ = answer(STEP, made_up_experiment(), Settings(target_score=0.9999), rule)
    assert "not reachable" in first(never, "MD205").title


def test_an_error_that_falls_is_an_improvement():
    experiment = made_up_experiment(metric="rmse")

    def score(spec, rows):
        return {"rmse": 50 * (rows / 10) ** -0.3 + noise(spec, 0.05, shared=0.5)}

    diagnosis, _ = answer(STEP, experiment, Settings(), score)
    assert diagnosis.verdict == "still improving"
    assert first(diagnosis, "MD201").evidence["gain_at_2x"].estimate > 0
    assert diagnosis.curve.valid[-1].estimate < diagnosis.curve.valid[0].estimate


def test_rows_that_change_nothing_are_a_bug():
    def score(spec, rows):
        return {"accuracy": 0.8 + 0.01 * spec.rows.repeat, "rows_digest": str(spec.rows.repeat)}

    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(), score)
    finding = first(diagnosis, "MD203")
    assert finding.outcome == "problem"
    assert finding.action.kind == "fix_bug"
    assert finding.evidence["never_read"]
    assert first(diagnosis, "MD201") is None


def test_a_model_that_learned_nothing_is_no_bug():
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(), lambda spec, rows: 2 / 3)
    assert diagnosis.outcome == "inconclusive"
    assert first(diagnosis, "MD203").action is None


def test_a_score_at_its_bound_is_no_sign_of_ignored_rows():
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(), lambda spec, rows: 1.0)
    assert first(diagnosis, "MD203") is None


def test_failed_trials_are_counted_where_they_happened():
    def score(spec, rows):
        if rows < 100 and spec.rows.repeat == 0:
            return None
        return float("nan") if rows < 30 else 0.5 + rows / 2000 + noise(spec, 0.001)

    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(), score)
    assert diagnosis.curve.failed[0] == 5
    assert diagnosis.curve.failed[-1] == 0
    assert STEP.plot(diagnosis).axes


def test_without_results_there_is_no_curve_but_an_answer():
    diagnosis, _ = answer(
        STEP, made_up_experiment(), Settings(), lambda spec, rows: 0.5, lose=lambda spec: True
    )
    assert diagnosis.outcome == "inconclusive"
    assert STEP.plot(diagnosis).axes


def test_a_half_run_curve_is_judged_by_what_is_there():
    score = curve(1.0, 0.2, 0.3, 0.004)
    diagnosis, _ = answer(
        STEP, made_up_experiment(), Settings(), score, lose=lambda spec: spec.rows.size is None
    )
    assert diagnosis.curve.sizes[diagnosis.curve.last] < 640


def test_rows_that_cannot_vary_are_not_applicable():
    experiment = made_up_experiment().renamed(fixed_rows="the command has no {rows_file}")
    assert STEP.plan(experiment, Settings()) == []
    assert STEP.diagnose(experiment, Settings(), []).outcome == "not_applicable"


def test_full_size_trials_are_those_of_a_sweep():
    experiment = made_up_experiment()
    curve_specs = STEP.plan(experiment, Settings())
    sweep = step_named("sweep")

    def shared(design):
        settings = sweep.settings_type()(param="lr", design=design)
        return len(set(curve_specs) & set(sweep.plan(experiment, settings)))

    assert shared("full") == 4  # a second look of the curve adds the fifth
    assert shared("adaptive") == 3  # and a second round of the sweep the others


def test_what_the_charts_get_are_whole_steps_and_finite_numbers():
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(), curve(1.0, 0.2, 0.3, 0.004))
    series = diagnosis.curves()
    assert set(series["learning_curve/accuracy_mean"]) == set(diagnosis.curve.sizes)
    assert all(np.isfinite(list(points.values())).all() for points in series.values())
    assert {"best_accuracy", "gain", "noise_sd"} <= set(diagnosis.scalars())


@pytest.mark.parametrize("settings", [{"repeats": 0}, {"points": 1}, {"sizes": (-1,)}, {"gain": 0}])
def test_wrong_settings_are_refused(settings):
    with pytest.raises(MldiagError):
        Settings(**settings)
