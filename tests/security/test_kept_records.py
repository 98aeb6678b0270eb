"""A store from somebody else: its rows are read as data, and end in an answer or in one line of error."""

import json
import sqlite3
from contextlib import ExitStack, chdir, closing, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mldiag.cli.app import run
from mldiag.run.store.records import RunRecord
from mldiag.run.store.trial_store import Store
from tests.security.hostile import PATHS, checkup_of
from tests.security.other_json import DEEP, HUGE, VALUES, changed, places

few = settings(max_examples=25, deadline=None, database=None)

RUN = "20261123-0006-sweep"


REPORT = checkup_of("lr").to_dict() | {"step": "checkup", "outcome": "problem"}


class Kept:
    """A store with one run, whose row is changed behind mldiag's back."""

    def __init__(self, folder: Path):
        self.folder = folder
        with Store.open(folder) as store:
            store.save_run(
                RunRecord(RUN, "checkup", "digits", 1e9, 1.0, REPORT, figures=("a.png",))
            )

    def change(self, **columns):
        with closing(sqlite3.connect(self.folder / ".mldiag" / "trials.db")) as database, database:
            names = ", ".join(f"{name} = ?" for name in columns)
            database.execute(f"UPDATE runs SET {names}", tuple(columns.values()))

    def command(self, *words):
        """Run a command: its exit code and all that it printed."""
        told = StringIO()
        with ExitStack() as stack:
            stack.enter_context(chdir(self.folder))
            stack.enter_context(redirect_stdout(told))
            stack.enter_context(redirect_stderr(told))
            stack.enter_context(patch("sys.argv", ["mldiag", *words]))
            code = run([*words, "--store", str(self.folder / ".mldiag")])
        text = told.getvalue()
        assert "internal error" not in text, text[:2000]
        assert "Traceback" not in text
        assert code in (0, 1, 2, 4)
        return code, text


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return Kept(tmp_path_factory.mktemp("kept"))


FORMS = ("text", "html", "json", "junit")


@few
@given(
    place=st.sampled_from(places(REPORT)),
    value=st.sampled_from(VALUES),
    form=st.sampled_from(FORMS),
)
@example(place=(), value=DEEP, form="text")
@example(place=("cost_seconds",), value=HUGE, form="text")
@example(place=("trials", "planned"), value="1e999", form="text")
@example(place=("result", "since_last", "started"), value="-99999999999", form="html")
def test_a_report_with_other_values_is_shown_or_refused_in_a_line(kept, place, value, form):
    kept.change(
        report=changed(REPORT, place, value), id=RUN, started=1e9, seconds=1.0, tracking=None
    )
    kept.command("report", "--format", form)


@few
@given(
    column=st.sampled_from(["started", "seconds", "figures", "tracking", "step", "experiment"]),
    value=st.one_of(
        st.sampled_from([0, -1e300, 1e300, 1e999, -99999999999.0]), st.sampled_from(VALUES)
    ),
    line=st.sampled_from(["report", "report --history", "report --format junit", "list", "sync"]),
)
def test_a_row_with_other_values_is_shown_or_refused_in_a_line(kept, column, value, line):
    whole = {"report": json.dumps(REPORT), "id": RUN, "started": 1e9, "seconds": 1.0, "figures": "[]",
             "tracking": '{"pending": false}', "step": "checkup", "experiment": "digits"}  # fmt: skip
    kept.change(**(whole | {column: value}))
    kept.command(*line.split())


@few
@given(name=st.sampled_from(PATHS))
@example(name="../../owned")  # report.html was written there
@example(name="/tmp/owned")
@example(name="..")
def test_a_run_cannot_name_another_folder(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("place")
    kept = Kept(folder)
    (folder / ".mldiag" / "runs" / "a").mkdir(parents=True)
    (folder / "owned").mkdir()
    kept.change(id=name.replace("/tmp", str(folder)))
    kept.command("report", "--format", "html")
    assert {path.parent for path in folder.rglob("report.html")} == set()
