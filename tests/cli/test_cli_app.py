import json
import subprocess
import sys

import pytest

from mldiag import __version__
from mldiag.steps import STEPS

HEAVY = ("numpy", "pandas", "sklearn", "matplotlib", "mlflow", "optuna", "rich", "torch")


def test_help_lists_every_step_with_its_question(mldiag):
    answer = mldiag("--help")
    assert answer.code == 0
    for step in STEPS:
        assert step.name in answer.out
        assert step.question in answer.out
    assert mldiag().out == answer.out
    assert mldiag("-h").out == answer.out


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from mldiag.cli.app import run; run(['--help']); run(['sweep', '--help']); "
        f"print('loaded:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert told.endswith("loaded: []\n")


def test_version(mldiag):
    assert mldiag("--version").out == f"mldiag {__version__}\n"


def test_python_dash_m_is_the_command_line():
    told = subprocess.run(
        [sys.executable, "-m", "mldiag", "--version"], capture_output=True, text=True, check=True
    )
    assert told.stdout == f"mldiag {__version__}\n"


@pytest.mark.parametrize("name", [step.name for step in STEPS])
def test_a_step_has_its_own_flags_and_the_common_ones(mldiag, name):
    out = mldiag(name, "--help").out
    for flag in (
        "--repeats, --seeds", "--budget", "--jobs", "--engine", "--fresh", "--time-limit", "--json",
        "--no-mlflow", "--tracking-uri", "--fail-on", "--why", "TARGET",
    ):  # fmt: skip
        assert flag in out


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["swep"], ["unknown command 'swep'", "nearest:  sweep", "hint:     mldiag sweep --help"]),
        (["zzzzzz"], ["unknown command 'zzzzzz'", "hint:     mldiag --help"]),
        (["sweep", "--parm", "lr"], ["unknown flag '--parm'", "mldiag sweep --param lr"]),
        (["--jsn"], ["unknown flag '--jsn'", "mldiag --help"]),
        (["sweep", "-n", "x"], ["--values 'x' cannot be read", "a whole number"]),
        (["sweep", "-n", "2.5"], ["--values '2.5' cannot be read"]),
        (["sweep", "-n", "-3"], ["-3", "expected: at least 2"]),
        (["learning-curve", "--repeats", "0"], ["0 repeats", "at least 1"]),
        (["learning-curve", "--sizes", "1,b"], ["--sizes 'b' cannot be read", "a number"]),
        (["learning-curve", "--gain", "nan"], ["--gain 'nan' cannot be read"]),
        (["learning-curve", "--jobs", "0"], ["0 jobs", "hint:     mldiag learning-curve --jobs 2"]),
        (["learning-curve", "--jobs"], ["requires an argument", "mldiag learning-curve --help"]),
        (["learning-curve", "--time-limit", "60x"], ["time limit '60x'", "90s, 10m"]),
        (["learning-curve", "--fail-on", "probem"], ["'probem'", "nearest:  problem"]),
        (["learning-curve", "a", "b"], ["unexpected", "mldiag learning-curve --help"]),
        (["sweep", "--search", "tpee"], ["unknown search method 'tpee'", "nearest:  tpe"]),
        (["plan", "swep"], ["unknown step 'swep'", "nearest:  sweep"]),
    ],
)
def test_a_wrong_command_line_says_what_was_meant_and_exits_2(mldiag, arguments, parts):
    answer = mldiag(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("error: ")
    assert "Traceback" not in answer.err
    for part in parts:
        assert part in answer.err


def test_with_json_an_error_is_one_object_too(mldiag):
    answer = mldiag("sweep", "-n", "x", "--json")
    assert answer.code == 2
    told = json.loads(answer.out)
    assert told["schema"] == "mldiag/1"
    assert told["error"]["kind"] == "usage"
    assert told["error"]["exit_code"] == 2
    assert "--values 'x' cannot be read" in answer.err


def test_a_fault_of_mldiag_is_told_shortly_and_its_traceback_kept(mldiag, monkeypatch):
    def break_down():
        raise KeyError("inside")

    monkeypatch.setattr("mldiag.cli.explain.checks_by_place", break_down)
    answer = mldiag("explain")
    assert answer.code == 70
    assert answer.err.startswith("internal error: KeyError: 'inside'")
    assert "Traceback" not in answer.err
    (kept,) = (word for word in answer.err.split() if word.endswith(".txt"))
    with open(kept, encoding="utf-8") as file:  # noqa: PTH123 - the path is told as text
        assert "in break_down" in file.read()
    monkeypatch.setenv("MLDIAG_DEBUG", "1")
    assert "in break_down" in mldiag("explain").err


def test_an_interruption_exits_130_and_prints_the_command_that_goes_on(mldiag, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr("mldiag.cli.explain.checks_by_place", interrupt)
    monkeypatch.setattr("mldiag.adapters.targets.find_experiment", lambda target: interrupt())
    answer = mldiag("sweep", "digits", "--param", "lr", "--fresh")
    assert answer.code == 130
    assert answer.err.startswith("interrupted\n")
    assert "hint:     mldiag sweep digits --param lr\n" in answer.err
    other = mldiag("explain")
    assert (other.code, other.err) == (130, "interrupted\n")


def test_a_file_that_cannot_be_written_is_no_fault_of_mldiag(mldiag, tmp_path):
    (tmp_path / "folder.py").mkdir()
    answer = mldiag("init", "folder.py", "--force")
    assert answer.code == 2
    assert "folder.py" in answer.err
    assert "Traceback" not in answer.err


def test_a_reader_that_stops_early_is_no_error(tmp_path):
    told = subprocess.run(
        f"{sys.executable} -m mldiag explain MD201 | head -n 1",
        shell=True, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert told.stdout.startswith("MD201")
    assert told.stderr == ""
