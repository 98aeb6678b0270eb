"""The audit from frames, files and experiments to its report."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

import mldiag
from mldiag.steps.audit.diagnose import AuditDiagnosis
from mldiag.steps.audit.look import look
from tests.steps.audit.tables import healthy


def audit(tmp_path, train, test=None, **options):
    options = {"target": "y", "tracking_uri": False, "store": tmp_path / "store"} | options
    return mldiag.audit(train, test, **options)


def finding(report, slug):
    return next(f for f in report.findings if f.slug == slug)


def broken(rows=240):
    frame = healthy(rows)
    frame.loc[:11, "x1"] = -999
    return pd.concat([frame.assign(unit="kg"), frame.head(20).assign(unit="kg")], ignore_index=True)


def test_a_healthy_table_ends_with_one_action_none(tmp_path):
    report = audit(tmp_path, healthy(seed=1))
    assert (report.outcome, report.headline) == ("passed", "DATA OK")
    assert [action.kind for action in report.actions] == ["none"]
    assert report.trials.planned == 0
    assert report.findings[0].command == "mldiag.audit(data, target='y')"


def test_problems_come_first_and_name_rows_and_columns(tmp_path):
    report = audit(tmp_path, broken())
    assert report.findings[0].outcome == "problem"
    assert finding(report, "numeric-sentinel").evidence["columns"] == ["x1"]
    assert finding(report, "duplicate-rows").evidence["rows"]["train"] == list(range(240, 260))
    assert finding(report, "constant-column").evidence["columns"] == ["unit"]
    assert any("no model is named" in notice for notice in report.notices)
    assert all(Path(figure).is_file() for figure in report.figures)
    json.dumps(report.to_dict(), allow_nan=False)


def test_with_a_model_remedies_are_measured_and_a_second_audit_trains_nothing(tmp_path):
    frame = healthy(300, columns=3).drop(columns="city")
    frame.loc[:40, "x0"] = -999
    options = {"estimator": KNeighborsClassifier(), "engine": "inline", "store": tmp_path}
    report = audit(tmp_path, frame, **options)
    found = finding(report, "numeric-sentinel")
    assert found.evidence["measured"]["pairs"] == 5
    assert found.action.gain is not None
    assert found.action.gain.low <= found.action.gain.estimate <= found.action.gain.high
    assert report.trials.run > 0
    again = audit(tmp_path, frame, **options)
    assert (again.trials.run, again.outcome) == (0, report.outcome)


def test_a_flattered_score_is_told_and_is_no_gain(tmp_path):
    frame = pd.concat([healthy(400), healthy(400)], ignore_index=True)
    report = audit(tmp_path, frame, estimator=KNeighborsClassifier(1), engine="inline")
    found = finding(report, "duplicate-rows")
    assert found.action.gain is None
    assert "flattered" in found.explanation
    assert found.evidence["measured"]["change"].estimate < -0.05


def test_a_declared_experiment_is_audited_with_its_own_model_and_rows(tmp_path):
    frame = healthy(columns=3).drop(columns="city")
    frame.loc[:9, "x2"] = -999
    X, y = frame.drop(columns="y"), frame["y"].to_numpy()
    experiment = mldiag.Experiment.from_estimator(
        KNeighborsClassifier(), X, y, metric="accuracy", valid=(X.head(20), y[:20])
    )
    report = mldiag.audit(experiment, tracking_uri=False, store=tmp_path, engine="inline")
    assert finding(report, "train-test-overlap").outcome == "problem"
    assert finding(report, "numeric-sentinel").evidence["columns"] == ["x2"]
    assert report.trials.run > 0


def test_arrays_and_pairs_are_tables_too(tmp_path):
    frame = healthy(columns=3)
    report = audit(tmp_path, (frame[["x0", "x1", "x2"]].to_numpy(), frame["y"]), target=None)
    assert report.result["n_train"] == 200
    with pytest.raises(mldiag.MldiagError, match="which is no table"):
        audit(tmp_path, np.zeros(4), target=None)


def test_files_the_rows_found_and_the_mended_table_are_written(tmp_path):
    broken().to_csv(tmp_path / "train.csv", index=False)
    original = (tmp_path / "train.csv").read_bytes()
    rows, fixed = tmp_path / "rows.csv", tmp_path / "fixed.csv"
    report = audit(tmp_path, str(tmp_path / "train.csv"), rows=rows, fix=fixed)
    assert report.outcome == "problem"
    named = pd.read_csv(rows)
    assert set(named["finding"]) >= {"numeric-sentinel", "duplicate-rows"}
    assert (named.query("finding == 'numeric-sentinel'")["x1"] == -999).all()
    mended = pd.read_csv(fixed)
    assert len(mended) == 240
    assert "unit" not in mended.columns
    assert mended["x1"].isna().sum() == 12
    log = json.loads((tmp_path / "fixed.changes.json").read_text())
    assert (log["rows_before"], log["rows_after"]) == (260, 240)
    assert (tmp_path / "train.csv").read_bytes() == original


def test_what_is_audited_is_never_written_over(tmp_path):
    file = tmp_path / "train.csv"
    healthy().to_csv(file, index=False)
    with pytest.raises(mldiag.MldiagError, match="never changed"):
        audit(tmp_path, str(file), fix=file)
    with pytest.raises(mldiag.MldiagError, match="there is no folder"):
        audit(tmp_path, str(file), rows=tmp_path / "none" / "rows.csv")


def test_wrong_names_are_told_with_the_nearest(tmp_path):
    with pytest.raises(mldiag.MldiagError) as caught:
        audit(tmp_path, healthy(), group="citi")
    assert caught.value.nearest == "city"
    with pytest.raises(mldiag.MldiagError) as caught:
        audit(tmp_path, healthy(), types=("city=word",))
    assert "category" in caught.value.expected
    with pytest.raises(mldiag.MldiagError, match="2 columns named 'x0'"):
        audit(tmp_path, healthy().rename(columns={"x1": "x0"}))


def test_a_check_that_breaks_does_not_end_the_audit(tmp_path, monkeypatch):
    from mldiag.steps.audit.checks.table import constant_column

    def broken_check(subject):
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr(constant_column, "judge", broken_check)
    report = audit(tmp_path, healthy())
    found = finding(report, "constant-column")
    assert (found.outcome, found.evidence["error"]) == ("skipped", "ZeroDivisionError: by hand")
    assert len(report.findings) > 20


def test_the_checks_run_once_and_are_told_one_by_one():
    from mldiag.adapters.audit_target import audited_data
    from mldiag.steps.audit.settings import Settings

    experiment = audited_data(healthy(), Settings(target_column="y"))
    heard = []
    first = look(experiment.inspected, lambda *told: heard.append(told))
    assert [number for _, number, _ in heard] == list(range(len(heard)))
    assert look(experiment.inspected, lambda *told: heard.append(None)) is first
    assert None not in heard


def test_the_diagnosis_is_frozen_data(tmp_path):
    assert AuditDiagnosis.__dataclass_params__.frozen


def test_files_that_are_there_are_not_replaced_unasked(tmp_path):
    kept = tmp_path / "rows.csv"
    kept.write_text("precious")
    with pytest.raises(mldiag.MldiagError, match="is there already"):
        audit(tmp_path, healthy(), rows=kept)
    assert kept.read_text() == "precious"
    audit(tmp_path, broken(), rows=kept, overwrite=True)
    assert "numeric-sentinel" in kept.read_text()
    with pytest.raises(mldiag.MldiagError, match="both name"):
        audit(tmp_path, healthy(), rows=tmp_path / "a.csv", fix=tmp_path / "a.csv")


def test_whole_numbers_of_many_digits_stay_what_they_are(tmp_path):
    frame = healthy(100).assign(user=[10**18 + i for i in range(100)])
    wide = [str(10**30 + i) for i in range(100)]
    report = audit(tmp_path, frame.assign(wide=wide))
    assert finding(report, "constant-column").outcome == "passed"
    assert finding(report, "id-like-column").evidence["columns"] == ["user", "wide"]


def test_postal_codes_are_no_numbers(tmp_path):
    frame = healthy().assign(zip=np.resize(["00091", "10115", "80331"], 200))
    table = next(t for t in audit(tmp_path, frame).tables if t.title.startswith("What the columns"))
    assert ("zip", "category") in [row[:2] for row in table.rows]


def test_numbers_that_are_no_dates_are_told(tmp_path):
    with pytest.raises(mldiag.MldiagError, match="cannot be read as dates"):
        audit(tmp_path, healthy().assign(age=1e300), types=("age=date",))


def test_columns_may_be_named_by_numbers_and_by_nothing_else(tmp_path):
    frame = healthy(columns=3).drop(columns="city").set_axis([0, 1, 2, 3], axis=1)
    assert audit(tmp_path, frame, target=3).result["n_train"] == 200
    with pytest.raises(mldiag.MldiagError, match="group is a ndarray"):
        audit(tmp_path, healthy(), group=np.arange(200))


def test_an_estimator_is_one_that_was_made(tmp_path):
    with pytest.raises(mldiag.MldiagError, match="estimator is"):
        audit(tmp_path, healthy(), estimator=KNeighborsClassifier)
    with pytest.raises(mldiag.MldiagError, match="is no estimator"):
        audit(tmp_path, healthy(), estimator="os:path")


def test_targets_in_another_order_are_refused_not_shuffled(tmp_path):
    frame = healthy()
    with pytest.raises(mldiag.MldiagError, match="another order"):
        audit(
            tmp_path, (frame[["x0", "x1"]], frame["y"].sample(frac=1, random_state=0)), target=None
        )
    with pytest.raises(mldiag.MldiagError, match="0 rows"):
        audit(tmp_path, healthy().head(0))


def test_equal_rows_by_chance_and_doubted_labels_are_left_to_a_person(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 4, (400, 5)), columns=list("abcde"))
    frame = pd.concat([frame, frame.head(60)], ignore_index=True).assign(y=0)
    frame["y"] = (frame["a"] > 1).astype(int)
    report = audit(tmp_path, frame, fix=tmp_path / "fixed.csv")
    assert finding(report, "duplicate-rows").evidence["by_chance"] > 20
    assert len(pd.read_csv(tmp_path / "fixed.csv")) == 460
    log = json.loads((tmp_path / "fixed.changes.json").read_text())
    assert "duplicate-rows" in log["left_for_a_person"]


def test_targets_of_one_column_and_arrays_of_images_are_taken_with_a_note(tmp_path):
    random = np.random.default_rng(0)
    images, labels = random.normal(size=(80, 3, 4)), np.resize([0, 1], 80)
    report = audit(tmp_path, (images, labels.reshape(-1, 1)), target=None)
    assert report.result["n_train"] == 80
    assert "train: 3 x 4 values a row are looked at as 12 columns" in report.notices
    flat = audit(tmp_path, (images.reshape(80, 12), labels), target=None)
    assert not any("values a row" in notice for notice in flat.notices)


def test_kinds_of_columns_may_come_as_a_mapping(tmp_path):
    frame = healthy().assign(zip=np.arange(200) % 7)
    report = audit(tmp_path, frame, types={"zip": "category"})
    kinds = {row[0]: row[1] for table in report.tables for row in table.rows}
    assert kinds["zip"] == "category"


def test_numbers_near_the_end_of_floats_warn_of_nothing(tmp_path):
    frame = healthy(300)
    frame["x2"] *= 1e200
    frame.loc[::2, "x3"] = -1e308
    skipped = [f.title for f in audit(tmp_path, frame).findings if f.outcome == "skipped"]
    assert not skipped


def test_without_a_target_it_is_said_what_was_not_looked_at(tmp_path):
    frame = pd.DataFrame({"a": range(60), "b": np.random.default_rng(0).normal(size=60)})
    report = mldiag.audit(frame, tracking_uri=False, store=tmp_path)
    assert any("--target COLUMN" in notice for notice in report.notices)
