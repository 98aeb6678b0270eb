"""Parameters that act only while another has certain values."""

import pytest

import mldiag
from mldiag import MldiagError
from mldiag.adapters.config import read_parameters
from mldiag.conditions import condition_point, is_active
from mldiag.ranges import parse_range

KERNEL = mldiag.Categorical(["linear", "rbf", "poly"], default="linear")
GAMMA = mldiag.Float(1e-3, 1, default=0.1, log=True, when={"kernel": ["rbf", "poly"]})


def declared(**params):
    @mldiag.experiment(rows=100, metric="accuracy", params=params)
    def made(trial):
        return 0.5

    return made


def test_trials_that_differ_only_in_what_does_not_act_are_one_trial():
    experiment = declared(kernel=KERNEL, gamma=GAMMA)
    assert experiment.spec({"gamma": 0.5}) == experiment.spec()
    assert experiment.spec({"gamma": 0.5, "kernel": "poly"}) != experiment.spec({"kernel": "poly"})


def test_the_point_at_which_a_parameter_acts():
    params = declared(kernel=KERNEL, gamma=GAMMA).params
    assert condition_point(params, "gamma") == {"kernel": "rbf"}
    assert condition_point(params, "kernel") == {}


def test_a_condition_on_a_parameter_that_itself_does_not_act():
    degree = mldiag.Int(2, 5, default=3, when={"kernel": "poly"})
    offset = mldiag.Float(0, 1, default=0.0, when={"degree": [3, 4]})
    params = declared(kernel=KERNEL, degree=degree, offset=offset).params
    at_poly = {"kernel": "poly", "degree": 3, "offset": 0.5}
    assert is_active(params, "offset", at_poly)
    assert not is_active(params, "offset", at_poly | {"kernel": "rbf"})
    assert not is_active(params, "offset", at_poly | {"degree": 5})
    assert condition_point(params, "offset") == {"kernel": "poly"}


def test_a_range_of_the_users_own_keeps_the_condition():
    assert parse_range("gamma", "0.01:1", GAMMA).when == GAMMA.when


def test_a_switch_is_not_a_number():
    shuffle = mldiag.Categorical([True, False], default=True)
    params = declared(
        shuffle=shuffle, buffer=mldiag.Int(1, 9, default=3, when={"shuffle": True})
    ).params
    assert is_active(params, "buffer", {"shuffle": True, "buffer": 3})
    assert not is_active(params, "buffer", {"shuffle": False, "buffer": 3})


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ({"kernl": "rbf"}, "nearest: kernel"),
        ({"kernel": "rfb"}, "nearest: rbf"),
        ({"gamma": 0.1}, "go in a circle: gamma -> gamma"),
        ("kernel", "the value while which this one acts"),
    ],
)
def test_wrong_conditions_are_named(when, says):
    with pytest.raises(MldiagError, match=says):
        declared(kernel=KERNEL, gamma=mldiag.Float(1e-3, 1, default=0.1, log=True, when=when))


def test_conditions_in_a_configuration():
    fields = {"low": 0.001, "high": 1.0, "default": 0.1, "when": {"kernel": "rbf"}}
    assert read_parameters({"gamma": fields})["gamma"].when == (("kernel", ("rbf",)),)
