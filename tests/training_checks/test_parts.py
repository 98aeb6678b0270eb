"""What may be given, and what is told where it is wrong."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch

import mldiag
from mldiag.errors import UserCodeError
from mldiag.training_checks.parts import parts_of
from tests.training_checks.loops import loop, network


@pytest.mark.parametrize("name", ["model", "step", "train_batches"])
def test_a_missing_part_is_named(name):
    parts = loop()
    del parts[name]
    with pytest.raises(mldiag.MldiagError, match=f"{name}= is missing"):
        mldiag.diagnose_training(**parts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "net"}, "model is a str"),
        ({"model": []}, "empty list"),
        ({"optimizers": ["adam"]}, "an optimizer is a str"),
        ({"step": 3}, "step is a int"),
        ({"train_batches": iter([])}, "train_batches is a list_iterator"),
        ({"evaluate": 0.9}, "evaluate is a float"),
        ({"task": "classify"}, "nearest: classification"),
        ({"train_batches": []}, "gave no batch"),
    ],
)
def test_a_wrong_part_is_told(change, message):
    with pytest.raises(mldiag.MldiagError, match=message):
        mldiag.diagnose_training(**{**loop(), **change})


def test_a_misspelt_part_of_build_is_told_with_the_nearest():
    with pytest.raises(mldiag.MldiagError, match="nearest: train_batches"):
        mldiag.diagnose_training(build=lambda seed: {**loop(), "train_batch": 1})


def test_build_may_return_a_dictionary_or_an_object():
    @dataclass
    class Made:
        model: object
        step: object
        train_batches: object

    parts = loop()
    made = Made(parts["model"], parts["step"], parts["train_batches"])
    for result in (made, SimpleNamespace(**parts), {**parts, "models": parts.pop("model")}):
        report = mldiag.diagnose_training(build=lambda seed, result=result: result)
        assert report.outcome == "passed"
    with pytest.raises(mldiag.MldiagError, match="build returned a int"):
        mldiag.diagnose_training(build=lambda seed: 3)


def test_build_is_given_the_seed_and_leaves_the_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    seeds = []

    def build(seed):
        seeds.append(seed)
        return loop()

    mldiag.diagnose_training(build, seed=3)
    assert seeds == [3]
    assert torch.equal(torch.rand(1), expected)


def test_build_and_parts_exclude_each_other():
    with pytest.raises(mldiag.MldiagError, match="both given"):
        mldiag.diagnose_training(build=lambda seed: loop(), model=network())


def test_a_step_that_returns_nothing_hears_what_it_could_tell():
    silent = {name: part for name, part in loop().items() if name != "loss_fn"}
    step = silent.pop("step")
    report = mldiag.diagnose_training(**silent, step=lambda batch: step(batch) and None)
    assert any("'outputs': outputs" in notice for notice in report.notices)
    assert not mldiag.diagnose_training(**loop()).notices


def test_an_error_of_the_step_is_the_users_own():
    with pytest.raises(UserCodeError, match="KeyError") as caught:
        mldiag.diagnose_training(
            **loop(step=lambda batch: batch[0]["image"] if False else {}["image"])
        )
    assert "test_parts.py" in str(caught.value)
    assert isinstance(caught.value.__cause__, KeyError)


def test_lazy_parameters_must_be_made_first():
    model = torch.nn.Sequential(torch.nn.LazyLinear(3))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(mldiag.MldiagError, match="lazy parameters"):
        mldiag.diagnose_training(**loop(model, optimizer=optimizer))


def test_optimizers_and_models_come_in_any_form():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    base = {"step": print, "train_batches": [1]}
    many = parts_of({**base, "model": {"a": model}, "optimizers": {"x": optimizer}})
    one = parts_of({**base, "models": [model], "optimizer": optimizer})
    assert many.optimizers == one.optimizers == (optimizer,)
    assert list(many.models) == ["a"]
    assert one.name == "Sequential"
