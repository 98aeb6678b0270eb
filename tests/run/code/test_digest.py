"""The code digest: what changes it, what does not, and that it is the same in every process."""

from __future__ import annotations

import functools
import importlib
import subprocess
import sys
import textwrap
from dataclasses import dataclass

import numpy as np
import pytest

import mldiag
from mldiag.declaration import Experiment
from mldiag.run.code.digest import CodeDigest, code_digest
from mldiag.run.code.part_names import without_file

DECLARATION = """
import numpy as np
import mldiag

@mldiag.experiment(data=(np.zeros((20, 2)), np.arange(20) % 2), metric="accuracy",
                   params={"lr": mldiag.Float(1e-3, 1, default=0.1, log=True)})
"""

TRAIN = (
    DECLARATION
    + """
def digits(trial):
    return fit(trial.params["lr"])
"""
)


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Write modules into a folder of their own, import `experiment` from it, and give that module."""
    count = 0

    def write_and_import(source: str, **modules: str):
        nonlocal count
        count += 1
        folder = tmp_path / f"v{count}"
        folder.mkdir()
        names = {"experiment": source, **modules}
        for name, text in names.items():
            (folder / f"{name}.py").write_text(textwrap.dedent(text))
        monkeypatch.syspath_prepend(str(folder))
        for name in names:
            monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module("experiment")

    return write_and_import


@pytest.fixture
def digest(load):
    def of(source: str, **modules: str) -> CodeDigest:
        return code_digest(load(source, **modules).digits)[0]

    return of


HELPED = TRAIN + "\ndef fit(lr):\n    return step(lr) * 2\n\ndef step(lr):\n    return lr + 1\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    return step(lr) * 2", "    # a remark\n    return step(lr) * 2"),
        ("def fit(lr):", 'def fit(lr):\n    """Fit."""'),
        ("return step(lr) * 2", "return (step( lr )*2)"),
        ("mldiag.Float(1e-3, 1, default", "mldiag.Float(1e-6, 9, default"),
        ("data=(np.zeros((20, 2))", "data=(np.ones((20, 2))"),
        ("def fit(lr):", "def unrelated():\n    return 7\n\ndef fit(lr):"),
        ("import mldiag\n", "import mldiag\nimport json\nUNUSED = 3\n\n\n"),
    ],
    ids=["comment", "docstring", "layout", "range", "data", "unrelated function", "moved down"],
)
def test_edits_that_change_no_training_keep_the_digest(digest, old, new):
    assert old in HELPED
    assert digest(HELPED).digest == digest(HELPED.replace(old, new, 1)).digest


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('trial.params["lr"]', 'trial.params["lr"] + 1', "digits"),
        ("* 2", "* 3", "fit"),
        ("lr + 1", "lr - 1", "step"),
        ('metric="accuracy"', 'metric="f1"', "metric name"),
    ],
)
def test_edits_of_what_runs_change_the_digest_and_name_the_part(digest, old, new, part):
    before, after = digest(HELPED), digest(HELPED.replace(old, new, 1))
    assert before.digest != after.digest
    changed = {name for name in after.parts if before.parts.get(name) != after.parts[name]}
    assert {without_file(name) for name in changed} == {part}


IMPORTED = TRAIN.replace("import mldiag\n", "import mldiag\nimport helpers\n", 1).replace(
    "return fit(", "return helpers.fit("
)
HELPERS = """
    import numpy as np

    RATE = 0.5
    TABLE = {"a": (1, 2), "b": np.arange(4.0)}

    def fit(lr):
        return inner(lr) * RATE

    def inner(lr):
        return lr + TABLE["a"][0]

    def untouched():
        return 0
"""


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("RATE = 0.5", "RATE = 0.6", False),
        ("(1, 2)", "(1, 3)", False),
        ("np.arange(4.0)", "np.arange(4.0) + 1", False),
        ("lr + TABLE", "lr - TABLE", False),
        ("return 0", "return 1", True),
        ("RATE = 0.5", "RATE = 0.50  # half", True),
    ],
)
def test_an_imported_local_module_counts_as_far_as_it_is_reached(digest, old, new, same):
    before = digest(IMPORTED, helpers=HELPERS)
    after = digest(IMPORTED, helpers=HELPERS.replace(old, new, 1))
    assert "helpers.py:inner" in before.parts
    assert (before.digest == after.digest) is same


@pytest.mark.parametrize(
    "reach",
    [
        "    from helpers import fit\n    return fit(1)",
        "    import helpers as h\n    return h.fit(1)",
        "    import helpers\n    return [helpers.fit(i) for i in range(3)]",
        "    import helpers\n    return getattr(helpers, 'fit')(1)",
    ],
    ids=["from", "as", "comprehension", "whole module"],
)
def test_imports_inside_the_function_are_followed(digest, reach):
    source = DECLARATION + f"def digits(trial):\n{reach}\n"
    before = digest(source, helpers=HELPERS)
    assert before.digest != digest(source, helpers=HELPERS.replace("* RATE", "/ RATE")).digest


@pytest.mark.parametrize(
    ("body", "old", "new"),
    [
        ("BASE = 2\ndef fit(lr, base=BASE):\n    return lr * base", "BASE = 2", "BASE = 3"),
        ("fit = lambda lr: lr * 2", "lr * 2", "lr * 3"),
        ("a, fit = lambda lr: lr, lambda lr: lr * 2", "lr * 2", "lr * 3"),
        ("def make(k):\n    return lambda lr: lr * k\nfit = make(2)", "make(2)", "make(3)"),
        ("import functools\ndef raw(lr, k):\n    return lr * k\nfit = functools.partial(raw, k=2)",
         "k=2", "k=3"),
        ("import functools\n@functools.lru_cache\ndef fit(lr):\n    return lr * 2", "lr * 2", "lr * 3"),
        ("def scaled(k):\n    return lambda f: f\n@scaled(2)\ndef fit(lr):\n    return lr",
         "scaled(2)", "scaled(3)"),
        ("def twice(f):\n    def run(lr):\n        return f(lr) * 2\n    return run\n"
         "@twice\ndef fit(lr):\n    return lr", "lr) * 2", "lr) * 3"),
        ("class Net:\n    def __call__(self, lr):\n        return lr * 2\nfit = Net()",
         "lr * 2", "lr * 3"),
        ("class Net:\n    width = 2\n    def go(self, lr):\n        return lr\nfit = Net().go",
         "width = 2", "width = 3"),
        ("class Base:\n    def run(self):\n        return 2\nclass Net(Base):\n    pass\n"
         "def fit(lr):\n    return Net().run()", "return 2", "return 3"),
        ("class Net:\n    def __init__(self, k):\n        self.k = k\n    def run(self):\n"
         "        return self.k\nnet = Net(2)\ndef fit(lr):\n    return net.run()", "Net(2)", "Net(3)"),
        ("class Net:\n    @property\n    def run(self):\n        return 2\n"
         "def fit(lr):\n    return Net().run", "return 2", "return 3"),
        ("from dataclasses import dataclass\n@dataclass\nclass Config:\n    k: int = 2\n"
         "def fit(lr):\n    return Config().k", "int = 2", "int = 3"),
        ("import enum\nclass Mode(enum.Enum):\n    FAST = 2\ndef fit(lr):\n    return Mode.FAST.value",
         "FAST = 2", "FAST = 3"),
        ("OPTIONS = {'layers': [4, {2}], 'act': None}\ndef fit(lr):\n    return OPTIONS",
         "{2}", "{3}"),
        ("FUNCTIONS = {'f': lambda x: x * 2}\ndef fit(lr):\n    return FUNCTIONS['f'](lr)",
         "x * 2", "x * 3"),
        ("def fit(lr, n=3):\n    return other(lr, n)\ndef other(lr, n):\n"
         "    return fit(lr, n - 1) if n else 2", "else 2", "else 3"),
        ("from sklearn.svm import SVC as Model\ndef fit(lr):\n    return Model()",
         "SVC as", "NuSVC as"),
        ("import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x * 2\n"
         "def fit(lr):\n    return Net()", "x * 2", "x * 3"),
        ("import torch\nnet = torch.nn.Sequential(torch.nn.ReLU())\n"
         "def fit(lr):\n    return net", "ReLU", "Tanh"),
        ("import functools\n@functools.singledispatch\ndef fit(lr):\n    return 1\n"
         "@fit.register\ndef _(lr: float):\n    return 2", "return 2", "return 3"),
    ],
)  # fmt: skip
def test_every_way_to_reach_code(digest, body, old, new):
    source = TRAIN + body + "\n"
    assert body.count(old) == 1
    before = digest(source)
    assert before.digest == digest(source).digest
    assert before.digest != digest(TRAIN + body.replace(old, new) + "\n").digest


def test_other_experiments_count_only_where_they_are_called(load):
    other = DECLARATION + "def other(trial):\n    return 1\n"
    alone = code_digest(load(TRAIN + "fit = float\n").digits)[0]
    beside = code_digest(load(TRAIN + "fit = float\n" + other).digits)[0]
    assert alone.digest == beside.digest
    calling = TRAIN.replace("fit(trial", "other(trial") + other
    before = code_digest(load(calling).digits)[0]
    after = code_digest(load(calling.replace("return 1", "return 2")).digits)[0]
    assert before.digest != after.digest


def test_packages_are_those_that_the_reached_code_names(digest):
    source = TRAIN + (
        "import torch, scipy\nfrom sklearn.svm import SVC\n"
        "def fit(lr):\n    import yaml\n    return SVC(C=lr)\n"
        "def unused():\n    return torch.zeros(1), scipy\n"
    )
    packages = {name for name in digest(source).parts if name.startswith("package ")}
    assert packages == {"package PyYAML", "package numpy", "package scikit-learn"}


def test_a_new_package_version_changes_the_digest(digest, monkeypatch):
    source = TRAIN + "from sklearn.svm import SVC\ndef fit(lr):\n    return SVC(C=lr)\n"
    before = digest(source)
    monkeypatch.setattr(
        "mldiag.run.code.reach.versions_of",
        lambda module: {"scikit-learn": "9.9"} if module else {},
    )
    assert before.digest != digest(source).digest


def test_a_file_edited_after_its_import_is_not_described_by_its_new_text(load, tmp_path):
    module = load(HELPED)
    before = code_digest(module.digits)[0]
    file = tmp_path / "v1" / "experiment.py"
    file.write_text(file.read_text().replace("* 2", "* 3"))
    edited = code_digest(module.digits)[0]
    fresh = code_digest(load(HELPED.replace("* 2", "* 3")).digits)[0]
    assert edited.digest != fresh.digest
    assert before.parts["experiment.py:step"] == edited.parts["experiment.py:step"]


@pytest.mark.parametrize("name", ["__main__", "made_by_exec"])
def test_functions_without_source_count_by_their_instructions(name):
    def from_text(text):
        space = {"__name__": name}
        exec(compile(text, "<stdin>", "exec"), space)
        return code_digest(space["digits"])[0]

    before = from_text(HELPED)
    assert before.digest == from_text(HELPED.replace("def fit", "\n# moved\n\ndef fit")).digest
    assert (
        before.digest
        == from_text(HELPED.replace("def fit(lr):", "def fit(lr):\n    'Doc.'")).digest
    )
    assert before.digest != from_text(HELPED.replace("lr + 1", "lr + 2")).digest
    assert {"stdin:digits", "stdin:fit", "stdin:step"} <= set(before.parts)


def test_the_digest_is_the_same_in_every_process(tmp_path):
    (tmp_path / "experiment.py").write_text(
        TRAIN
        + "import functools, threading\nfrom pathlib import Path\nLOCK = threading.Lock()\n"
        + "SET = {'a', 'b', 'c', 'd'}\nOBJECT = object()\nPATH = Path('x')\n"
        + "def fit(lr):\n    return lr in {'q', 'r', 's'}, SET, OBJECT, LOCK, PATH, functools.reduce\n"
    )
    program = (
        "import experiment as e; from mldiag.run.identity import identify; "
        "print(identify(e.digits).digest)"
    )
    seen = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, text=True, capture_output=True, check=True,
            env={"PYTHONPATH": ":".join(p for p in sys.path if p), "PYTHONHASHSEED": seed},
        )  # fmt: skip
        seen.add(done.stdout)
    assert len(seen) == 1


def plain(function, **source) -> Experiment:
    declared = source or {"data": (np.zeros((20, 2)), np.arange(20.0))}
    return mldiag.experiment(name="plain", metric="rmse", **declared)(function)


def test_declared_data_are_no_code_wherever_they_are_reached():
    X, y = np.random.default_rng(0).random((30, 2)), np.arange(30.0)

    def train(trial):
        return float(X.sum() + y.sum())

    first = code_digest(plain(train, data=(X, y)))[0]
    X[0] = 7
    assert first.digest == code_digest(plain(train, data=(X, y)))[0].digest
    y = y + 1  # no longer what is declared, so it counts by its content
    assert first.digest != code_digest(plain(train, data=(X, y - 1)))[0].digest


def test_arrays_of_an_experiment_with_rows_only_are_data_not_code():
    X, settings = np.random.default_rng(0).random((30, 2)), {"weights": np.ones(3)}

    def train(trial):
        return float(X[trial.valid].sum() * settings["weights"][0])

    code, data = code_digest(plain(train, rows=30))
    assert sorted(name.rpartition(".")[2] for name in data) == ["X", "settings"]
    X = X + 1
    settings = {"weights": np.zeros(3)}
    again, changed = code_digest(plain(train, rows=30))
    assert code.digest == again.digest
    assert any(np.array_equal(value, X) for value in changed.values())


class Rows:
    def __init__(self, values):
        self.values = values


def test_arrays_inside_a_reached_object_are_data_too():
    rows = Rows(np.ones(30))

    def train(trial):
        return float(rows.values[trial.valid].sum())

    code, data = code_digest(plain(train, rows=30))
    assert [name.rpartition(".train.")[2] for name in data] == ["rows.values"]
    rows.values = np.zeros(30)
    again, changed = code_digest(plain(train, rows=30))
    assert code.digest == again.digest
    assert not any(value.any() for value in changed.values())


NOTEBOOK = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from mldiag.run.code.digest import code_digest

shell = InteractiveShell.instance()
def digest():
    return code_digest(shell.user_ns["train"])[0]
def cell(text):
    shell.run_cell(text).raise_error()

cell("import numpy as np, mldiag\\nX, y = np.zeros((20, 2)), np.arange(20.0)")
cell("def fit(x):\\n    # a remark\\n    return x + 1")
cell("class Net:\\n    def go(self):\\n        return fit(2)")
cell("@mldiag.experiment(data=(X, y), metric='rmse')\\ndef train(trial):\\n    return Net().go()")
first = digest()
assert {"notebook:train", "notebook:Net.go", "notebook:fit"} <= set(first.parts), first.parts
cell("def fit(x):\\n    return (x+1)")
assert digest().digest == first.digest
cell("def fit(x):\\n    return x + 2")
assert digest().digest != first.digest
print("good")
"""


def test_functions_of_a_notebook(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NOTEBOOK], text=True,
        capture_output=True, env={"PYTHONPATH": ":".join(p for p in sys.path if p),
                                  "IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.strip().endswith("good"), done.stderr


@dataclass
class Described:
    """A train object that says itself what it consists of."""

    text: str
    factory: object

    def __call__(self, trial):
        return 1.0

    def digest_parts(self):
        return {"estimator": self.text}

    def digest_roots(self):
        return [self.factory]


def test_train_objects_describe_themselves():
    def one(params):
        return params

    def two(params):
        return [params]

    digests = {
        code_digest(plain(Described(text, factory)))[0].digest
        for text in ("a", "b")
        for factory in (one, two, functools.partial(one, 1), functools.partial(one, 2), len)
    }
    assert len(digests) == 10
    assert code_digest(plain(Described("a", one)))[0].parts["estimator"] == "a"


class Counter:
    def __init__(self, factor):
        self.factor = factor

    def train(self, trial):
        return self.factor

    def __call__(self, trial):
        return self.factor * 2


def test_methods_and_callable_objects_count_with_their_state():
    made = [Counter(1).train, Counter(2).train, Counter(1), Counter(2)]
    assert len({code_digest(plain(train))[0].digest for train in made}) == 4
    assert code_digest(plain(Counter(1)))[0].digest == code_digest(plain(Counter(1)))[0].digest
