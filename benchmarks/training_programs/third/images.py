"""Networks on images of digits: convolutions, patches, masks, and what is done with them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, TensorDataset

from .data import digit_images, seeded


class ShiftedDigits(Dataset):
    """Digits, each moved by a pixel and with some noise whenever it is asked for."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        down, right = torch.randint(-1, 2, (2,)).tolist()
        image = torch.roll(self.images[place], (down, right), (1, 2))
        return image + 0.05 * torch.randn_like(image), self.labels[place]


def cnn_augmented(seed: int) -> dict[str, Any]:
    """A small CNN, augmented in the loader."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    loader = DataLoader(ShiftedDigits(X, y), batch_size=64, shuffle=True, generator=seeded(seed))
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(32 * 16, 10),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.CrossEntropyLoss()

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        images, labels = batch
        optimizer.zero_grad()
        logits = model(images)
        loss = criterion(logits, labels)
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": logits, "targets": labels}

    @torch.no_grad()
    def evaluate() -> dict[str, float]:
        model.eval()
        return {"accuracy": float((model(X_held).argmax(1) == y_held).float().mean())}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (X_held[:64], y_held[:64]),
        "loss_fn": criterion,
    }


class ResidualBlock(nn.Module):
    """Two convolutions with norms, added to what came in."""

    def __init__(self, channels: int, momentum: float) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels, momentum=momentum) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Channels as they came in, and more."""
        inner = functional.relu(self.norms[0](self.first(x)))
        return functional.relu(x + self.norms[1](self.second(inner)))


def resnet_decay_groups(
    seed: int, *, momentum: float = 0.1, eval_mode: bool = True
) -> dict[str, Any]:
    """A residual network with batch norm; no weight decay for norms and biases; one-cycle learning rate."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    loader = DataLoader(TensorDataset(X, y), batch_size=128, shuffle=True, drop_last=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False),
        ResidualBlock(16, momentum),
        ResidualBlock(16, momentum),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    with_decay = [weight for weight in model.parameters() if weight.ndim > 1]
    without = [weight for weight in model.parameters() if weight.ndim <= 1]
    optimizer = torch.optim.SGD(
        [{"params": with_decay, "weight_decay": 5e-4}, {"params": without, "weight_decay": 0.0}],
        lr=0.05,
        momentum=0.9,
        nesterov=True,
    )
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=5 * len(loader))

    def step(batch: Any) -> dict[str, Any]:
        logits = model(batch[0])
        loss = functional.cross_entropy(logits, batch[1], label_smoothing=0.1)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if scheduler.last_epoch < scheduler.total_steps - 1:
            scheduler.step()
        return {"loss": loss.detach(), "outputs": logits, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        if eval_mode:
            model.eval()
        with torch.inference_mode():
            hits = (model(X_held).argmax(1) == y_held).float().mean().item()
        model.train()
        return {"accuracy": hits}

    return {
        "model": model,
        "optimizers": [optimizer],
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (X_held, y_held),
        "epochs": 5,
    }


class PatchTransformer(nn.Module):
    """Patches of 2 x 2 pixels, a class token, learned places."""

    def __init__(self, width: int = 32, *, batch_first: bool = True) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, width, 2, stride=2)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(0.02 * torch.randn(1, 17, width))
        layer = nn.TransformerEncoderLayer(
            width, 4, 64, dropout=0.1, activation="gelu", norm_first=True, batch_first=batch_first
        )
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 10))

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(tokens), -1, -1), tokens], 1) + self.places
        return self.head(self.encoder(tokens)[:, 0])


def vision_transformer(
    seed: int, *, batch_first: bool = True, warms_up: bool = True
) -> dict[str, Any]:
    """Patches in a transformer; cosine schedule after a warm-up from zero, by update."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    data = DataLoader(TensorDataset(X, y), 64, shuffle=True, generator=seeded(seed + 1))
    model = PatchTransformer(batch_first=batch_first)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)

    def rate(update: int) -> float:
        if update < 20:
            return update / 20
        return 0.5 * (1 + float(torch.cos(torch.tensor(3.1416 * min(update / 200, 1.0)))))

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        images, labels = batch
        logits = model(images)
        loss = functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if warms_up:
            scheduler.step()
        return {"loss": loss.item(), "outputs": logits, "targets": labels, "norm": norm.item()}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            logits = model(X_held)
        loss = functional.cross_entropy(logits, y_held)
        return {"loss": float(loss), "accuracy": float((logits.argmax(1) == y_held).float().mean())}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: data,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": [X_held[:100], y_held[:100]],
    }


class SmallUNet(nn.Module):
    """Down once, up once, and what was seen before going down."""

    def __init__(self, *, sigmoid: bool) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.SiLU())
        self.bottom = nn.Sequential(
            nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.GroupNorm(4, 16), nn.SiLU()
        )
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.out = nn.Conv2d(16, 1, 1)
        self.sigmoid = sigmoid

    def forward(self, x: Tensor) -> Tensor:
        """A logit for each pixel; or, wrongly, a chance."""
        kept = self.down(x)
        mask = self.out(torch.cat([kept, self.up(self.bottom(kept))], 1))
        return mask.sigmoid() if self.sigmoid else mask


def segmentation_unet(seed: int, *, sigmoid: bool = False) -> dict[str, Any]:
    """Where is ink, seen through noise: a U-Net with cross-entropy plus Dice."""
    torch.manual_seed(seed)
    X, _, X_held, _ = digit_images(seed)
    draw = seeded(seed)
    noisy = X + 0.4 * torch.randn(X.shape, generator=draw)
    noisy_held = X_held + 0.4 * torch.randn(X_held.shape, generator=draw)
    masks, masks_held = (X > 0.4).float(), (X_held > 0.4).float()
    model = SmallUNet(sigmoid=sigmoid)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    weight = torch.tensor(1.5)

    def loss_of(outputs: Tensor, targets: Tensor) -> Tensor:
        entropy = functional.binary_cross_entropy_with_logits(outputs, targets, pos_weight=weight)
        chance = outputs.sigmoid()
        overlap = 2 * (chance * targets).sum((1, 2, 3)) + 1
        dice = 1 - overlap / (chance.sum((1, 2, 3)) + targets.sum((1, 2, 3)) + 1)
        return entropy + 0.5 * dice.mean()

    def train_batches(epoch: int) -> Any:
        for rows in torch.randperm(len(noisy)).split(64):
            yield {"image": noisy[rows], "mask": masks[rows]}

    def step(batch: dict[str, Tensor]) -> dict[str, Any]:
        optimizer.zero_grad()
        outputs = model(batch["image"])
        loss = loss_of(outputs, batch["mask"])
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch["mask"]}

    @torch.no_grad()
    def evaluate() -> dict[str, float]:
        model.eval()
        overlap = ((model(noisy_held) > 0) == (masks_held > 0.5)).float().mean()
        model.train()
        return {"pixel_accuracy": overlap.item()}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": {"image": noisy_held, "mask": masks_held},
        "loss_fn": loss_of,
        "task": "segmentation",
    }
