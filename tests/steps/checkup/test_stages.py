"""Which step a check-up asks next, and what ends it."""

from mldiag.steps.checkup.stages import FIRST_LOOKS, fix_first, next_stage
from tests.steps.checkup.made import asked, finding

ALL = ("reproduce", "learning-curve", "audit", "probe", "sweep", "capacity")
LOOKED = [asked("audit"), asked("reproduce"), asked("probe")]


def after(done, *, left=50.0, parameters=2, wanted=ALL):
    return next_stage(
        wanted,
        done,
        parameters=parameters,
        trainings_left=left,
        training_seconds=1.0,
        repeats=5,
        gain=None,
    )


def test_the_cheap_looks_come_first_whatever_is_left():
    order = [after(LOOKED[:number], left=0.0).name for number in range(3)]
    assert tuple(order) == FIRST_LOOKS


def test_a_leak_ends_the_check_up():
    leak = finding("target-leakage", kind="fix_leak")
    assert after([asked("audit", leak)]) is None
    assert fix_first([asked("audit", leak)]) == leak


def test_what_may_be_a_setting_far_off_does_not_end_it():
    lost = finding("beats-a-dummy", kind="fix_bug")
    assert fix_first([asked("reproduce", lost)]) is None


def test_advice_to_mend_something_does_not_end_it():
    assert fix_first([asked("audit", finding("row-order", "advice", "fix_split"))]) is None


def test_a_consequence_does_not_end_it():
    assert fix_first([asked("audit", finding("x", kind="fix_leak", caused_by="MD1"))]) is None


def test_the_sweep_comes_next_where_the_training_asks_for_other_settings():
    low = finding("learning-rate-too-low", kind="tune")
    chosen = after([*LOOKED[:2], asked("probe", low)], parameters=1)
    assert chosen.name == "sweep"
    assert chosen.settings["all"]
    assert "learning-rate-too-low" in chosen.why


def test_the_capacity_comes_next_where_it_asks_for_a_longer_training():
    short = finding("stopped-early", "advice", "train_longer")
    assert after([*LOOKED[:2], asked("probe", short)], parameters=3).name == "capacity"


def test_without_parameters_nothing_is_swept():
    names, done = [], list(LOOKED)
    while (stage := after(done, parameters=0)) is not None:
        names.append(stage.name)
        done.append(asked(stage.step, name=stage.name))
    assert sorted(names) == ["capacity", "learning-curve"]


def test_what_the_audit_advises_is_measured_where_a_training_can_tell():
    scale = finding("unscaled-features", "advice", "scale_features")
    done = [asked("audit", scale), *LOOKED[1:]]
    names = []
    while (stage := after(done)) is not None:
        names.append(stage.name)
        done.append(asked(stage.step, name=stage.name))
    assert "remedies" in names
    assert len(names) == 4


def test_with_too_little_left_it_ends():
    assert after(LOOKED, left=1.0) is None


def test_only_what_is_wanted_is_asked():
    assert after([], wanted=("sweep",)).name == "sweep"
    assert after([asked("sweep")], wanted=("sweep",)) is None
