"""The Python of the pages as a reader would complete it, on small real data and in short trainings."""

from functools import cache

from tests.examples.documented_pages import PYTHONS, blocks

DIGITS = """
import mldiag
import numpy as np
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X, y = (X[:320] / 16).astype("float32"), y[:320] % 2
"""

# A quarter of the pixels are as many as trees and networks need to learn something, in a quarter of the time.
COARSE = DIGITS + "X = X.reshape(-1, 4, 2, 4, 2).mean((2, 4)).reshape(-1, 16)\n"

# What the README's train function calls, without a framework: trained in milliseconds, started in few.
NETWORK = (
    COARSE
    + """
from scipy.special import softmax


def build(params, seed):
    random = np.random.default_rng(seed)
    width = min(params["width"], 512)  # `--widen` goes to 51,200, at seconds a training
    net = [random.normal(0, 0.2, (16, width)), random.normal(0, 0.1, (width, 2))]
    return net, lambda gradient: params["lr"] * np.sign(gradient)


def fit_epoch(net, optimizer, X, y):
    for rows in np.array_split(np.random.permutation(len(X)), 3):
        hidden = np.maximum(X[rows] @ net[0], 0)
        error = softmax(hidden @ net[1], axis=1) - np.eye(2)[y[rows]]
        first = X[rows].T @ (error @ net[1].T * (hidden > 0))
        net[1] -= optimizer(hidden.T @ error)
        net[0] -= optimizer(first)


def score(net, X, y):
    return float(np.mean((np.maximum(X @ net[0], 0) @ net[1]).argmax(1) == y))
"""
)

# The same in PyTorch, for the pages that look into a training.
LOOP = (
    COARSE
    + """
import torch

V, truth = torch.tensor(X[:80]), torch.tensor(y[:80])
cross_entropy = torch.nn.functional.cross_entropy


def build(params, seed):
    torch.manual_seed(seed)
    width = params.get("width", 64)
    layers = torch.nn.Linear(16, width), torch.nn.ReLU(), torch.nn.Linear(width, 2)
    net = torch.nn.Sequential(*layers)
    return net, torch.optim.Adam(net.parameters(), lr=params.get("lr", 1e-3))


def split(X, y):
    X, y = torch.as_tensor(X), torch.as_tensor(y)
    return [(X[rows], y[rows]) for rows in torch.randperm(len(X)).split(128)]


def batches(trial):
    return split(trial.X_train, trial.y_train)


def fit_epoch(net, optimizer, X, y):
    for rows, targets in split(X, y):
        optimizer.zero_grad()
        cross_entropy(net(rows), targets).backward()
        optimizer.step()


def predict(net, X):
    return net(torch.as_tensor(X)).argmax(1).numpy()


def score(net, X=V, y=truth):
    return float((predict(net, X) == torch.as_tensor(y).numpy()).mean())
"""
)

ESTIMATOR = (
    DIGITS
    + """
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
"""
)

# What stands before a Python block of a page, by its number there; a block that is not named stands alone.
BEFORE = {
    ("README", 0): NETWORK,
    ("README", 1): ESTIMATOR,
    ("audit", 0): """
import mldiag
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
model = DecisionTreeClassifier()
""",
    ("frameworks", 0): LOOP,
    ("frameworks", 1): """
import lightning.pytorch as lightning
import torch

rows = torch.randn(128, 6)
data = torch.utils.data.TensorDataset(rows, (rows[:, 0] > 0).long())
loader = validation = torch.utils.data.DataLoader(data, batch_size=16)
quiet = dict(max_epochs=2, logger=False, enable_checkpointing=False, enable_progress_bar=False,
             enable_model_summary=False, accelerator="cpu")


class Classifier(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(6, 2)

    def training_step(self, batch, number):
        return torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch, number):
        self.log("val_acc", (self.net(batch[0]).argmax(1) == batch[1]).float().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


model = Classifier()
""",
    ("learning-curve", 0): ESTIMATOR,
    ("probe-mistakes", 0): LOOP
    + """
from contextlib import ExitStack

net, optimizer = build({}, 0)
generator, noise = torch.nn.Linear(8, 16), torch.randn(512, 8)
X_train, X_valid, y_valid = torch.tensor(X), V, truth
running = ExitStack()
watch = running.enter_context(mldiag.watch(net, optimizer))
logits = net(V)
cross_entropy(logits, truth).backward()
optimizer.step()
watch.step()
accuracy = score(net)
""",
}

AFTER = {("probe-mistakes", 0): "running.close()\nprint(watch.diagnose())\n"}

# Dots that stand for "whatever else you give".
FILLED = {("frameworks", 1): ("[callback], ...)", "[callback], **quiet)")}

# The docs' range is endless, so that a search fills its time; this one is over with its twelve points.
ENDLESS = """        "lr": mldiag.Float(1e-5, 1e-1, default=1e-3, log=True),
        "width": mldiag.Int(8, 512, default=64, log=True),
"""
FINITE = """        "lr": mldiag.Categorical((1e-3, 1e-2, 1e-1), default=1e-3, role="learning_rate"),
        "width": mldiag.Int(13, 16, default=16),
"""

# The experiment that a page's commands are about: a Python block, and what stands before it.
README = "README", 0
EXPERIMENTS = {
    "learning-curve": (("learning-curve", 0), ESTIMATOR),
    **dict.fromkeys(("frameworks", "probe", "probe-mistakes", "range-test"), (README, LOOP)),
}


def python_block(page, number, before=None):
    """A block as a file that runs: with what it takes for granted, and what makes it speak."""
    text = blocks(page, *PYTHONS)[number]
    written, meant = FILLED.get((page, number), ("", ""))
    assert written in text
    first = BEFORE.get((page, number), "") if before is None else before
    return first + text.replace(written, meant) + AFTER.get((page, number), "")


@cache
def experiment_of(page):
    """The text of experiment.py in the folder of the page's reader."""
    (block, number), before = EXPERIMENTS.get(page, (README, NETWORK))
    text = python_block(block, number, before)
    if page == "search":
        assert ENDLESS in text
        return text.replace(ENDLESS, FINITE)
    return text
