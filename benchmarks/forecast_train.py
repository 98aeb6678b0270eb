"""Train the parameters of the learning-curve forecast, and cross-fit them with folds by data set.

    OMP_NUM_THREADS=1 python benchmarks/forecast_train.py CURVES.parquet --folds-to FOLDER [--out FILE.npz]

CURVES.parquet has openmlid, learner, outer_seed, inner_seed, size_train and the accuracies score_train,
score_valid and score_test times 10,000, as LCDB 1.0 gives them (Mohr et al. 2022, "LCDB 1.0: an extensive
learning curves database for classification tasks"). Four parts are trained: for metrics with bounds and
without, with train scores and without. FOLDER gets the parameters that saw no curve of a fold's data sets,
from which `benchmarks/forecast.py` prints how good the method is. Takes 8 minutes of one core.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path

import numpy as np
import torch
from forecast_calibration import calibrated, knot_weights, print_widths
from forecast_data import Examples, examples, stored_curves
from numpy.typing import NDArray

from mldiag.steps.learning_curve.forecasting.features import TRAIN_FEATURES, TRAIN_LEVELS
from mldiag.steps.learning_curve.forecasting.network import (
    FILE,
    GAIN_KNOTS,
    KNOTS,
    LEVEL_KNOTS,
    LIMIT,
    OUTPUTS,
    Layers,
    inputs,
    part_name,
    write_parameters,
)

Floats = NDArray[np.float64]

FOLDS = 5
NETWORKS = 4
HIDDEN = 32
EPOCHS = 10
BATCH = 1024
DROPOUT = 0.1
RATE = 3e-3
DECAY = 3e-2
SPREAD_POWER = {True: 0.8, False: 0.5}
"""Weight of a curve: its spread to this power, with bounds (an error counts in accuracy) and without."""

TARGET_WEIGHT = torch.tensor([0.6, 0.5, 1, 0.5, 1, 0.5, 0.8, 0.4, 0.3])
PARTS = [(bounded, train) for bounded in (True, False) for train in (True, False)]


def fold_of(data_set: NDArray[np.int_], folds: int = FOLDS, seed: int = 0) -> NDArray[np.int_]:
    """Fold of every line; lines of one data set share theirs."""
    known = np.unique(data_set)
    fold = np.random.default_rng(seed).permutation(len(known)) % folds
    return fold[np.searchsorted(known, data_set)]


def part_inputs(made: Examples, *, bounded: bool, train: bool) -> Floats:
    """What a part reads: without train scores their features are 0."""
    scale_free, levels = made.scale_free, made.levels
    if not train:
        scale_free, levels = scale_free.copy(), levels.copy()
        scale_free[:, -TRAIN_FEATURES:] = 0
        levels[:, -TRAIN_LEVELS:] = 0
    return inputs(scale_free, levels, bounded=bounded)


def fit_part(
    features: Floats, truth: Floats, weight: Floats, *, networks: int, seed: int
) -> Layers:
    """Train the networks of one part.

    Args:
        features: Shape (N, F).
        truth: Shape (N, targets), NaN where unknown.
        weight: Shape (N,).
        networks: How many are averaged.
        seed: Of the first one.
    """
    center, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale < 1e-6] = 1.0
    x = torch.tensor(np.clip((features - center) / scale, -LIMIT, LIMIT), dtype=torch.float32)
    y = torch.tensor(truth, dtype=torch.float32)
    w = torch.tensor(weight / weight.mean(), dtype=torch.float32)
    stacks = _fit_networks(x, y, w, networks, seed)
    ones = np.ones(len(KNOTS))
    return Layers(center, scale, *stacks, ones, ones)


def _fit_networks(
    x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, networks: int, seed: int
) -> list[Floats]:
    """Train the networks side by side: they differ by their start and their dropout."""
    torch.manual_seed(seed)
    widths = [x.shape[1], HIDDEN, HIDDEN, OUTPUTS]
    layers = []
    for fan_in, fan_out in itertools.pairwise(widths):
        bound = fan_in**-0.5 * (0.3 if fan_out == OUTPUTS else 1.0)
        weight = (2 * torch.rand(networks, fan_in, fan_out) - 1) * bound
        layers.append(
            (weight.requires_grad_(), torch.zeros(networks, 1, fan_out, requires_grad=True))
        )
    optimizer = torch.optim.AdamW([p for pair in layers for p in pair], lr=RATE, weight_decay=DECAY)
    batches = -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=EPOCHS * batches, pct_start=0.15
    )
    known, filled = torch.isfinite(y), torch.nan_to_num(y)
    knots = torch.tensor(knot_weights(), dtype=torch.float32)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            hidden = x[rows].expand(networks, -1, -1)
            for weight, bias in layers[:-1]:
                hidden = torch.nn.functional.silu(torch.baddbmm(bias, hidden, weight))
                hidden = torch.nn.functional.dropout(hidden, DROPOUT)
            raw = torch.baddbmm(layers[-1][1], hidden, layers[-1][0])
            loss = networks * _loss(raw, filled[rows], known[rows], w[rows], knots)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return [torch.cat(pair, dim=1).detach().numpy().astype(np.float64) for pair in layers]


def _loss(
    raw: torch.Tensor, y: torch.Tensor, known: torch.Tensor, w: torch.Tensor, knots: torch.Tensor
) -> torch.Tensor:
    """Pinball losses of the median and the 10 % and 90 % quantiles, of the score and of its gain.

    Args:
        raw: Outputs, shape (networks, N, OUTPUTS).
        y: Truths, shape (N, targets).
        known: Where there is one.
        w: Weights, shape (N,).
        knots: From knots to targets.
    """
    sides = raw.split([LEVEL_KNOTS, LEVEL_KNOTS, LEVEL_KNOTS, GAIN_KNOTS, GAIN_KNOTS], dim=-1)
    middle = sides[0] @ knots.T
    below, above = (_grown(side) @ knots.T for side in sides[1:3])
    gain_below, gain_above = (_grown(side) @ knots[:, 1:].T for side in sides[3:])
    gain, true_gain = middle - middle[..., :1], y - y[:, :1]
    held, held_gain = (middle + middle.detach()) / 2, gain.detach()
    loss = (
        2 * _pinball(y - middle, 0.5)
        + _pinball(true_gain - gain, 0.5)
        + 1.5 * (_pinball(y - held + below, 0.1) + _pinball(y - held - above, 0.9))
        + 0.7 * _pinball(true_gain - held_gain + gain_below, 0.1)
        + 0.7 * _pinball(true_gain - held_gain - gain_above, 0.9)
    )
    counted = known * w[:, None] * TARGET_WEIGHT
    return (loss * counted).sum() / counted.sum() / len(raw)


def _grown(raw: torch.Tensor) -> torch.Tensor:
    shift = torch.ones(raw.shape[-1])
    shift[0] = 0
    return torch.cumsum(torch.nn.functional.softplus(raw - shift), dim=-1)


def _pinball(error: torch.Tensor, quantile: float) -> torch.Tensor:
    return torch.maximum(quantile * error, (quantile - 1) * error)


def train_part(
    made: Examples, fold: NDArray[np.int_], *, bounded: bool, train: bool, networks: int
) -> tuple[Layers, list[Layers]]:
    """One part as shipped, and as trained and calibrated without each fold.

    Args:
        made: All examples.
        fold: Fold of each.
        bounded: Whether the part reads levels; if not it learns from logarithms of error rates too.
        train: Whether it reads train scores.
        networks: How many are averaged.
    """
    features = part_inputs(made, bounded=bounded, train=train)
    used = ~made.logarithm if bounded else np.ones(len(features), bool)
    weight = made.weight * made.spread ** SPREAD_POWER[bounded]
    for half in (made.logarithm, ~made.logarithm):  # a logarithm's spread is in a unit of its own
        weight[half] /= weight[half].mean()
    out = np.zeros((len(features), OUTPUTS))
    crossed = []
    for k in range(FOLDS):
        rows = used & (fold != k)
        crossed.append(
            fit_part(features[rows], made.truth[rows], weight[rows], networks=networks, seed=k)
        )
        out[fold == k] = crossed[k].outputs(features[fold == k])
    whole = fit_part(features[used], made.truth[used], weight[used], networks=networks, seed=FOLDS)
    # A part for any unit has to hold in both of those it learned from.
    kinds = [~made.logarithm] if bounded else [~made.logarithm, made.logarithm]
    for kind in kinds:
        unit = "accuracies" if kind is kinds[0] else "logarithms of error rates"
        name = part_name(bounded=bounded, with_train=train)
        print_widths(f"{name}, {unit}", out, made.truth, made.as_scored * kind)
    others = [np.where(fold == k, 0, made.as_scored) for k in range(FOLDS)]
    return calibrated(whole, out, made.truth, [made.as_scored * kind for kind in kinds]), [
        calibrated(crossed[k], out, made.truth, [others[k] * kind for kind in kinds])
        for k in range(FOLDS)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("curves", type=Path)
    parser.add_argument("--folds-to", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--networks", type=int, default=NETWORKS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started = time.process_time()
    made = examples(stored_curves(arguments.curves))
    fold = fold_of(made.data_set)
    print(f"{len(made.truth):,} examples of {len(np.unique(made.data_set))} data sets", flush=True)
    shipped: dict[str, Layers] = {}
    crossed: list[dict[str, Layers]] = [{} for _ in range(FOLDS)]
    for bounded, train in PARTS:
        name = part_name(bounded=bounded, with_train=train)
        shipped[name], parts = train_part(
            made, fold, bounded=bounded, train=train, networks=arguments.networks
        )
        for k, part in enumerate(parts):
            crossed[k][name] = part
    write_parameters(shipped, arguments.out)
    arguments.folds_to.mkdir(parents=True, exist_ok=True)
    for k, of_fold in enumerate(crossed):
        write_parameters(of_fold, arguments.folds_to / f"fold_{k}.npz")
    by_data_set = dict(zip(made.data_set.tolist(), fold.tolist(), strict=True))
    (arguments.folds_to / "folds.json").write_text(json.dumps(by_data_set))
    size, spent = arguments.out.stat().st_size, time.process_time() - started
    print(f"{size:,} bytes of parameters; {spent:.0f} s of one core")


if __name__ == "__main__":
    main()
