"""The probe: out of sample, made once, the same for the same seed."""

import numpy as np
import pandas as pd

from mldiag.data.audited.table import audited
from mldiag.steps.audit.tables import probe_model
from mldiag.steps.audit.tables.probe_model import probe_of


def table(n=200, seed=0):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(n, 3)), columns=list("abc"))
    frame["id"] = np.arange(n)
    frame["y"] = random.choice(["no", "yes"], n)
    return frame


def test_no_row_sees_its_own_label():
    probe = probe_of(audited(table(), target="y"))
    for name in probe.families:
        assert 0.3 < np.mean(probe.predicted(name) == probe.target) < 0.7
    assert "id" not in probe.columns


def test_it_is_made_once_and_depends_on_the_seed_alone():
    subject = audited(table(), target="y")
    assert probe_of(subject) is probe_of(subject)
    again = probe_of(audited(table(), target="y"))
    for name, scores in probe_of(subject).families.items():
        np.testing.assert_array_equal(scores, again.families[name])


def test_rows_beyond_the_limits_are_predicted_or_left_out(monkeypatch):
    monkeypatch.setattr(probe_model, "FIT_ROWS", 300)
    monkeypatch.setattr(probe_model, "JUDGED_ROWS", 500)
    frame = table(800)
    frame["y"] = np.where(frame["a"] > 0, "yes", "no")
    probe = probe_of(audited(frame, target="y"))
    assert (probe.fitted.sum(), len(probe.rows), probe.rows_in_all) == (300, 500, 800)
    assert np.mean(probe.losses[~probe.fitted]) < 0.15
    assert probe.skill > 0.7


def test_rare_classes_and_rows_without_a_label_are_left_out():
    frame = table()
    frame.loc[:1, "y"] = "once"
    frame.loc[2:5, "y"] = None
    probe = probe_of(audited(frame, target="y"))
    assert probe.rows.tolist() == list(range(6, 200))
    assert sorted(probe.classes) == ["no", "yes"]


def test_nothing_to_learn_from():
    frame = table()
    assert probe_of(audited(frame)) is None
    assert probe_of(audited(frame[["id", "y"]], target="y")) is None
    assert probe_of(audited(frame.assign(y="one"), target="y")) is None
    assert probe_of(audited(frame.assign(y=1.5), target="y", task="regression")) is None
