import io
from pathlib import Path

import pytest
from rich.console import Console

from mldiag.findings import Finding, Table, TrialCounts
from mldiag.report.console import OUTCOME_WORDS, print_report, print_table


def shown(report, *, width=80, color=False):
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, markup=False, highlight=False, force_terminal=color, emoji=False
    )
    print_report(report, console)
    return stream.getvalue()


def test_the_verdict_comes_first_then_findings_table_and_what_to_do_next(a_report):
    text = shown(a_report())
    places = [
        text.index(part)
        for part in (
            "lr=.028 +1.8pt",
            "Another value of lr is better",
            "-> Set lr = 0.028: +1.8 points (+1.1 to +2.6)",
            "The best value is inside the range",
            "accuracy by lr",
            "45 trials",
            "mldiag learning-curve experiment.py",
        )
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("outcome", OUTCOME_WORDS)
def test_every_outcome_is_told_by_a_word_without_colour(a_report, outcome):
    text = shown(a_report(outcome=outcome, findings=(Finding("MD1", "a", outcome, "title"),)))
    assert OUTCOME_WORDS[outcome][0] in text
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [40, 60, 80, 110])
def test_lines_keep_to_the_width_but_commands_stay_whole(a_report, width):
    command = "mldiag sweep " + "some/long/folder/" * 5 + "experiment.py --param learning_rate"
    report = a_report(
        next_command=command,
        findings=(Finding("MD501", "tune", "advice", "word " * 40, "reason " * 60),),
    )
    lines = shown(report, width=width).splitlines()
    assert any(line.endswith(command) for line in lines)
    kept = [line for line in lines if not line.startswith(("next", "trials"))]
    assert max(map(len, kept)) <= width


def test_users_text_is_never_read_as_markup(a_report):
    text = shown(a_report(findings=(Finding("MD1", "a", "passed", "column [red]x[/red] :tada:"),)))
    assert "column [red]x[/red] :tada:" in text


def test_a_run_from_the_store_says_that_nothing_was_trained(a_report):
    text = shown(a_report(trials=TrialCounts(planned=45, cached=45)))
    assert "45 trials, all from the store: nothing was trained" in text


def test_a_gain_of_a_metric_to_be_minimised_is_told_as_an_improvement(a_report):
    assert "rmse improves by +0.018 (+0.011 to +0.026)" in shown(
        a_report(metric={"name": "rmse", "direction": "minimize"})
    )


def test_a_run_on_a_server_is_linked_and_one_in_a_file_is_shown_by_the_ui_command(a_report):
    url = "http://host:5000/#/experiments/3/runs/abc?workflowType=machine_learning"
    assert f"mlflow  {url}" in shown(a_report(mlflow={"run_id": "abc", "url": url}))
    here = f"sqlite:///{Path.cwd()}/mlflow.db"
    for unlinked in ("", "javascript:alert(1)"):
        logged = {"tracking_uri": here, "url": unlinked}
        assert "mlflow  mldiag ui\n" in shown(a_report(mlflow=logged))
    elsewhere = {"tracking_uri": "sqlite:////else/mlflow.db", "url": ""}
    told = shown(a_report(mlflow=elsewhere))
    assert "mlflow  mldiag ui --tracking-uri sqlite:////else/mlflow.db\n" in told


def test_columns_without_text_are_left_out_and_numbers_stand_to_the_right():
    stream = io.StringIO()
    table = Table("t", ("rows", "name", "failed"), (("9", "a", ""), ("1,150", "b", "")))
    print_table(table, Console(file=stream, width=80))
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert lines == ["t", "   rows  name", "      9  a", "  1,150  b"]


def test_a_table_without_rows_shows_its_columns():
    stream = io.StringIO()
    print_table(Table("t", ("rows", "name"), ()), Console(file=stream, width=80))
    assert "rows  name" in stream.getvalue()


WIDE = Table(
    "gains",
    ("parameter", "against the default", "train"),
    (
        ("0.001 (default)", "", "0.951 (0.930 to 0.972)"),
        ("0.0100", "-2.0 points (-2.9 to -1.1)", "0.951 (0.930 to 0.972)"),
    ),
)


@pytest.mark.parametrize("width", [40, 60, 80, 110])
def test_no_number_and_no_word_is_broken_however_narrow_the_terminal(width):
    stream = io.StringIO()
    print_table(WIDE, Console(file=stream, width=width, markup=False, highlight=False))
    text = stream.getvalue()
    assert max(map(len, text.rstrip().splitlines())) <= width
    for word in ("parameter", "default", "0.0100", "-2.0 points", "(-2.9 to -1.1)", "train"):
        assert word in text


def test_where_columns_do_not_fit_a_row_is_told_in_lines_of_its_own():
    stream = io.StringIO()
    print_table(WIDE, Console(file=stream, width=44, markup=False, highlight=False))
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert lines == [
        "gains",
        "  parameter 0.001 (default)",
        "    train  0.951 (0.930 to 0.972)",
        "  parameter 0.0100",
        "    against the default  -2.0 points",
        "                         (-2.9 to -1.1)",
        "    train                0.951",
        "                         (0.930 to 0.972)",
    ]


def test_in_a_narrow_terminal_findings_stand_below_their_outcome(a_report):
    narrow, wide = shown(a_report(), width=60), shown(a_report(), width=80)
    assert "advice\n  Another value of lr is better" in narrow
    assert "advice  Another value of lr is better" in wide
