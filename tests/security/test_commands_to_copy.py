"""Commands and hints that are shown to be copied: a name in them is one word, whatever it holds."""

import io
import re
import shlex
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import mldiag
from mldiag.adapters.command_line import CommandLine
from mldiag.cli.app import run
from mldiag.cli.errors import failure_of
from mldiag.command_text import command_of, next_command
from mldiag.data.audited.kinds import declared_kinds
from mldiag.diagnosis import CommonSettings
from mldiag.errors import MldiagError
from mldiag.ranges import parse_range
from mldiag.steps import STEPS
from tests.security.hostile import SHELL, texts

few = settings(
    max_examples=60, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


def hint_of(call, *arguments):
    """The words of the hint of a call that fails, as a shell would split them."""
    with pytest.raises(MldiagError) as caught:
        call()
    return shlex.split(failure_of(caught.value, list(arguments)).error.hint)


names = st.one_of(st.sampled_from(SHELL), texts()).filter(
    lambda name: name.strip() and "\x00" not in name
)


@few
@given(name=names)
@example(name="it's")  # the hint could not be split, and its error hid the user's own
@example(name="a; touch owned")
def test_the_hint_for_the_kind_of_a_column_is_one_word(name):
    words = hint_of(lambda: declared_kinds([f"{name}=number of"]), "audit", "a.csv")
    assert words == ["mldiag", "audit", "a.csv", "--type", f"{name}=category"]


@few
@given(name=names, other=names)
@example(name="it's", other="b")
def test_the_hint_for_a_range_is_one_word(name, other):
    declared = mldiag.Categorical([other, "b"], default="b") if other != "b" else None
    words = hint_of(
        lambda: parse_range(name, "2:1" if declared is None else "1:2", declared), "sweep"
    )
    assert words[:3] == ["mldiag", "sweep", "--param"]
    assert words[3].startswith(f"{name}=")
    assert len(words) == 4


@few
@given(value=st.text(max_size=30).filter(lambda text: "\x00" not in text))
@example(value="; touch owned")
@example(value="{seed}")
def test_a_placeholder_never_becomes_two_words_and_is_filled_once(value):
    line = CommandLine.parse("train --a {a} 'x y{a}' --seed {seed}", ["a"])
    assert line.filled({"a": value, "seed": 3}) == [
        "train", "--a", value, f"x y{value}", "--seed", "3",
    ]  # fmt: skip


def reached(target):
    """An experiment as far as a command tells of it."""
    return SimpleNamespace(is_in_memory=False, shown_target=target, name="digits")


SWEEP = next(step for step in STEPS if step.name == "sweep")


@few
@given(target=names, word=names.filter(lambda word: word == word.strip() and "=" not in word))
@example(target="$(touch owned)/a.py", word="lr; touch owned")
def test_the_command_that_asks_again_has_the_words_that_were_asked(target, word):
    asked = SWEEP.settings_type()(param=(f"{word}=1:2",))
    common = CommonSettings(tracking_uri="sqlite:///a b.db", store=f"a {word}")
    told = shlex.split(command_of(SWEEP, reached(target), asked, common))
    assert told[:3] == ["mldiag", "sweep", target]
    assert told[told.index("--param") + 1] == f"{word}=1:2"
    assert told[told.index("--store") + 1] == f"a {word}"
    step = f"sweep --param {shlex.quote(word)}"
    assert shlex.split(next_command(reached(target), step)) == [
        "mldiag",
        "sweep",
        target,
        "--param",
        word,
    ]


UNQUOTED = re.compile(
    r"""f["'][^"']*(--(param|target|group|time|type|label-column|member|fix|rows|store|against)[ =]"""
    r"""|\b(mkdir -p|mv|df -h|chmod \+x|mldiag (audit|init|sweep|list))[ ])\{(?!shlex\.)(?![^}]*!r)"""
)


QUOTED_BEFORE = {
    ("adapters/audit_folders.py", 'hint=f"mldiag audit {place}/{shlex.quote(tables[0].name)}",'),
    ("declaration.py", 'hint = "" if self.is_in_memory else f"mldiag list {target}".strip()'),
    (
        "steps/sweep/pairs/diagnose.py",
        'return f"sweep --search auto --param {first} --param {second}"',
    ),
    # The name of a parameter, which the experiment's own code chose.
    ("steps/checkup/diagnose.py", 'return f"sweep --param {first.param}"'),
}


def test_no_line_of_mldiag_puts_a_name_into_a_command_as_it_is():
    package = Path(mldiag.__file__).parent
    found = {
        (path.relative_to(package).as_posix(), line.strip())
        for path in package.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if UNQUOTED.search(line)
    }
    assert found - QUOTED_BEFORE == set()
    assert UNQUOTED.search('hint=f"--param {name}=1:2"')
    assert UNQUOTED.search('return f"sweep --param {first.param}"')
    assert not UNQUOTED.search('hint=f"--param {shlex.quote(name)}"')


@pytest.mark.parametrize("column", ["it's", "$(touch owned)", "a b", "\x1b[31m"])
def test_a_misspelt_target_of_a_table_of_attacks_is_one_line_of_error(column, tmp_path):
    pd.DataFrame({column: [1, 2], f"{column}2": [3, 4]}).to_csv(tmp_path / "a.csv", index=False)
    told = io.StringIO()
    with chdir(tmp_path), redirect_stdout(told), redirect_stderr(told):
        code = run(["audit", "a.csv", "--target", f"{column}x", "--no-mlflow"])
    assert code == 2
    hint = next(line for line in told.getvalue().splitlines() if line.startswith("  hint:"))
    words = shlex.split(hint.removeprefix("  hint:"))
    assert words[:4] == ["mldiag", "audit", "a.csv", "--target"]
    assert words[4].replace("\ufffd", "\x1b") in (column, f"{column}2")
    assert {path.name for path in tmp_path.iterdir()} - {".mldiag"} == {"a.csv"}
