"""`mldiag report`: which run is meant, what is written where, and the exit code."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from mldiag.run.store.records import RunRecord
from mldiag.run.store.trial_store import Store
from tests.report.checkup_sample import checkup_report, sweep

SWEEP, CHECKUP = "20261123-000652-37961e", "20261123-000600-b0d953"


@pytest.fixture
def kept(tmp_path):
    """A store with a sweep, and a check-up that began before it and ended after it."""
    return keep(tmp_path)


def keep(home):
    folder = home / ".mldiag"
    runs = folder / "runs"
    checkup = checkup_report(runs)
    (runs / "run-of-checkup").rename(runs / CHECKUP)
    (runs / "run-of-sweep").rename(runs / SWEEP)
    swept = place(sweep(home / "elsewhere"), runs / SWEEP)
    steps = (*checkup.steps[:2], place(checkup.steps[2], runs / SWEEP))
    whole = replace(place(checkup, runs / CHECKUP), steps=steps, mlflow=None)
    with Store.open(folder) as store:
        store.save_run(record(SWEEP, replace(swept, mlflow=None), started=60.0, seconds=5.0))
        logged = {
            "tracking_uri": "http://host:5000",
            "run_id": "ab12",
            "url": "http://host:5000/#/x",
        }
        store.save_run(record(CHECKUP, whole, started=10.0, seconds=90.0, tracking=logged))
    return folder


def place(report, folder):
    return replace(report, figures=(str(folder / "plot.png"), str(folder / "plot.svg")))


def record(name, report, **parts):
    return RunRecord(name, report.step, report.experiment, report=report.to_dict(),
                     figures=report.figures, **parts)  # fmt: skip


def test_the_run_that_ended_last_is_told_and_its_page_is_named(mldiag, kept):
    answer = mldiag("report")
    assert answer.code == 0
    assert answer.out.startswith(f"run {CHECKUP}, 1970-01-01 00:00 UTC\nTUNE width +2.9pt")
    page = kept / "runs" / CHECKUP / "report.html"
    assert f"page    {page}" in answer.out
    assert "http://host:5000/#/x" in page.read_text()
    assert page.read_text().count("<img") == 4


@pytest.mark.parametrize("wanted", [SWEEP, "20261123-000652", "sweep"])
def test_a_run_is_named_by_its_id_the_start_of_it_or_its_step(mldiag, kept, wanted):
    assert f"run {SWEEP}" in mldiag("report", wanted).out


def test_an_unknown_run_and_one_of_several_are_told_with_those_there_are(mldiag, kept):
    unknown = mldiag("report", "20261123-000653")
    assert unknown.code == 2
    assert f"hint:     mldiag report {SWEEP}" in unknown.err
    several = mldiag("report", "2026")
    assert several.code == 2
    assert "2 runs begin with '2026'" in several.err
    assert f"{CHECKUP} (checkup)" in several.err


@pytest.mark.parametrize(
    "arguments", [["home/experiment.py"], ["--target", "home"], ["--store", "home"]]
)
def test_the_store_is_found_beside_a_target_without_running_it(mldiag, tmp_path, arguments):
    keep(tmp_path / "home")
    (tmp_path / "home" / "experiment.py").write_text("raise SystemExit('run')")
    assert "TUNE width" in mldiag("report", *arguments).out


def test_without_a_store_or_a_run_it_says_what_to_do(mldiag, tmp_path):
    assert "there is no store" in mldiag("report").err
    with Store.open(tmp_path / ".mldiag"):
        pass
    assert "no run is in the store yet" in mldiag("report").err


def test_each_format_goes_to_the_output_or_to_a_file_that_its_name_tells(mldiag, kept, tmp_path):
    assert mldiag("report", "--format", "html").out.startswith("<!doctype html>")
    assert json.loads(mldiag("report", "--json").out)["mlflow"]["run_id"] == "ab12"
    assert json.loads(mldiag("report", "--format", "json").out)["step"] == "checkup"
    assert ElementTree.fromstring(mldiag("report", "--format", "junit").out).tag == "testsuites"
    for name, start in (
        ("a.html", "<!doc"),
        ("a.json", "{"),
        ("a.xml", "<?xml"),
        ("a.txt", "TUNE"),
    ):
        assert mldiag("report", "--output", name).out == f"wrote {name}\n"
        assert (tmp_path / name).read_text().startswith(start)
    assert not list(tmp_path.glob(".*.part"))


def test_text_and_page_speak_the_language_that_was_asked_for(mldiag, kept, monkeypatch):
    assert "ページ" in mldiag("report", "--lang", "ja").out
    monkeypatch.setenv("MLDIAG_LANG", "ja")
    assert '<html lang="ja">' in mldiag("report", "--format", "html").out
    assert "nearest:  ja" in mldiag("report", "--lang", "jp").err


def test_a_file_that_is_there_is_kept(mldiag, kept, tmp_path):
    (tmp_path / "mine.html").write_text("mine")
    refused = mldiag("report", "--output", "mine.html")
    assert refused.code == 2
    assert "hint:     mldiag report --output mine.html --overwrite" in refused.err
    assert (tmp_path / "mine.html").read_text() == "mine"
    assert mldiag("report", "--output", "mine.html", "--overwrite").code == 0
    assert "TUNE width" in (tmp_path / "mine.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--format", "htm"], "nearest:  html"),
        (["--fail-on", "problems"], "nearest:  problem"),
        (["--json", "--format", "html"], "one of the two"),
        (["--output", "."], "is a folder"),
        (["--output", "no/where.html"], "mkdir -p no"),
        (["--history", "--format", "html"], "text or json"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_can(mldiag, kept, arguments, told):
    answer = mldiag("report", *arguments)
    assert answer.code == 2
    assert told in answer.err


@pytest.mark.parametrize(
    ("level", "code"), [("problem", 1), ("advice", 1), ("inconclusive", 1), (None, 0)]
)
def test_the_exit_code_is_for_ci(mldiag, kept, level, code):
    flags = [] if level is None else ["--fail-on", level]
    assert mldiag("report", "--format", "junit", *flags).code == code


def test_an_open_answer_and_an_interrupted_run(mldiag, tmp_path):
    open_one = sweep(tmp_path)
    open_one = replace(open_one, outcome="inconclusive", findings=open_one.findings[2:],
                       result={"interrupted": True})  # fmt: skip
    with Store.open(tmp_path / ".mldiag") as store:
        store.save_run(record("20261123-1", open_one, started=0.0, seconds=1.0))
    assert mldiag("report").code == 0
    assert mldiag("report", "--fail-on", "inconclusive").code == 4


def test_a_run_whose_folder_is_gone_is_still_told(mldiag, tmp_path):
    with Store.open(tmp_path / ".mldiag") as store:
        store.save_run(record("20261123-1", sweep(tmp_path), started=0.0, seconds=1.0))
    told = mldiag("report")
    assert told.code == 0
    assert "page    " not in told.out
    assert "folder is gone" in mldiag("report", "--open").err


def test_the_page_is_opened(mldiag, kept, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    assert mldiag("report", "--open").code == 0
    assert mldiag("report", "--output", "a.html", "--open").code == 0
    own = kept / "runs" / CHECKUP / "report.html"
    assert opened == [own.as_uri(), (tmp_path / "a.html").as_uri()]
    assert mldiag("report", "--format", "html", "--open").out == f"{own}\n"


def test_what_was_predicted_and_what_came(mldiag, kept, tmp_path):
    told = mldiag("report", "--history").out
    assert told.index("Scale the features.") < told.index("Set lr = 0.0056.")
    assert "1 of 2 inside (50%)" in told
    data = json.loads(mldiag("report", "--history", "--json").out)
    assert (data["judged"], data["inside"], data["share"]) == (2, 1, 0.5)
    assert mldiag("report", "--history", "--output", "h.txt").out == "wrote h.txt\n"
    assert "+2.1 points" in (tmp_path / "h.txt").read_text()


def test_without_a_second_checkup_there_is_no_history(mldiag, tmp_path):
    with Store.open(tmp_path / ".mldiag") as store:
        store.save_run(record("20261123-1", sweep(tmp_path), started=0.0, seconds=1.0))
    assert "there is nothing to" in mldiag("report", "--history").out
