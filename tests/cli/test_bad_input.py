"""Every kind of wrong input: what is told, with which exit code, and that nothing was begun for it."""

import json
import random
import shlex
from pathlib import Path

import pytest

from mldiag.cli.declared_names import declared_names
from mldiag.cli.errors import error_text, failure_of
from mldiag.demo import DEMOS, demo_experiment
from mldiag.errors import MldiagError
from mldiag.run.store.trial_store import Store

EXPERIMENT = """
import mldiag, numpy as np
@mldiag.experiment(data=(np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 2),
                   metric="{metric}", params={{{params}}})
def mine(trial{more}):
    {body}
"""
LR = '"lr": mldiag.Float(0.01, 1, default=0.1, log=True), "kind": mldiag.Categorical(["a", "b"], "a")'
CURVE = ("learning-curve", "--no-mlflow", "--repeats", "2", "--points", "3", "--engine", "inline")
SWEEP = ("sweep", "--no-mlflow", "--repeats", "2", "-n", "2", "--engine", "inline")


def experiment(**changes):
    parts = {"metric": "accuracy", "params": LR, "more": "", "body": "return 0.5"} | changes
    return EXPERIMENT.format(**parts)


def rows(label="xy", count=60, first=None):
    numbers = random.Random(0)
    lines = [
        f"{numbers.random() if first is None else first},{numbers.random()},{numbers.choice(label)}"
        for _ in range(count)
    ]
    return "\n".join(["a,b,label", *lines, ""])


def config(params="", more="", **changes):
    entries = {
        "data": "good.csv",
        "target": "label",
        "estimator": "sklearn.linear_model:LogisticRegression",
    } | changes
    lines = [f"{key} = {json.dumps(value)}" for key, value in entries.items() if value is not None]
    tail = f"[tool.mldiag.params]\n{params}\n" if params else ""
    return "\n".join(["[tool.mldiag]", *lines, more, tail])


def command(
    run="python train.py --lr {lr} --seed {seed}",
    metric="{ name = 'val_loss', regex = 'val loss: (\\S+)', minimize = true }",
    more="",
):
    return (
        f"[tool.mldiag.command]\nrun = {json.dumps(run)}\nmetric = {metric}\n{more}\n"
        "[tool.mldiag.params]\nlr = { low = 1e-3, high = 1.0, default = 0.1, log = true }\n"
    )


@pytest.fixture
def place(tmp_path):
    """Write files, tables among them, into the current folder."""
    (tmp_path / "good.csv").write_text(rows())

    def write(contents):
        for name, content in contents.items():
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).write_bytes(data)

    return write


def files():
    return {path for path in Path().rglob("*") if "__pycache__" not in path.parts}


def trained():
    store = Path(".mldiag/trials.db")
    if not store.exists():
        return []
    with Store.open(store) as opened:
        return opened.summary()


def assert_told(answer, code, parts):
    assert answer.code == code, answer.text
    assert answer.out == ""
    assert "error: " in answer.err
    assert "mldiag/run" not in answer.err
    for part in parts:
        assert part in answer.err
    if code == 2:
        assert "Traceback" not in answer.err


WRONG_FLAGS = [
    ("--budget soon", ["cannot read the budget 'soon'", "90s, 10m", "--budget 10m"]),
    ("--budget 10", ["budget '10'", "nearest:  10s or 10m"]),
    ("--budget 0s", ["the budget '0s' is empty", "more than 0"]),
    ("--jobs 0", ["0 jobs", "at least 1", "--jobs 2"]),
    ("--jobs many", ["--jobs 'many' cannot be read", "a whole number", "--jobs 2"]),
    ("--engine foo", ["unknown engine 'foo'", "one of auto, inline, local", "--engine auto"]),
    ("--engine inlin", ["nearest:  inline", "--engine inline"]),
    ("--store file", ["file is a file", "a folder", "--store file.d"]),
    ("--store file/deeper", ["file is a file", "--store"]),
    ("--fail-on foo", ["outcome for --fail-on 'foo'", "problem", "--fail-on problem"]),
    ("--tracking-uri htp://foo", ["tracking URI 'htp'", "nearest:  http://foo"]),
    ("--tracking-uri nonsense", ["'nonsense' is no URI", "sqlite:///FILE"]),
    ("--tracking-uri http://", ["names no server", "a host"]),
    ("--tracking-uri http://u:secret@host:port", ["***@host:port", "names no server"]),
    ("--time-limit 60x", ["time limit '60x'", "90s, 10m", "--time-limit 10m"]),
    ("--repeats 0", ["0 repeats", "at least 1", "--repeats 5"]),
    ("--points 1", ["1 points", "at least 2"]),
    ("--gain -1", ["a gain of -1", "above 0", "--gain 0.005"]),
    ("--sizes a,b", ["--sizes 'a' cannot be read", "a number", "--sizes 0.1,0.2,0.5,1"]),
    ("--sizes 0,50", ["sizes 0,50", "above 0"]),
    ("--sizes 0.1,50", ["0.1,50 mix fractions and row counts", "0.1 is no number of rows"]),
    ("--sizes 10.5,50", ["sizes 10.5,50: 10.5 is no whole number of rows", "--sizes"]),
    ("--budgte 3s", ["unknown flag '--budgte'", "nearest:  --budget", "--budget 3s"]),
]


WRONG_WAYS = [
    ("--pairs --search tpe", ["--pairs and --search are two ways of asking", "leave --search out"]),
    ("--pairs --range-test", ["two ways of asking", "leave --range-test out"]),
    ("--study sqlite:///x.db", ["no search is asked for", "--search tpe"]),
    ("--design ful", ["unknown design 'ful'", "nearest:  full"]),
    ("--search hyperbnd", ["unknown search method 'hyperbnd'", "nearest:  hyperband"]),
]


@pytest.mark.parametrize(("flags", "parts"), WRONG_WAYS, ids=[flags for flags, _ in WRONG_WAYS])
def test_a_wrong_way_to_sweep_is_told_before_the_experiment_is_looked_at(
    mldiag, place, flags, parts
):
    place({"experiment.py": "raise RuntimeError('this was run')"})
    assert_told(mldiag("sweep", "--param", "lr", *flags.split()), 2, parts)


@pytest.mark.parametrize(("flags", "parts"), WRONG_FLAGS, ids=[flags for flags, _ in WRONG_FLAGS])
def test_a_wrong_flag_is_told_before_the_experiment_is_looked_at(mldiag, place, flags, parts):
    place({"file": "x", "experiment.py": "raise RuntimeError('this was run')"})
    before = files()
    answer = mldiag("learning-curve", *flags.split())
    assert_told(answer, 2, parts)
    assert "hint: " in answer.err
    assert "secret" not in answer.err
    assert files() == before


WRONG_NAMES = [
    ("sweep --param lrr", ["unknown parameter 'lrr'", "kind, lr", "mldiag sweep --param lr\n"]),
    ("sweep --param=LR=0.1,1", ["nearest:  lr", "mldiag sweep --param=lr=0.1,1\n"]),
    (
        "sweep --param lr=1:0.1",
        ["range '1:0.1' of 'lr' is empty", "mldiag sweep --param lr=0.1:1\n"],
    ),
    ("sweep --param lr=a:b", ["range 'a:b' of 'lr'", "mldiag sweep --param lr=0.01:1:log\n"]),
    ("sweep --param lr=.1:1:lgo", ["the range of 'lr': unknown range word 'lgo'", "nearest:  log"]),
    ("sweep --param lr=nan:1", ["range 'nan:1' of 'lr'", "not finite"]),
    ("sweep --param lr=0:1:log", ["of 'lr'", "logarithmic but starts at or below 0", "low > 0"]),
    ("sweep --param lr=0.1,x", ["'x' is no value for 'lr'", "a number above 0", "lr=0.01:1:log"]),
    ("sweep --param lr=0.1,inf", ["'inf' is no value for 'lr'"]),
    ("sweep --param lr=-1,1", ["'-1' is no value for 'lr'", "logarithmic"]),
    ("sweep --param kind=1:2", ["'kind' is categorical", "a, b", "--param kind=a,b"]),
    ("sweep --param kind=a,c", ["'c' is no choice of 'kind'", "one of a, b"]),
    ("sweep --param lr --param lr", ["'lr' is named twice", "mldiag sweep --param lr\n"]),
    ("sweep", ["sweep needs to know what to move", "mldiag sweep experiment.py:mine --param lr"]),
    ("sweep --search tpee", ["search method 'tpee'", "mldiag sweep --search tpe\n"]),
    ("learning-curve --sizes 10,99999", ["99999 rows", "at most the 48 rows", "nearest:  48"]),
    ("learning-curve --sizes 30", ["one training size", "at least two", "--sizes 0.1,0.2,0.5,1"]),
]


@pytest.mark.parametrize(("line", "parts"), WRONG_NAMES, ids=[line for line, _ in WRONG_NAMES])
def test_a_wrong_name_or_range_is_told_before_anything_is_trained(mldiag, place, line, parts):
    place({"experiment.py": experiment()})
    before = files()
    answer = mldiag(*line.split())
    assert_told(answer, 2, parts)
    assert trained() == []
    assert files() == before


WRONG_TARGETS = [
    ("nope.py", 2, ["no file nope.py", "file.py:name", "mldiag list"]),
    ("mein.py", 2, ["no file mein.py", "nearest:  mine.py", "mldiag learning-curve mine.py\n"]),
    ("mine.py:mien", 2, ["unknown experiment 'mien'", "mldiag learning-curve mine.py:mine\n"]),
    (
        "two.py",
        2,
        ["two.py holds 2 experiments: mine, other", "mldiag learning-curve two.py:mine\n"],
    ),
    ("no.such.module:name", 2, ["unknown target 'no.such.module'", "package.module:name"]),
    ("json:loads", 2, ["json declares no experiment", "@mldiag.experiment", "mldiag init"]),
    ("digit", 2, ["unknown target 'digit'", "mldiag learning-curve digits\n"]),
    ("good.csv", 2, ["good.csv is a table", 'data = "good.csv"']),
    (".", 2, ["no experiment in .", "mldiag init experiment.py"]),
    ("nothing.py", 2, ["nothing.py declares no experiment", "mldiag init example.py"]),
    ("broken.py", 2, ["broken.py, line 1", "Python that parses", "python -m py_compile"]),
    ("raises.py", 3, ["raises.py raised ZeroDivisionError", "line 2", "1/0"]),
    ("imports.py", 3, ["No module named 'numpi'", "nearest:  numpy"]),
]


@pytest.mark.parametrize(
    ("target", "code", "parts"), WRONG_TARGETS, ids=[w[0] for w in WRONG_TARGETS]
)
def test_a_wrong_target(mldiag, place, target, code, parts):
    other = experiment().replace("def mine", "def other")
    place(
        {
            "mine.py": experiment(),
            "two.py": experiment() + other,
            "nothing.py": "x = 1\n",
            "broken.py": "def (\n",
            "raises.py": "import mldiag\n1/0\n",
            "imports.py": "import numpi\n",
        }
    )
    before = files()
    assert_told(mldiag("learning-curve", target), code, parts)
    assert files() == before


WRONG_DECLARATIONS = [
    ({"metric": "acc"}, ["unknown metric 'acc'", "nearest:  accuracy", "metric='accuracy'"]),
    ({"metric": "acuracy"}, ["nearest:  accuracy"]),
    ({"metric": "my_own"}, ["unknown metric 'my_own'", "metric='my_own', maximize=True"]),
    (
        {"params": '"lr": mldiag.Float(0.01, 1, default=10)'},
        ["line 4", "parameter 'lr': the default 10 is outside the range 0.01 to 1", "nearest:  1"],
    ),
    (
        {"params": '"lr": mldiag.Float(1, 0.01, default=0.1)'},
        ["parameter 'lr': Float(1, 0.01) is empty", "low < high", "nearest:  (0.01, 1)"],
    ),
    (
        {"params": '"n": mldiag.Int(1, 8.5, default=2)'},
        ["parameter 'n'", "high = 8.5 is not a whole number", "nearest:  8"],
    ),
    ({"params": '"n": mldiag.Int("1", 8, default=None)'}, ["parameter 'n'", "default = None"]),
    ({"params": '"k": mldiag.Categorical("ab", default="ab")'}, ["parameter 'k'", "a list"]),
    ({"params": '"k": mldiag.Categorical(["a"], default="b")'}, ["parameter 'k'", "'b'"]),
    ({"params": '"lr": 0.1'}, ["parameter 'lr' is a float", "mldiag.Float"]),
    ({"more": ", other"}, ["mine(trial, other)", "the trial", "def mine(trial)"]),
    ({"body": "return ("}, ["experiment.py, line"]),
]


@pytest.mark.parametrize(("changes", "parts"), WRONG_DECLARATIONS, ids=str)
def test_a_wrong_declaration_names_its_line_and_parameter(mldiag, place, changes, parts):
    place({"experiment.py": experiment(**changes)})
    before = files()
    assert_told(mldiag("learning-curve"), 2, ["experiment.py", *parts])
    assert files() == before


WRONG_CONFIGS = [
    ("[tool.mldiag\n", ["cannot be read", "line 1", "a TOML file", "sed -n 1p"]),
    ("[tool.mldiag]\n", ["[tool.mldiag]", "is empty", "data and target", 'data = "train.csv"']),
    ("[tool]\nmldiag = 3\n", ["is 3", "a table, [tool.mldiag]"]),
    (config(dat="x"), ["unknown key in [tool.mldiag] 'dat'", "nearest:  data"]),
    (config(target=None), ["target is missing", "text in quotes", 'target = "label"']),
    (config(data=None), ["data is missing", 'data = "train.csv"']),
    (config(data=3), ["data is 3", "text in quotes"]),
    (config(name=3), ["name is 3", "text in quotes"]),
    (config(name="a/b"), ["name 'a/b' cannot be used", "letters", "nearest:  a-b"]),
    (config(stratify=3), ["stratify is 3", "true, false, or a column"]),
    (config(maximize="yes"), ["maximize is 'yes'", "true or false"]),
    (config(preprocess="atuo"), ["unknown preprocess 'atuo'", "nearest:  auto"]),
    (config(metric=3), ["metric is 3", 'metric = "accuracy"']),
    (config(metric="acc"), ["unknown metric 'acc'", "nearest:  accuracy"]),
    (config(metric="r2"), ["'r2' cannot score these targets", "nearest:  accuracy"]),
    (config(target="lable"), ["target column 'lable' in good.csv", "nearest:  label"]),
    (config(groups="usr"), ["groups column 'usr' in good.csv", "one of a, b, label"]),
    (config(estimator="LogisticRegression"), ["names no class", "package.module:Class"]),
    (
        config(estimator="sklern.linear_model:Ridge"),
        ["no module 'sklern'", "nearest:  sklearn.linear_model:Ridge"],
    ),
    (
        config(estimator="sklearn.linear_model:LogisticRegresion"),
        ["nearest:  LogisticRegression", 'estimator = "sklearn.linear_model:LogisticRegression"'],
    ),
    (
        config(more="[tool.mldiag.estimator_params]\nmax_itr = 3"),
        ["'max_itr'", "nearest:  max_iter", "max_iter = 3"],
    ),
    (config(more="params = [1]"), ["params is [1]", "[tool.mldiag.params]"]),
    (config("C = 3"), ["parameter 'C' is 3", "a table in braces"]),
    (config("C = { lo = 0.1, high = 1.0 }"), ["key in params.C 'lo'", "nearest:  low"]),
    (
        config("C = { low = 0.1, high = 1.0, default = 9.0 }"),
        ["parameter 'C': the default 9 is outside the range 0.1 to 1", "nearest:  1"],
    ),
    (
        config("CC = { low = 0.1, high = 1.0, default = 0.5 }"),
        ["unknown parameter 'CC' of LogisticRegression", "nearest:  C"],
    ),
]


@pytest.mark.parametrize(("text", "parts"), WRONG_CONFIGS, ids=[w[1][0] for w in WRONG_CONFIGS])
def test_a_broken_configuration_is_no_reason_to_fall_back(mldiag, place, text, parts):
    place({"pyproject.toml": text, "experiment.py": experiment()})
    before = files()
    assert_told(mldiag("learning-curve"), 2, ["pyproject.toml", *parts])
    assert files() == before


def test_a_parameter_that_no_configuration_declares_is_told_before_its_data_are_read(mldiag, place):
    place({"pyproject.toml": config("C = { low = 0.1, high = 1.0 }"), "good.csv": ""})
    answer = mldiag("plan", "sweep", "--param", "c")
    assert_told(
        answer, 2, ["unknown parameter 'c'", "nearest:  C", "mldiag plan sweep --param C\n"]
    )


RIDGE = "sklearn.linear_model:Ridge"
WRONG_TABLES = [
    (None, {}, ["no file", "table.csv", "a CSV, TSV or Parquet file"]),
    ("", {}, ["table.csv is empty", "a header and rows"]),
    ("a,b,label\n", {}, ["a header but no rows"]),
    ((rows() + "1,2,é\n").encode("latin-1"), {}, ["is not UTF-8: line 62, byte 5", "iconv"]),
    (rows().encode("utf-16"), {}, ["UTF-16", "iconv -f UTF-16"]),
    (rows() + "1,2\n", {}, ["line 62: 2 fields", "3, as in the header", "sed -n 62p table.csv"]),
    (bytes(range(256)) * 10, {}, ["table.csv is binary", "CSV, TSV or Parquet"]),
    (rows("x"), {}, ["the target 'label' has one class only: 'x' in all 60 rows", "head -n 5"]),
    (rows(count=3), {}, ["the data have 3 rows", "at least 10"]),
    (rows([""]), {}, ["the target 'label' is missing in all 60 rows", "head -n 5 table.csv"]),
    (rows() + "1,2,\n", {}, ["missing in 1 of 61 rows, first in row 60", "notna()"]),
    (
        "a,label\n" + "".join(f"{i},id{i}\n" for i in range(30)),
        {},
        ["has 30 classes in 30 rows", "several rows"],
    ),
    (
        rows(),
        {"estimator": RIDGE},
        ["Ridge predicts quantities", "names such as 'y'", "a classifier"],
    ),
    (
        "a,label\n" + "".join(f"{i},{i / 7}\n" for i in range(30)),
        {},
        ["predicts classes", "quantities", "nearest:  Ridge"],
    ),
    (
        "a,label\n" + "".join(f"{i},{i / 7}\n" for i in range(30)) + "3,inf\n",
        {"estimator": RIDGE},
        ["infinite in 1 of 31 rows, first in row 30", "a finite target"],
    ),
    (
        rows(first=""),
        {"preprocess": "none"},
        ["column 'a' is missing in 60 of 60 rows", "LogisticRegression", 'preprocess = "auto"'],
    ),
    (rows() + "inf,2,x\n", {"preprocess": "none"}, ["column 'a' is infinite in 1 of 61 rows"]),
    ("a,label\n" + ",x\n,y\n" * 20, {}, ["no column of table.csv", "holds any value"]),
]


@pytest.mark.parametrize(("content", "changes", "parts"), WRONG_TABLES, ids=lambda v: str(v)[:40])
def test_a_wrong_table(mldiag, place, content, changes, parts):
    place({"pyproject.toml": config(**({"data": "table.csv"} | changes))})
    if content is not None:
        place({"table.csv": content})
    before = files()
    assert_told(mldiag("learning-curve"), 2, ["pyproject.toml: ", *parts])
    assert files() == before


def test_a_column_without_a_value_is_left_out_and_told(mldiag, place):
    place({"pyproject.toml": config(data="table.csv"), "table.csv": rows(first="")})
    answer = mldiag("plan", "learning-curve")
    assert answer.code == 0
    assert "no row has a value in a: left out" in answer.out


WRONG_COMMANDS = [
    (command(run="pyhton train.py {lr}"), ["no program 'pyhton'", "nearest:  python"]),
    (command(run="python trian.py {lr}"), ["trian.py, which does not exist", "nearest:  train.py"]),
    (command(run="python train.py {lr} {lrr}"), ["placeholder 'lrr'", "nearest:  lr", "run = "]),
    (command(run="python train.py"), ["'lr' stands nowhere", "--lr {lr}"]),
    (command(run="python train.py '{lr}"), ["cannot split the line", "closed quotes"]),
    (command(run="python train.py {lr} {rows_file}"), ["{rows_file}", 'data = "train.csv"']),
    (command(metric="{ name = 'val_loss', regex = '(val' }"), ["regex '(val' is wrong"]),
    (
        command(metric=r"{ name = 'val_loss', regex = '(val) loss: (\S+)' }"),
        ["has 2 groups", "one, around the number", r"regex = '(?:val) loss: (\S+)'"],
    ),
    (
        command(metric="{ name = 'val_loss', regex = 'val loss' }"),
        ["can only find 'val loss', which is no number", r"regex = 'val loss: (\S+)'"],
    ),
    (command(metric="{ name = 'val_loss', regex = '(val) loss' }"), ["can only find 'val'"]),
    (
        command(metric="{ name = 'thing', regex = '(.*)' }"),
        ["unknown metric 'thing'", "minimize = true"],
    ),
    (command(metric="{ name = 'loss', minimize = 'yes' }"), ["minimize is 'yes'", "true or false"]),
    (command(more="regx = 'a'"), ["'regx'"]),
    (command(more="files = ['trian.py']"), ["files names trian.py", "nearest:  train.py"]),
    ("[tool.mldiag]\ncommand = 'python train.py'\n", ["command is 'python train.py'", "a table"]),
    ("[tool.mldiag.command]\nmetric = 'loss'\n", ["run is missing", "text in quotes"]),
]


@pytest.mark.parametrize(("text", "parts"), WRONG_COMMANDS, ids=[w[1][0] for w in WRONG_COMMANDS])
def test_a_wrong_command(mldiag, place, text, parts):
    place({"pyproject.toml": text, "train.py": "print('val loss: 0.5')"})
    before = files()
    assert_told(mldiag("sweep", "--param", "lr"), 2, ["pyproject.toml", *parts])
    assert files() == before


FAILING_SCRIPTS = [
    ("print('val acc: 0.5')", ["matched nothing in the output", "val acc: 0.5"]),
    ("print('val loss: low')", ["found 'low'", "a number, nan or inf"]),
    ("", ["matched nothing", "(nothing)"]),
    ("import sys; sys.exit('bad thing')", ["exit status 1", "bad thing"]),
]


@pytest.mark.parametrize(("script", "parts"), FAILING_SCRIPTS, ids=[s[0] for s in FAILING_SCRIPTS])
def test_a_script_that_gives_no_score_exits_3_with_what_it_wrote(mldiag, place, script, parts):
    place({"pyproject.toml": command(), "train.py": script})
    assert_told(mldiag(*SWEEP, "--repeats", "1", "--param", "lr"), 3, parts)


FAILING_FUNCTIONS = [
    ("pass", ["gave no 'accuracy'", "it gave nothing"]),
    ("return 'good'", ["'accuracy' must be a number, got str"]),
    ("return [1.0]", ["'accuracy' must be a number, got list"]),
    ("return {'loss': 1.0}", ["gave no 'accuracy'", "it gave loss"]),
    ("raise ValueError('boom')", ["ValueError: boom", "in mine"]),
    ("raise SystemExit(4)", ["called exit(4)"]),
]


@pytest.mark.parametrize(
    ("body", "parts"), FAILING_FUNCTIONS, ids=[f[0] for f in FAILING_FUNCTIONS]
)
def test_a_train_function_that_gives_no_score_exits_3(mldiag, place, body, parts):
    place({"experiment.py": experiment(body=body)})
    assert_told(mldiag(*CURVE), 3, parts)


def test_a_train_function_that_ignores_its_rows_is_found_out(mldiag, place):
    place({"experiment.py": experiment(body="return 0.5 + 0.01 * trial.seed")})
    answer = mldiag(*CURVE)
    assert answer.code == 0
    assert "MD203" in answer.out
    assert "The training rows are ignored: the score is the same at every size" in answer.out


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("learning-curve --jobs 0", {"what": "0 jobs", "expected": "at least 1"}),
        ("sweep --param lrr", {"nearest": "lr", "hint": "mldiag sweep --param lr --json"}),
        ("learning-curve nope.py", {"what": "there is no file nope.py"}),
    ],
    ids=str,
)
def test_with_json_the_same_parts_are_one_object(mldiag, place, line, parts):
    place({"experiment.py": experiment()})
    answer = mldiag(*line.split(), "--json")
    told = json.loads(answer.out)["error"]
    assert answer.code == told["exit_code"] == 2
    assert told["kind"] == "usage"
    assert told.items() >= parts.items()
    assert f"error: {told['what']}" in answer.err


HINTED = [
    "sweep --param lrr --no-mlflow",
    "sweep --param lr=1:0.1 --no-mlflow",
    "sweep --param lr=a:b -n 2 --no-mlflow",
    "sweep --param lr -n 1 --no-mlflow",
    "learning-curve experimnt.py --no-mlflow",
    "learning-curve experiment.py:mien --no-mlflow",
    "learning-curve --no-mlflow --jobs=0",
    "learning-curve --no-mlflow --engine inlin",
    "learning-curve --no-mlflow --sizes 0.1,50",
    "learning-curve --no-mlflow --budgte 1m",
    "learning-curve --no-mlflow --fail-on foo",
    "sweep --no-mlflow --search tpee --param lr",
    "explain MD2011",
    "swep --help",
]


@pytest.mark.parametrize("line", HINTED)
def test_the_hint_is_a_command_that_is_accepted(mldiag, place, line):
    """As a plan, so that nothing is trained; other commands as they stand."""
    place({"experiment.py": experiment()})
    wrong = mldiag(*line.split())
    (hint,) = (text for text in wrong.err.splitlines() if text.startswith("  hint:"))
    program, *words = shlex.split(hint.removeprefix("  hint:"))
    assert (wrong.code, program) == (2, "mldiag")
    steps = words[0] in ("sweep", "learning-curve") and "--help" not in words
    right = mldiag(*(["plan"] if steps else []), *words)
    assert right.code == 0, right.text


@pytest.mark.parametrize("name", list(DEMOS))
def test_the_parameters_of_a_built_in_experiment_are_known_without_importing_it(name):
    assert list(declared_names(name)) == list(demo_experiment(name).params)


def test_a_misspelt_parameter_of_a_built_in_experiment(mldiag):
    answer = mldiag("plan", "sweep", "digits", "--param", "widht=8:64")
    assert_told(
        answer, 2, ["unknown parameter 'widht'", "mldiag plan sweep digits --param width=8:64"]
    )
    assert not Path(".mldiag").exists()


@pytest.mark.parametrize(
    "error",
    [
        MldiagError("no answer from https://me:s3cret@host", hint="try https://me:s3cret@host/x"),
        KeyboardInterrupt(),
        OSError(2, "not there", "https://me:s3cret@host"),
    ],
)
def test_a_password_on_the_command_line_is_in_no_message(error):
    arguments = ["sweep", "--tracking-uri", "https://me:s3cret@host", "--param", "lr"]
    told = error_text(failure_of(error, arguments))
    assert "s3cret" not in told
    assert "***@host" in told
