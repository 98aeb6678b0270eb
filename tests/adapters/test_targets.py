"""From what is written on the command line to an experiment, and every way in which that goes wrong."""

import sys
from pathlib import Path

import pytest

from mldiag.adapters.config import configured
from mldiag.adapters.targets import find_experiment, list_experiments, load_experiment
from mldiag.adapters.user_file import file_being_loaded
from mldiag.errors import MldiagError, UserCodeError
from mldiag.run.worker import run_trial

ONE = """
import mldiag

@mldiag.experiment(rows=50, metric="accuracy", params={"lr": mldiag.Float(0.1, 1, default=0.5)})
def net(trial):
    return trial.params["lr"]
"""
TWO = ONE + ONE.replace("def net", "def other")

CONFIG = """
[tool.mldiag]
data = "train.csv"
target = "label"
estimator = "sklearn.naive_bayes:GaussianNB"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if "mldiag" not in name or name.startswith("mldiag_user_"):
            del sys.modules[name]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def write_table(folder: Path) -> None:
    rows = "".join(f"{i % 7},{i},{'ab'[i % 2]}\n" for i in range(40))
    write(folder, "train.csv", "x,z,label\n" + rows)


def test_a_file_a_name_in_it_and_its_home(folder):
    path = write(folder, "sub/train.py", TWO)
    found = load_experiment("sub/train.py:other")
    assert found.name == "other"
    assert found.target == f"{path}:other"
    assert found.home == path.parent
    again = load_experiment(found.target)
    assert again.spec() == found.spec()


def test_the_only_experiment_needs_no_name(folder):
    write(folder, "train.py", ONE + "\nalias = net\n")
    found = load_experiment("train.py")
    assert found.target.endswith("train.py:net")
    assert run_trial(found, found.spec(), threads=1).metrics == {"accuracy": 0.5}


def test_several_without_a_name_are_listed(folder):
    write(folder, "train.py", TWO)
    with pytest.raises(MldiagError, match=r"(?s)2 experiments: net, other.*nearest: train.py:net"):
        load_experiment("train.py")
    with pytest.raises(MldiagError, match="nearest: other"):
        load_experiment("train.py:othr")
    assert [Path(place).name for place in list_experiments("train.py")] == [
        "train.py:net",
        "train.py:other",
    ]


def test_a_name_given_to_the_experiment_is_found_too(folder):
    write(
        folder,
        "train.py",
        TWO.replace('metric="accuracy",', 'metric="accuracy", name="my net",', 1),
    )
    assert load_experiment("train.py:my net").target.endswith("train.py:net")


def test_a_file_runs_once_and_again_when_it_changed(folder):
    path = write(folder, "train.py", ONE + "\nprint('ran')\n")
    first = load_experiment("train.py")
    assert load_experiment("train.py").train is first.train
    path.write_text(ONE.replace("default=0.5", "default=0.25"))
    assert load_experiment("train.py").defaults == {"lr": 0.25}


def test_the_main_part_stays_out_and_neighbours_are_importable(folder):
    write(folder, "sub/neighbour_of_train.py", "VALUE = 0.75\n")
    text = ONE.replace('trial.params["lr"]', "later()") + (
        "\ndef later():\n    from neighbour_of_train import VALUE\n    return VALUE\n"
        "\nif __name__ == '__main__':\n    raise SystemExit('must not run')\n"
    )
    write(folder, "sub/train.py", text)
    found = load_experiment("sub/train.py")
    assert run_trial(found, found.spec(), threads=1).metrics == {"accuracy": 0.75}


def test_what_a_file_defines_can_be_pickled(folder):
    write(folder, "train.py", ONE + "\nimport dataclasses, pickle\n"
          "@dataclasses.dataclass\nclass Config:\n    width: 'int' = 3\n"
          "assert pickle.loads(pickle.dumps(Config())) == Config()\n")  # fmt: skip
    assert load_experiment("train.py").name == "net"


def test_a_step_can_tell_that_a_file_is_being_loaded(folder):
    text = (
        ONE
        + "\nfrom mldiag.adapters.user_file import file_being_loaded\nSEEN = file_being_loaded()\n"
    )
    path = write(folder, "train.py", text)
    found = load_experiment("train.py")
    assert found.train.__globals__["SEEN"] == path
    assert file_being_loaded() is None


def test_modules_in_packages(folder):
    write(folder, "package_of_mine/__init__.py", "")
    write(folder, "package_of_mine/train.py", ONE)
    found = load_experiment("package_of_mine.train:net")
    assert found.target == "package_of_mine.train:net"
    assert found.home == folder


def test_built_ins_and_the_demo_where_nothing_is(folder):
    assert load_experiment("diabetes").target == "diabetes"
    found = find_experiment()
    assert found.experiment.target == "digits"
    assert found.experiment.home == folder
    assert "built-in experiment 'digits'" in found.announcement
    assert list_experiments() == {}


def test_the_file_is_taken_before_the_demo_and_the_configuration_before_the_file(folder):
    write(folder, "experiment.py", ONE)
    found = find_experiment()
    assert found.experiment.name == "net"
    assert not found.announcement
    write(folder, "pyproject.toml", '[tool.mldiag]\ntracking_uri = "sqlite:///x.db"\n')
    assert load_experiment().name == "net"  # settings alone declare no experiment
    write(folder, "pyproject.toml", CONFIG)
    write_table(folder)
    config = load_experiment()
    assert config.name == "train"
    assert config.target == str(folder / "pyproject.toml")
    assert load_experiment(config.target).spec() == config.spec()
    assert len(list_experiments()) == 2
    assert load_experiment(str(folder)).name == "train"


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("[tool.mldiag\n", "cannot be read"),
        ("[tool]\nmldiag = 3\n", "expected: a table"),
        ('[tool.mldiag]\ndta = "x.csv"\n', "nearest: data"),
        ("[tool.mldiag.params]\nlr = {low = 1, high = 2, default = 1}\n", "data is missing"),
    ],
)
def test_a_broken_configuration_is_no_reason_to_fall_back(folder, config, told):
    write(folder, "experiment.py", ONE)
    write(folder, "pyproject.toml", config)
    with pytest.raises(MldiagError, match=told):
        load_experiment()


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("trian.py", r"nearest: train\.py"),
        ("digit", "nearest: digits"),
        ("nothing.like.it:net", "unknown target"),
        ("json:net", "json declares no experiment"),
        ("empty.py", "declares no experiment"),
        ("nowhere", "unknown target 'nowhere'"),
        ("pyproject.toml", "there is no file"),
    ],
)
def test_a_wrong_target_is_told(folder, target, told):
    write(folder, "train.py", ONE)
    write(folder, "empty.py", "import mldiag\n")
    with pytest.raises(MldiagError, match=told):
        load_experiment(target)


def test_a_syntax_error_names_the_line(folder):
    write(folder, "train.py", "import mldiag\ndef net(trial:\n    pass\n")
    with pytest.raises(MldiagError, match=r"train.py, line 2: .*never closed") as caught:
        load_experiment("train.py")
    assert "def net(trial:" in caught.value.expected


def test_an_exception_shows_the_users_frames_and_none_of_ours(folder):
    write(folder, "train.py", "import json\ndef read():\n    return json.loads('{')\nread()\n")
    with pytest.raises(UserCodeError) as caught:
        load_experiment("train.py")
    shown = caught.value.expected
    assert "train.py raised JSONDecodeError" in caught.value.what
    assert 'train.py", line 4, in <module>' in shown
    assert 'train.py", line 3, in read' in shown
    assert "user_file.py" not in shown
    assert "json/decoder.py" not in shown


def test_a_wrong_declaration_names_its_line(folder):
    write(
        folder,
        "train.py",
        ONE.replace("Float(0.1, 1, default", "Float(1, 0.1, default"),
    )
    with pytest.raises(
        MldiagError, match=r"train.py, line 4: parameter 'lr': Float\(1, 0.1\) is empty"
    ):
        load_experiment("train.py")


def test_a_file_that_exits_is_told(folder):
    write(folder, "train.py", "import sys\nsys.exit(0)\n")
    with pytest.raises(MldiagError, match="ends the program while it is loaded"):
        load_experiment("train.py")


def test_a_file_that_failed_is_tried_again(folder):
    path = write(folder, "train.py", "raise ValueError('no')\n")
    with pytest.raises(UserCodeError):
        load_experiment("train.py")
    path.write_text(ONE)
    assert load_experiment("train.py").name == "net"


def test_a_setting_is_read_from_the_configuration_at_home(folder):
    assert configured(folder, "tracking_uri") is None
    write(folder, "pyproject.toml", '[tool.mldiag]\ntracking_uri = "http://there"\n')
    assert configured(folder, "tracking_uri") == "http://there"
    write(folder, "pyproject.toml", "[tool.mldiag]\ntracking_uri = 5000\n")
    with pytest.raises(MldiagError, match="expected: text in quotes"):
        configured(folder, "tracking_uri")


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_the_built_in_experiments_learn(name):
    exp = load_experiment(name)
    result = run_trial(exp, exp.spec(), threads=1)
    assert result.status == "ok", result.error
    assert not result.notices
    assert result.predictions is not None
    small = run_trial(exp, exp.spec(size=60), threads=1)
    sign = exp.metric.sign
    assert sign * result.score(exp.metric.name) > sign * small.score(exp.metric.name)
