"""What a trial looks like in MLflow, and what is kept out of it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldiag.tracking import layout, names
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Intervention, TrialSpec

from .samples import CONTEXT, curve_result, curve_results, failed_result

SWEEP = replace(CONTEXT, step="sweep", defaults={"lr": 0.01, "width": 64}, log_params=("lr",))


def sweep_result(**moved) -> TrialResult:
    params = {"lr": 0.01, "width": 64, **moved}
    return TrialResult(
        TrialSpec("digits", params=tuple(params.items())), "ok", {"accuracy": 0.9}, train_rows=90
    )


def child(result, *, context=SWEEP, varying=("lr", "width"), cached=False):
    return layout.child_run(
        result, context, varying=varying, rank=3, cached=cached, finished=context.started + 9
    )


def test_only_what_varies_is_a_parameter():
    varying = layout.Varying()
    varying.add([sweep_result().spec, sweep_result(lr=0.1).spec])
    assert varying.names == ("lr",)
    assert child(sweep_result(lr=0.1), varying=varying.names).params == {
        "lr": "0.1",
        "log10_lr": "-1",
    }


def test_a_later_plan_may_add_to_what_varies():
    varying = layout.Varying()
    varying.add([sweep_result().spec])
    assert varying.names == ()
    varying.add([sweep_result(width=8).spec])
    assert varying.names == ("width",)


def test_true_and_one_are_different_values():
    varying = layout.Varying()
    varying.add([sweep_result(flag=True).spec, sweep_result(flag=1).spec])
    assert varying.names == ("flag",)


def test_zero_on_a_logarithmic_scale_has_no_logarithm():
    assert child(sweep_result(lr=0.0), varying=["lr"]).params == {"lr": "0"}


def test_repeats_are_parameters_only_where_nothing_else_varies():
    result = curve_result(80, 1)
    assert layout.trial_params(result, CONTEXT, ["train_rows", "repeat", "seed"]) == {
        "train_rows": "80",
        "log10_train_rows": "1.903",
    }
    assert layout.trial_params(result, CONTEXT, ["seed"]) == {"seed": "1"}


def test_names_begin_with_what_was_moved():
    assert child(sweep_result(lr=0.0281)).name == "lr=.028 r0"
    assert child(sweep_result()).name == "default r0"
    changed = replace(
        sweep_result().spec, interventions=(Intervention("permute_labels"),), fidelity=0.5, seed=7
    )
    assert child(replace(sweep_result(), spec=changed)).name == "permute_labels 50% r0 s7"


def test_the_list_shows_every_point_of_a_repeat_before_the_next_repeat():
    specs = [result.spec for result in curve_results()]
    shown = layout.display_order(specs)
    assert [spec.rows.repeat for spec in shown] == [0] * 6 + [1] * 6
    assert [spec.rows.size for spec in shown[:6]] == [44, 80, 145, 260, 470, 860]


def test_a_higher_rank_is_older_and_true_times_are_in_the_tags():
    first, last = (
        layout.child_run(
            curve_result(80, 0), CONTEXT, varying=(), rank=rank, cached=False, finished=100.0
        )
        for rank in (0, 9)
    )
    assert first.start_ms - last.start_ms == 9
    assert first.end_ms - first.start_ms == 400
    assert first.tags["mldiag.started"] == "1970-01-01T00:01:39.600+00:00"
    assert "mldiag.started" not in child(sweep_result(), cached=True).tags


def test_history_is_stepped_and_the_own_metric_comes_first():
    points, left_out = layout.trial_points(curve_result(80, 0), "accuracy")
    assert left_out == []
    assert points[0].name == "accuracy"
    assert [point.step for point in points if point.name == "loss"] == [0, 1, 2, 3, 4]
    final = [point for point in points if point.name == "accuracy"][-1]
    assert (final.step, final.value) == (4, curve_result(80, 0).metrics["accuracy"])


def test_nan_and_infinity_are_told_but_not_charted():
    history = ((0, {"loss": 1.0}), (1, {"loss": math.inf}), (2, {"loss": math.nan}))
    result = TrialResult(
        sweep_result().spec, "diverged", {"loss": math.nan, "accuracy": 0.1}, history
    )
    run = child(result)
    assert all(math.isfinite(point.value) for point in run.points)
    assert run.tags["mldiag.not_shown"] == "loss is inf from step 1 (2 values); loss = nan"
    assert (run.status, run.tags["mldiag.error"]) == ("FAILED", "diverged")


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("ok", "FINISHED"),
        ("cut", "FINISHED"),
        ("interrupted", "KILLED"),
        ("timeout", "FAILED"),
        ("out_of_memory", "FAILED"),
    ],
)
def test_status(status, shown):
    assert child(replace(sweep_result(), status=status)).status == shown


def test_an_error_is_tagged_without_passwords():
    run = child(failed_result())
    assert run.status == "FAILED"
    assert run.tags["mldiag.error"] == "ValueError: the loader at https://***@host broke"
    assert 'File "train.py", line 3' in run.tags["mlflow.note.content"]


def test_long_histories_are_thinned_and_say_so():
    history = tuple((step, {"loss": 1 / (step + 1)}) for step in range(5000))
    result = TrialResult(sweep_result().spec, "ok", {"accuracy": 0.9}, history)
    points, left_out = layout.trial_points(result, "accuracy")
    steps = [point.step for point in points if point.name == "loss"]
    assert len(steps) == layout.HISTORY_POINTS
    assert (steps[0], steps[-1]) == (0, 4999)
    assert left_out == ["loss: 300 of 5000 steps are shown"]


@given(st.lists(st.text(min_size=1, max_size=300), unique=True, max_size=8))
def test_every_name_becomes_one_that_mlflow_takes(given_names):
    from mlflow.utils.validation import _validate_metric_name

    written = names.keys(given_names)
    assert len({name.lower() for name in written.values()}) == len(given_names)
    for name in written.values():
        _validate_metric_name(name)
        assert len(name) <= names.KEY_LENGTH


def test_good_names_stay_as_they_are():
    good = ["accuracy", "valid/f1-macro", "top 5", "svc__C"]
    assert names.keys(good) == {name: name for name in good}
