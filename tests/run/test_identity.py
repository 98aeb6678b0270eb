"""Identities and keys: what is shared, and what keeps trials apart."""

from __future__ import annotations

import numpy as np
import pytest

import mldiag
from mldiag.data.fingerprint import Fingerprint
from mldiag.run.code.digest import CodeDigest
from mldiag.run.identity import Identity, identify
from mldiag.trial_spec import Intervention, RowRecipe, TrialSpec

BASE = Identity("demo", CodeDigest({"a.py:f": "function 1"}), Fingerprint({"X": "1"}, "X"))


def declared(X, y, *, name="demo", factor=1.0, **source):
    @mldiag.experiment(data=(X, y), metric="rmse", name=name, **source)
    def line(trial):
        return float(np.mean(trial.y_valid) * factor)

    return line


def arrays():
    return np.arange(40.0).reshape(20, 2), np.arange(20.0)


def test_the_key_leaves_out_how_the_experiment_is_named_by_the_caller():
    assert BASE.key(TrialSpec("a.py")) == BASE.key(TrialSpec("memory:demo"))


@pytest.mark.parametrize(
    "spec",
    [
        TrialSpec("a.py", seed=1),
        TrialSpec("a.py", fidelity=0.5),
        TrialSpec("a.py", rows=RowRecipe(size=7)),
        TrialSpec("a.py", rows=RowRecipe(repeat=1)),
        TrialSpec("a.py", rows=RowRecipe(split="reserve")),
        TrialSpec("a.py", params=(("lr", 0.1),)),
        TrialSpec("a.py", params=(("lr", None),)),
        TrialSpec("a.py", interventions=(Intervention("permute_labels"),)),
    ],
)
def test_every_field_of_the_description_is_in_the_key(spec):
    assert BASE.key(spec) != BASE.key(TrialSpec("a.py"))


@pytest.mark.parametrize(
    "other",
    [
        Identity("other", BASE.code, BASE.data),
        Identity("demo", CodeDigest({"a.py:f": "function 2"}), BASE.data),
        Identity("demo", BASE.code, Fingerprint({"X": "2"}, "X")),
    ],
)
def test_name_code_and_data_are_in_the_key(other):
    assert BASE.key(TrialSpec("a.py")) != other.key(TrialSpec("a.py"))


def test_the_same_declaration_has_the_same_identity_and_a_changed_one_has_not():
    same = {identify(declared(*arrays())).digest for _ in range(2)}
    X, y = arrays()
    others = {
        identify(declared(X, y + 1)).digest,
        identify(declared(X + 1, y)).digest,
        identify(declared(X, y, factor=2.0)).digest,
        identify(declared(X, y, name="other")).digest,
        identify(declared(X, y, groups=np.arange(20) % 4)).digest,
        identify(declared(X, y, sample_weight=np.ones(20))).digest,
    }
    assert len(same) == 1
    assert len(others) == 6
    assert not same & others


def test_the_plan_is_told_what_the_fingerprint_covers():
    table = np.arange(60.0).reshape(30, 2)

    @mldiag.experiment(rows=30, metric="rmse")
    def reaching(trial):
        return float(table[trial.valid].sum())

    @mldiag.experiment(rows=30, metric="rmse")
    def blind(trial):
        return float(len(trial.valid))

    assert "table" in identify(reaching).data.covers
    assert "number of rows only" in identify(blind).data.covers
    before = identify(reaching)
    table[0] = -1
    assert before.code.digest == identify(reaching).code.digest
    assert before.data.digest != identify(reaching).data.digest
