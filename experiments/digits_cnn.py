"""A PyTorch CNN on scikit-learn's 1,797 handwritten digits.

    mldiag learning-curve digits_cnn.py
    mldiag sweep digits_cnn.py --param lr --param weight_decay

One full training takes about 2 seconds on one core.
"""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import mldiag


def load():
    """Images of shape (1797, 1, 8, 8), and their digits; a function, so that each worker loads its own."""
    images, digits = load_digits(return_X_y=True)
    return (images / 16.0).reshape(-1, 1, 8, 8).astype("float32"), digits


def build(width: int) -> nn.Module:
    """Two convolutions, then a linear layer; `width` is the number of channels of the first one."""
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(2 * width * 2 * 2, 10),
    )  # fmt: skip


@torch.no_grad()
def accuracy(net: nn.Module, images: torch.Tensor, digits: torch.Tensor) -> float:
    """Share of the images whose digit has the largest output."""
    net.eval()
    return (net(images).argmax(1) == digits).float().mean().item()


@mldiag.experiment(
    data=load,
    metric="accuracy",
    params={
        "lr": mldiag.Float(1e-4, 1.0, default=1e-3, log=True),
        "width": mldiag.Int(2, 32, default=8, log=True, role="capacity"),
        # zero=True: a logarithmic range never reaches 0, but "no weight decay" is worth a try.
        "weight_decay": mldiag.Float(1e-5, 1.0, default=0, log=True, zero=True),
        "batch_size": mldiag.Int(16, 256, default=64, log=True),
        "epochs": mldiag.Int(5, 40, default=15, log=True),
    },
)
def digits_cnn(trial):
    """Train once with AdamW, on the rows, the parameters and the seed of the trial."""
    params = trial.params
    # Everything random comes from the trial's seed: the weights here, the order of the rows in the loader.
    torch.manual_seed(trial.seed)
    net = build(params["width"])
    optimizer = torch.optim.AdamW(
        net.parameters(), lr=params["lr"], weight_decay=params["weight_decay"]
    )
    train = torch.from_numpy(trial.X_train), torch.from_numpy(trial.y_train)
    valid = torch.from_numpy(trial.X_valid), torch.from_numpy(trial.y_valid)
    loader = DataLoader(
        TensorDataset(*train),
        batch_size=params["batch_size"],
        shuffle=True,
        generator=torch.Generator().manual_seed(trial.seed),
    )
    for epoch in trial.epochs(params["epochs"]):
        net.train()
        total = 0.0
        for images, digits in loader:
            loss = nn.functional.cross_entropy(net(images), digits)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(images)
        trial.report(
            epoch,
            loss=total / len(train[0]),  # NaN ends up in the report as "diverged"
            train_accuracy=accuracy(net, *train),
            accuracy=accuracy(net, *valid),
        )
    with torch.no_grad():
        trial.predictions(net(valid[0]).argmax(1))
    # No return value: the last report is the score.
