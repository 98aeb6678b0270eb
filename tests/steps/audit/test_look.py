"""All checks over the data: in two threads as in one, told one by one, and none stopped by another."""

import numpy as np
import pandas as pd
import pytest

from mldiag.data.audited.inspected import Inspected
from mldiag.data.audited.table import audited
from mldiag.findings import plain
from mldiag.steps.audit import look as looking
from mldiag.steps.audit.checks import checks_of
from mldiag.steps.audit.tables import probe_model


def inspected(n=300):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, 3))
    y = np.where(x[:, 0] + x[:, 1] > 0, "ill", "well")
    y[:6] = np.where(y[:6] == "ill", "well", "ill")
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=y, same=1)
    return Inspected("table", audited(frame, target="y"), "digest", "source")


@pytest.fixture
def ahead(monkeypatch):
    monkeypatch.setattr(looking, "AHEAD_ROWS", 0)


def test_a_second_thread_changes_nothing_that_is_found(monkeypatch):
    alone = looking.look(inspected())
    monkeypatch.setattr(looking, "AHEAD_ROWS", 0)
    assert plain(looking.look(inspected())) == plain(alone)
    assert {"label-errors", "constant-column"} <= {f.slug for f in alone}


def test_findings_stand_in_reading_order_and_every_check_is_told_once(ahead):
    told = []
    found = looking.look(inspected(), lambda *at: told.append(at))
    slugs = [module.CHECK.slug for module in checks_of("table")]
    assert sorted(at[0] for at in told) == sorted(slugs)
    assert [at[1] for at in told] == list(range(len(slugs)))
    assert {at[0] for at in told[-3:]} == {"shifted-labels", "label-errors", "weak-segments"}
    places = [slugs.index(f.slug) for f in found if f.slug in slugs]
    assert places == sorted(places)


def test_the_probe_is_learned_once(ahead, monkeypatch):
    learned = []
    probe = probe_model._probe
    monkeypatch.setattr(probe_model, "_probe", lambda s: learned.append(s) or probe(s))
    subject = inspected()
    looking.look(subject)
    looking.look(subject)
    assert len(learned) == 1


def test_a_probe_that_breaks_is_told_by_the_checks_that_need_it(ahead, monkeypatch):
    def broken(subject):
        raise RuntimeError("no memory")

    monkeypatch.setattr(probe_model, "_probe", broken)
    found = {f.slug: f for f in looking.look(inspected())}
    assert found["label-errors"].outcome == "skipped"
    assert "no memory" in found["label-errors"].explanation
    assert found["constant-column"].outcome in ("problem", "advice")


def test_too_few_rows_are_looked_at_in_one_thread(monkeypatch):
    monkeypatch.setattr(looking, "ThreadPoolExecutor", None)
    assert looking.look(inspected(30))
