"""MD320: one column that carries the answer, and strong features that do not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

from mldiag.data.audited.table import audited
from mldiag.steps.audit.checks.table import target_leakage


def breast_cancer():
    frame = load_breast_cancer(as_frame=True).data.iloc[:, :12].copy()
    frame["diagnosis"] = np.where(load_breast_cancer().target == 0, "malignant", "benign")
    return frame


def diabetes():
    frame = load_diabetes(as_frame=True).data.copy()
    frame["progression"] = load_diabetes().target
    return frame


def test_a_recoded_copy_of_the_class_is_a_leak():
    frame = breast_cancer()
    frame["group"] = frame["diagnosis"].map({"malignant": "A", "benign": "B"})
    found = target_leakage.judge(audited(frame, target="diagnosis"))
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["group"])
    assert found.action.kind == "fix_leak"
    assert found.evidence["n"] == len(frame)


def test_a_limit_that_decides_the_class_is_a_leak_though_bins_blur_it():
    frame = diabetes().rename(columns={"progression": "score"})
    frame["high"] = np.where(frame["score"] > 200, "yes", "no")
    found = target_leakage.judge(audited(frame, target="high"))
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["score"])


@pytest.mark.parametrize(
    "leak",
    [
        lambda y, noise: y,
        lambda y, noise: np.log(y),
        lambda y, noise: 1000 - 3 * y,
        lambda y, noise: y + 0.03 * y.std() * noise,
    ],
)
def test_a_number_that_is_a_function_of_the_quantity_is_a_leak(leak):
    frame = diabetes()
    noise = np.random.default_rng(0).normal(size=len(frame))
    frame["late"] = leak(frame["progression"].to_numpy(), noise)
    found = target_leakage.judge(audited(frame, target="progression"))
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["late"])


def test_a_noisy_copy_of_the_class_is_told():
    frame = breast_cancer()
    turned = np.random.default_rng(0).random(len(frame)) < 0.02
    frame["flag"] = (frame["diagnosis"] == "benign").to_numpy() ^ turned
    found = target_leakage.judge(audited(frame, target="diagnosis"))
    assert found.outcome in ("problem", "advice")
    assert found.evidence["columns"] == ["flag"]


def test_strong_features_are_no_leak():
    iris = load_iris(as_frame=True).frame.astype({"target": str})
    for subject in (
        audited(iris, target="target"),
        audited(breast_cancer(), target="diagnosis"),
        audited(diabetes(), target="progression"),
    ):
        assert target_leakage.judge(subject).outcome == "passed"


def test_a_formula_with_two_strong_inputs_is_no_leak():
    random = np.random.default_rng(0)
    side, height = random.uniform(1, 3, 500), random.uniform(1, 2, 500)
    frame = pd.DataFrame({"side": side, "height": height, "volume": side**2 * height})
    assert target_leakage.judge(audited(frame, target="volume")).outcome == "passed"


def test_too_few_rows_and_no_target():
    frame = breast_cancer().iloc[:20]
    assert target_leakage.judge(audited(frame, target="diagnosis")).outcome == "not_applicable"
    assert target_leakage.judge(audited(frame)) is None
