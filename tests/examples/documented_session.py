"""A reader at the command line: carries a documented command out, and holds it to what it should do."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

from mldiag.cli.app import run
from mldiag.run.store.trial_store import Store

# Names of a command in running text or in a title that are no whole commands: they end with 2, and say why.
NOTHING_TO_MOVE = "sweep needs to know what to move"
REFUSED = {
    "mldiag sweep": NOTHING_TO_MOVE,
    "mldiag sweep --pairs": NOTHING_TO_MOVE,
    "mldiag sweep --search": "'--search' requires an argument",
}

# Files that a command leaves; none of them is there before.
LEAVES = {
    "mldiag init": "experiment.py",
    "mldiag data repack in.zip out.zip": "out.zip",
    "mldiag prepare audio recordings/ prepared/ --rate 16000 --mono --loudness -23 --write": "prepared",
    "mldiag report --output for-you.html": "for-you.html",
}

EXAMPLE_RUN = re.compile(r"\b\d{8}-\d{4}\S*")


class Session:
    """A reader at the command line, in one folder."""

    def __init__(self, capfd, monkeypatch, folder):
        self.capfd, self.monkeypatch, self.folder = capfd, monkeypatch, folder
        monkeypatch.chdir(folder)
        # pytest sets it anew for each test, and workers are started anew where the environment is another.
        monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)

    def carry_out(self, command):
        """Run a command, hold it to what it should do, and return what it has printed."""
        left = LEAVES.get(command.text)
        assert left is None or not Path(left).exists()
        if command.text.startswith("export "):
            self.monkeypatch.setenv(*command.words[1].split("="))
            return ""
        self._keep_example_run(command.text)
        code, out, err = self._script(command) if command.script else self._typed(command)
        assert "Traceback" not in out + err, err
        assert "not in MLflow" not in err
        assert "no browser" not in err
        if command.text in REFUSED:
            assert (code, out) == (2, "")
            assert REFUSED[command.text] in err
        else:
            assert code == self._expected_code(command), f"{command.text}\n{out}{err}"
            assert out
        assert left is None or Path(left).exists()
        return out

    def _typed(self, command):
        code = run(list(command.words[1:]))
        return code, *self.capfd.readouterr()

    def _script(self, command):
        done = subprocess.run(
            ["bash", "-c", command.text], capture_output=True, text=True, check=False, timeout=300
        )
        return done.returncode, done.stdout, done.stderr

    def _expected_code(self, command):
        """0; with `--fail-on problem` 1 where the answer in JSON holds one."""
        if "--fail-on problem" not in command.text:
            return 0
        if command.script:
            told = Path("checkup.json").read_text(encoding="utf-8")
        else:
            run(["report", "--format", "json"])
            told = self.capfd.readouterr().out
        return int("problem" in {finding["outcome"] for finding in json.loads(told)["findings"]})

    def _keep_example_run(self, text):
        """Keep the step's latest run, or that of all, under the id that the page has as its example."""
        if named := EXAMPLE_RUN.search(text):
            step = text.split()[1]
            with Store.open(self.folder / ".mldiag") as store:
                latest = next(run for run in store.runs() if step in (run.step, "report"))
                store.save_run(replace(latest, id=named[0].ljust(22, "0")))
