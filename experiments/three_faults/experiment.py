"""One program, sick in three ways, healed by doing what the first verdict says, until there is none.

    mldiag probe experiment.py     # the program as it stands
    python experiment.py           # all four stages, each training looked into: about 20 seconds

The network reads scikit-learn's 1,797 handwritten digits and gets about one in ten right, which is chance.
Its pixels go in as they are stored, 0 to 255; between them and the digits stand five sigmoid layers; and
the learning rate is a thousandth of what is usual for Adam. Each fault hides the next one: mending the rate
first would change nothing that can be seen. A probe names the first of them, and puts what follows from it
below. Needs `mldiag[torch]`.
"""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from torch import nn

import mldiag

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}


def load():
    """Images of shape (1797, 64) with pixels from 0 to 255, as cameras give them, and their digits."""
    images, digits = load_digits(return_X_y=True)
    return (images * (255.0 / 16.0)).astype("float32"), digits


def build(activation: str) -> nn.Module:
    """Five hidden layers of 64 units."""
    layers = [part for _ in range(5) for part in (nn.Linear(64, 64), ACTIVATIONS[activation]())]
    return nn.Sequential(*layers, nn.Linear(64, 10))


def train(trial):
    """Train once with Adam; `trial.watch` lets a probe look in, and costs nothing where there is none."""
    X, y = torch.from_numpy(trial.X_train), torch.from_numpy(trial.y_train)
    X_valid, y_valid = torch.from_numpy(trial.X_valid), torch.from_numpy(trial.y_valid)
    if trial.params["scaled"]:
        # Of the training rows, for both; a pixel that is always dark has no spread to divide by.
        mean, spread = X.mean(0), X.std(0).clamp_min(1.0)
        X, X_valid = (X - mean) / spread, (X_valid - mean) / spread
    torch.manual_seed(trial.seed)
    net = build(trial.params["activation"])
    optimizer = torch.optim.Adam(net.parameters(), lr=trial.params["lr"])
    order = torch.Generator().manual_seed(trial.seed)
    watch = trial.watch(net, optimizer, task="classification")
    for epoch in trial.epochs(20):
        net.train()
        for rows in torch.randperm(len(X), generator=order).split(64):
            outputs = net(X[rows])
            loss = nn.functional.cross_entropy(outputs, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss=loss, outputs=outputs, targets=y[rows])
        net.eval()
        with torch.no_grad():
            outputs = net(X_valid)
        accuracy = (outputs.argmax(1) == y_valid).float().mean().item()
        watch.evaluate(score=accuracy, outputs=outputs, targets=y_valid)
        trial.report(epoch, accuracy=accuracy)
    # No return value: the last report is the score.


def declare(*, scaled=False, activation="sigmoid", lr=1e-6):
    """The program with these settings as its defaults.

    Args:
        scaled: Whether each pixel is standardised with the mean and the spread of the training rows.
        activation: "sigmoid" or "relu".
        lr: Learning rate.
    """
    return mldiag.experiment(
        data=load,
        metric="accuracy",
        name="three_faults",
        params={
            "scaled": mldiag.Categorical([False, True], default=scaled),
            "activation": mldiag.Categorical(sorted(ACTIVATIONS), default=activation),
            "lr": mldiag.Float(1e-7, 1e-1, default=lr, log=True),
        },
    )(train)


sick = declare()

REMEDIES = {"scale_features": {"scaled": True}, "change_activation_or_init": {"activation": "relu"}}
"""What a person edits when the verdict asks for it; a value of a parameter comes with the verdict."""


def heal(seed: int = 0, most: int = 6, **options):
    """Probe, do what the first action says, probe again; until no fault is seen or nothing can be done.

    Args:
        seed: Seed of the trainings.
        most: Trainings at most.
        options: Passed on to `mldiag.probe`.

    Yields:
        For each stage its settings and the report of the probe.
    """
    settings = {}
    for _ in range(most):
        report = mldiag.probe(declare(**settings), seed=seed, **options)
        yield dict(settings), report
        if report.findings[0].outcome not in ("problem", "advice"):
            return
        action = report.actions[0]
        remedy = {"lr": action.value} if action.param == "lr" else REMEDIES.get(action.kind)
        if not remedy:
            return
        settings |= remedy


if __name__ == "__main__":
    for settings, report in heal(tracking_uri=False, engine="inline"):
        print(f"\n== {settings or 'as it stands'}: accuracy {report.result['score']:.3f}\n")
        print(report)
