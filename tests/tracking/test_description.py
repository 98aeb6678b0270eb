"""The description: the verdict first, nothing that breaks its Markdown, never too long."""

from __future__ import annotations

from mldiag.findings import Table
from mldiag.tracking.context import Projection, RunAnswer
from mldiag.tracking.description import description
from mldiag.tracking.names import TAG_LENGTH

from .samples import CONTEXT, VERDICT, curve_answer, curve_results


def write(answer, **options):
    return description(
        answer, **{"command": "mldiag sweep", "run_id": "abc", "figure": "plot.png"} | options
    )


def finding(title, outcome="advice", **parts):
    return {"title": title, "outcome": outcome, **parts}


def test_order_is_verdict_action_figure_table_next_command(tmp_path):
    text = write(curve_answer(tmp_path, curve_results()))
    wanted = [
        f"**{VERDICT}**",
        "**What to do:** Collect 860 more rows.",
        "![the figure](get-artifact?path=plot.png&run_uuid=abc)",
        "The curve still rises",
        "0.969",
        "**Next:** `mldiag sweep --param lr`",
        "12 trials, 4.8 s of training",
        "Run again: `mldiag sweep`",
    ]
    places = [text.find(part) for part in wanted]
    assert -1 not in places
    assert places == sorted(places)


def test_further_findings_are_listed_with_their_outcome():
    text = write(RunAnswer({"findings": [finding("a"), finding("b", "not_applicable")]}))
    assert "- not applicable: b" in text


def test_no_finding_and_no_figure():
    text = write(RunAnswer({"headline": "FLAT"}), figure=None)
    assert text.startswith("**FLAT**")
    assert "get-artifact" not in text


def test_what_would_be_markup_is_shown_as_written():
    table = Table("", ("a|b",), (("<img src=x>",), ("two\nlines",)))
    text = write(RunAnswer({"findings": [finding("a_b *c* [d] <script>")]}, tables=(table,)))
    assert r"**a\_b \*c\* \[d\] &lt;script>**" in text
    assert r"a\|b" in text
    assert "&lt;img src=x>" in text
    assert "two lines" in text


def test_an_empty_column_is_left_out():
    table = Table("", ("lr", "failed", "score"), (("1", "", "0.5"), ("2", "", "")))
    text = write(RunAnswer({}, tables=(table,)))
    assert "failed" not in text
    assert "score" in text


def test_a_long_table_is_cut_and_says_so():
    rows = tuple((str(number),) for number in range(1000))
    text = write(RunAnswer({}, tables=(Table("all", ("n",), rows),)))
    assert "960 more rows in report.json" in text
    assert len(text) <= TAG_LENGTH


def test_what_does_not_fit_is_left_out_and_the_rest_stays():
    huge = Table("", ("n",), tuple(("x" * 600,) for _ in range(30)))
    findings = [finding("verdict", explanation="y" * 3000)]
    text = write(RunAnswer({"findings": findings, "next_command": "mldiag audit"}, tables=(huge,)))
    assert len(text) <= TAG_LENGTH
    assert text.startswith("**verdict**")
    assert "mldiag audit" in text
    assert "xxx" not in text


def test_a_verdict_longer_than_the_limit_is_cut():
    assert len(write(RunAnswer({"findings": [finding("z" * 9000)]}))) == TAG_LENGTH


def test_a_projection_survives_json(tmp_path):
    import json

    answer = curve_answer(tmp_path, curve_results())
    whole = Projection(CONTEXT, answer)
    again = Projection.from_dict(json.loads(json.dumps(whole.to_dict(), allow_nan=False)))
    assert again.context.dataset == CONTEXT.dataset
    assert again.answer.curves == answer.curves
    assert again.answer.tables == answer.tables
    assert write(again.answer) == write(answer)
