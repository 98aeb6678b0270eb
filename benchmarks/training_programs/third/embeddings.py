"""Networks that place things near each other: views, pairs, triplets, users and items, nodes of a graph."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from .data import communities, digit_images, parted, seeded


def _view(pixels: Tensor) -> Tensor:
    kept = (torch.rand_like(pixels) > 0.2).float()
    return pixels * kept * (0.8 + 0.4 * torch.rand(len(pixels), 1)) + 0.05 * torch.randn_like(
        pixels
    )


def contrasted_views(seed: int) -> dict[str, Any]:
    """Two views of each picture against all the others of the batch, as SimCLR does."""
    torch.manual_seed(seed)
    X, _, _, _ = digit_images(seed)
    pixels = X.flatten(1)
    encoder = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32))
    projector = nn.Sequential(nn.ReLU(), nn.Linear(32, 16))
    model = nn.Sequential(encoder, projector)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        placed = functional.normalize(model(torch.cat(batch)), dim=1)
        n = len(batch[0])
        likeness = placed @ placed.T / 0.5
        likeness.fill_diagonal_(float("-inf"))
        partner = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
        loss = functional.cross_entropy(likeness, partner)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": placed, "targets": None}

    def train_batches(epoch: int) -> Any:
        for rows in torch.randperm(len(pixels)).split(64):
            if len(rows) == 64:
                yield _view(pixels[rows]), _view(pixels[rows])

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "task": "self_supervised",
    }


def momentum_target(seed: int) -> dict[str, Any]:
    """A network that foretells what a slow copy of itself sees in another view, as BYOL does."""
    torch.manual_seed(seed)
    X, _, _, _ = digit_images(seed)
    pixels = X.flatten(1)
    online = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 16))
    predictor = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 16))
    target = copy.deepcopy(online)
    for weights in target.parameters():
        weights.requires_grad = False
    optimizer = torch.optim.AdamW([*online.parameters(), *predictor.parameters()], lr=2e-3)

    def step(batch: Tensor) -> dict[str, Any]:
        one, other = _view(batch), _view(batch)
        loss = torch.zeros(())
        for here, there in ((one, other), (other, one)):
            guess = functional.normalize(predictor(online(here)), dim=1)
            with torch.no_grad():
                seen = functional.normalize(target(there), dim=1)
            loss = loss + (2 - 2 * (guess * seen).sum(1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(target.parameters(), online.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
        return {"loss": loss, "outputs": guess, "targets": seen}

    loader = DataLoader(pixels, batch_size=64, shuffle=True, drop_last=True)
    return {
        "model": [online, predictor, target],
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
    }


class Triplets(Dataset):
    """A picture, another of its class, and one of another class."""

    def __init__(self, pixels: Tensor, labels: Tensor) -> None:
        self.pixels, self.labels = pixels, labels
        self.of_class = [torch.nonzero(labels == label).flatten() for label in range(10)]

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor, Tensor]:
        label = int(self.labels[place])
        other = (label + int(torch.randint(1, 10, ()))) % 10
        rows = [
            self.of_class[each][torch.randint(len(self.of_class[each]), ())]
            for each in (label, other)
        ]
        return self.pixels[place], self.pixels[rows[0]], self.pixels[rows[1]]


def triplets(seed: int) -> dict[str, Any]:
    """One network for three pictures, with a margin between like and unlike."""
    torch.manual_seed(seed)
    X, y, _, _ = digit_images(seed)
    loader = DataLoader(Triplets(X.flatten(1), y), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 16))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.TripletMarginLoss(margin=1.0)

    def step(batch: Any) -> dict[str, Any]:
        anchor, like, unlike = (model(part) for part in batch)
        loss = criterion(anchor, like, unlike)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": (anchor, like, unlike), "targets": None}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
    }


def two_towers(seed: int) -> dict[str, Any]:
    """Pictures and their descriptions placed together, with a learned temperature."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)

    class Towers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.picture = nn.Sequential(
                nn.Flatten(), nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 16)
            )
            self.text = nn.EmbeddingBag(32, 16)
            self.scale = nn.Parameter(torch.tensor(1.6))

        def forward(self, images: Tensor, words: Tensor) -> Tensor:
            seen = functional.normalize(self.picture(images), dim=-1)
            read = functional.normalize(self.text(words), dim=-1)
            return self.scale.exp() * seen @ read.T

    def words_of(labels: Tensor) -> Tensor:
        return torch.stack([labels, 10 + labels % 2, 12 + torch.randint(20, labels.shape)], 1)

    model = Towers()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

    def step(batch: dict[str, Tensor]) -> dict[str, Any]:
        likeness = model(batch["image"], batch["words"])
        pairs = torch.arange(len(likeness))
        loss = functional.cross_entropy(likeness, pairs) + functional.cross_entropy(
            likeness.T, pairs
        )
        optimizer.zero_grad()
        (loss / 2).backward()
        optimizer.step()
        return {"loss": loss / 2, "outputs": likeness, "targets": pairs}

    def train_batches(epoch: int) -> Any:
        for rows in torch.randperm(len(X)).split(48):
            yield {"image": X[rows], "words": words_of(y[rows])}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "eval_batch": {"image": X_held[:48], "words": words_of(y_held[:48])},
    }


def recommended_items(seed: int) -> dict[str, Any]:
    """Users and items as sparse embeddings: an item that was liked above one that was not seen."""
    torch.manual_seed(seed)
    draw = seeded(seed)
    taste = torch.randn(80, 3, generator=draw) @ torch.randn(3, 60, generator=draw)
    liked = torch.nonzero(taste > 1.5)
    users, items = nn.Embedding(80, 8, sparse=True), nn.Embedding(60, 8, sparse=True)
    model = nn.ModuleList([users, items])
    optimizer = torch.optim.SparseAdam(list(model.parameters()), lr=5e-2)

    def step(batch: Tensor) -> dict[str, Any]:
        unseen = torch.randint(60, (len(batch),))
        user = users(batch[:, 0])
        ahead = (user * (items(batch[:, 1]) - items(unseen))).sum(1)
        loss = -functional.logsigmoid(ahead).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": ahead, "targets": torch.ones_like(ahead)}

    def train_batches(epoch: int) -> Any:
        return liked[torch.randperm(len(liked))].split(64)

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
    }


def graph_convolution(seed: int) -> dict[str, Any]:
    """The community of each node of one graph; a third of the nodes have labels; one batch an epoch."""
    torch.manual_seed(seed)
    features, adjacency, label = communities(seed)
    degree = adjacency.sum(1).rsqrt()
    passed = degree[:, None] * adjacency * degree[None]
    known = torch.rand(len(label), generator=seeded(seed + 1)) < 0.35

    class Convolution(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.outer = nn.Linear(8, 16), nn.Linear(16, 3)
            self.dropout = nn.Dropout(0.5)

        def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
            return edges @ self.outer(self.dropout(functional.relu(edges @ self.inner(nodes))))

    model = Convolution()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
    whole = {"nodes": features, "edges": passed, "label": label, "known": known}

    def step(batch: dict[str, Tensor]) -> dict[str, Any]:
        model.train()
        optimizer.zero_grad()
        outputs = model(batch["nodes"], batch["edges"])
        loss = functional.cross_entropy(outputs[batch["known"]], batch["label"][batch["known"]])
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch["label"]}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            hits = model(features, passed).argmax(1) == label
        return {"accuracy": float(hits[~known].float().mean())}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: [whole],
        "step": step,
        "evaluate": evaluate,
    }


def siamese_pairs(seed: int) -> dict[str, Any]:
    """Two patients: are they of one kind? One network, the distance of its two answers."""
    torch.manual_seed(seed)
    X, y, _, _ = parted("patients", seed)
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 8))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

    def step(batch: Any) -> dict[str, Any]:
        left, right, same = batch
        apart = functional.pairwise_distance(model(left), model(right))
        loss = torch.where(same, apart**2, functional.relu(2.0 - apart) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": apart, "targets": same}

    def train_batches(epoch: int) -> Any:
        left, right = torch.randperm(len(X)), torch.randperm(len(X))
        for one, other in zip(left.split(40), right.split(40), strict=True):
            yield X[one], X[other], y[one] == y[other]

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
    }
