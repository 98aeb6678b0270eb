"""The methods of a search: the space they draw from, what they ask for, and what they refuse."""

import math
from importlib.util import find_spec

import numpy as np
import pytest

import mldiag
from mldiag import MldiagError
from mldiag.steps import step_named
from mldiag.steps.sweep.axes import asked_axes
from mldiag.steps.sweep.search.choice import chosen_method
from mldiag.steps.sweep.search.designs import even_points, grid_points
from mldiag.steps.sweep.search.importance import importances
from mldiag.steps.sweep.search.samplers import History, ask
from mldiag.steps.sweep.search.space import Space, from_unit, to_unit
from mldiag.steps.sweep.search.tried import key_of
from mldiag.steps.sweep.settings import Settings
from tests.steps.made_up import answer, made_up_experiment, noise

STEP = step_named("sweep")
TORCH = find_spec("torch") is not None
MODELS = ["tpe", pytest.param("gp", marks=pytest.mark.skipif(not TORCH, reason="needs torch"))]


def space_of(**params):
    experiment = made_up_experiment(params=params)
    return Space.of(experiment, asked_axes(experiment, Settings(search="tpe")))


NUMBERS = {
    "lr": mldiag.Float(1e-4, 1, default=1e-2, log=True),
    "decay": mldiag.Float(1e-6, 1e-1, default=0, log=True, zero=True),
    "width": mldiag.Int(8, 128, default=32, log=True),
}


@pytest.mark.parametrize("name", list(NUMBERS))
def test_positions_and_values_are_inverse(name):
    space = space_of(**NUMBERS)
    axis = next(a for a in space.axes if a.name == name)
    for unit in np.linspace(0, 1, 23):
        value = from_unit(axis, unit)
        assert axis.parameter.coerce(value) == value
        assert from_unit(axis, to_unit(axis, value)) == value


def test_even_points_are_different_inside_and_begin_alike():
    space = space_of(**NUMBERS, kind=mldiag.Categorical(["a", "b", (1, 2)], default="a"))
    short, long = even_points(space, 5), even_points(space, 40)
    assert long[:5] == short
    assert len({repr(point) for point in long}) == 40
    assert {point["kind"] for point in long} == {"a", "b", (1, 2)}
    assert any(point["decay"] == 0 for point in long)


@pytest.mark.parametrize("trials", [12, 30, 100])
def test_a_grid_is_a_full_factorial_that_fits(trials):
    space = space_of(lr=NUMBERS["lr"], kind=mldiag.Categorical(["a", "b", "c"], default="a"))
    points = grid_points(space, Settings(search="grid", trials=trials))
    values = {point["lr"] for point in points}
    assert len(points) == 3 * len(values) <= trials
    assert 3 * (len(values) + 1) > trials


def test_a_grid_that_cannot_fit_says_how_many_points_it_has():
    space = space_of(**{f"p{i}": mldiag.Float(0, 1, default=0) for i in range(6)})
    with pytest.raises(MldiagError, match="at least 64 points"):
        grid_points(space, Settings(search="grid", trials=30))


@pytest.mark.parametrize("method", MODELS)
def test_models_draw_near_what_was_good_and_ask_for_nothing_twice(method):
    space = space_of(lr=NUMBERS["lr"], width=NUMBERS["width"])
    points = even_points(space, 24)
    values = np.array([-((math.log10(p["lr"]) + 1) ** 2) for p in points])
    values[3] = np.nan
    history = History(points, values)
    asked = ask(method, space, history, 4)
    assert asked == ask(method, space, history, 4)
    assert len(asked) == 4
    assert not {key_of(space, p) for p in asked} & {key_of(space, p) for p in points}
    away = [abs(math.log10(p["lr"]) + 1) for p in asked]
    assert min(away) < 0.5


@pytest.mark.parametrize("method", MODELS)
def test_what_does_not_act_is_not_drawn(method):
    space = space_of(
        kernel=mldiag.Categorical(["linear", "rbf"], default="linear"),
        gamma=mldiag.Float(1e-3, 1, default=0.1, log=True, when={"kernel": "rbf"}),
        C=mldiag.Float(1e-2, 1e2, default=1, log=True),
    )
    points = even_points(space, 16)
    asked = ask(method, space, History(points, np.arange(16.0)), 6)
    assert all(p["gamma"] == 0.1 for p in asked if p["kernel"] == "linear")
    assert all("gamma" not in space.units(p) for p in points if p["kernel"] == "linear")


def test_cmaes_climbs_by_generations():
    experiment = made_up_experiment(params={"lr": NUMBERS["lr"], "width": NUMBERS["width"]})

    def score(spec, rows):
        params = dict(spec.params)
        away = (math.log10(params["lr"]) + 0.5) ** 2 + (math.log2(params["width"]) - 4) ** 2 / 4
        return 0.9 - 0.03 * away + noise(spec, 0.001)

    diagnosis, _ = answer(STEP, experiment, Settings(search="cmaes", trials=40, repeats=2), score)
    assert len(diagnosis.points) == 40
    late = [abs(math.log10(p["lr"]) + 0.5) for p in diagnosis.points[-10:]]
    early = [abs(math.log10(p["lr"]) + 0.5) for p in diagnosis.points[1:11]]
    assert np.mean(late) < np.mean(early)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        (
            {"kind": mldiag.Categorical(["a", "b"], default="a"), "lr": NUMBERS["lr"]},
            "kind is no number",
        ),
        ({"lr": NUMBERS["lr"]}, "needs two parameters"),
    ],
)
def test_cmaes_refuses_what_it_cannot_search(params, says):
    with pytest.raises(MldiagError, match=says):
        STEP.plan(made_up_experiment(params=params), Settings(search="cmaes"))


@pytest.mark.skipif(TORCH, reason="torch is installed")
def test_gp_without_torch_says_what_to_install():
    with pytest.raises(MldiagError, match="needs PyTorch") as caught:
        STEP.plan(made_up_experiment(), Settings(search="gp"))
    assert "pip install 'mldiag[torch]'" in str(caught.value.hint)


def test_auto_never_picks_what_is_not_installed(monkeypatch):
    monkeypatch.setattr("mldiag.steps.sweep.search.choice.find_spec", lambda name: None)
    space = space_of(**NUMBERS)
    assert chosen_method(space, Settings(search="auto"), 60.0).method == "tpe"
    with pytest.raises(MldiagError, match="needs PyTorch"):
        chosen_method(space, Settings(search="gp"), 60.0)


@pytest.mark.skipif(not TORCH, reason="needs torch")
def test_auto_takes_a_gaussian_process_only_for_trainings_that_are_worth_it():
    space = space_of(**NUMBERS)
    settings = Settings(search="auto", trials=30)
    assert chosen_method(space, settings, 0.01).method == "tpe"
    assert chosen_method(space, settings, 60.0).method == "gp"
    few = chosen_method(space, Settings(search="auto", trials=6), 60.0)
    assert few.method == "random"
    assert "too few" in few.reason


def test_importance_takes_the_noise_out():
    random_numbers = np.random.default_rng(4)
    where = random_numbers.random((30, 3))
    gains = -((where[:, 0] - 0.3) ** 2) + random_numbers.normal(0, 0.03, 30)
    found = importances(("lr", "b", "c"), where, gains, np.full(30, 0.03))
    assert [one.name for one in found if one.matters] == ["lr"]
    assert found[0].share.estimate > 0.5
    assert importances(("lr", "b", "c"), where[:8], gains[:8], np.zeros(8)) == ()


def test_noise_alone_matters_to_nothing():
    wrong = 0
    for seed in range(3):
        random_numbers = np.random.default_rng(seed)
        where = random_numbers.random((24, 3))
        found = importances(("a", "b", "c"), where, random_numbers.normal(size=24), np.ones(24))
        wrong += any(one.matters for one in found)
    assert wrong == 0
