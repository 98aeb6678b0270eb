import pytest

from mldiag.adapters.targets import load_experiment
from mldiag.cli.init import TEMPLATE


def test_it_writes_an_experiment_that_can_be_loaded(mldiag, tmp_path):
    answer = mldiag("init")
    assert answer.code == 0
    assert "next: mldiag learning-curve\n" in answer.out
    experiment = load_experiment("experiment.py")
    assert experiment.name == "digits"
    assert experiment.params["learning_rate"].role == "learning_rate"


def test_the_commands_it_prints_name_the_file_that_was_written(mldiag):
    assert "mldiag sweep mine.py --param learning_rate" in mldiag("init", "mine.py").out


def test_it_never_replaces_a_file_unasked(mldiag, tmp_path):
    file = tmp_path / "experiment.py"
    file.write_text("mine = 1")
    answer = mldiag("init")
    assert answer.code == 2
    assert "exists already" in answer.err
    assert file.read_text() == "mine = 1"
    assert mldiag("init", "--force").code == 0
    assert file.read_text() == TEMPLATE.read_text()


@pytest.mark.parametrize(
    ("file", "part"), [("notes.txt", "does not end in .py"), ("no/where.py", "does not exist")]
)
def test_a_bad_place_is_refused(mldiag, file, part):
    answer = mldiag("init", file)
    assert answer.code == 2
    assert part in answer.err
