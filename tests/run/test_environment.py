"""Where a command ran: what is told, and what is left out where it is not known."""

import subprocess

from mldiag.run.environment import environment


def test_a_repository_tells_its_revision_and_whether_it_was_changed(tmp_path):
    def git(*command):
        identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        subprocess.run(["git", "-C", tmp_path, *identity, *command], check=True)

    git("init", "--quiet")
    (tmp_path / "train.py").write_text("a = 1\n")
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    clean = environment(tmp_path, {})
    assert len(clean["git"]) == 40
    assert "git_changes" not in clean
    (tmp_path / "train.py").write_text("a = 2\n")
    assert environment(tmp_path, {})["git_changes"] == "1 file"


def test_without_a_repository_the_rest_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    found = environment(tmp_path, {"package torch": "2.13.0", "python": "3.11"})
    assert "git" not in found
    assert found["packages"] == "torch 2.13.0"
    assert "OMP_NUM_THREADS=3" in found["threads"]
    assert {"python", "system", "cores"} <= set(found)


def test_a_machine_without_git_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "git" not in environment(tmp_path, {})
