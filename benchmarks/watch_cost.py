"""What a watch costs a training, beside plain steps, naive norms and full histograms; and what it keeps.

    python benchmarks/watch_cost.py [--rounds 5] [--steps 1.0] [--only mlp] > benchmarks/watch_cost.txt

One thread. Each way of training has a network, an optimizer and a batch of its own, all equal; they take
turns in blocks of a few steps, in an order that rotates, so that a machine that slows down slows all of them.
A round is a whole training from its first step: the cost of the default cadence is that of all its steps, the
dense beginning included; that of the first steps alone, most of which are looked at, is told beside it. Cost
of a round: the sum of its blocks over the sum of the plain blocks beside them, less one. Told are the median
over the rounds, the smallest and the largest, in wall time and in the process' CPU time, which others disturb
less. Plain steps against plain steps show the noise.

A watch that looks at every step thins its record, and looks at every second step, when 384 looks are kept: it
begins anew after 300 steps, so that what is measured is every step.

Naive: `.norm().item()` of every gradient and every output of a layer at each step. Histograms: 64 bins of
every weight, gradient and output at each step.

The memory part trains 100,000 steps of a tiny network under a watch that looks by default, and at every step,
and tells how much the process has grown and what the recording holds.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import os
import platform
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import torch
from torch import nn

from mldiag.recording.watching.watch import Watch

Step = Callable[[], None]
WAYS = ("plain", "plain again", "watch", "watch, every step", "naive norms", "histograms")
BEGINNING, FIRST = "watch, beginning", 96
"""The default cadence again: its first steps alone."""

SLOW = ("naive norms", "histograms")
"""Known to be dear: they take one block in four."""


class Transformer(nn.Module):
    """Four layers of encoder over words."""

    def __init__(self, words: int = 1000, width: int = 128, depth: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.places = nn.Parameter(torch.randn(64, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, 8, 4 * width, batch_first=True)
        self.body = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.head = nn.Linear(width, words)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Logits of the words, one row a place."""
        return self.head(self.body(self.embedding(words) + self.places)).flatten(0, 1)


def mlp() -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    width, rows = 256, 64
    parts: list[nn.Module] = []
    for size in (64, width, width):
        parts += [nn.Linear(size, width), nn.ReLU()]
    return (
        nn.Sequential(*parts, nn.Linear(width, 10)),
        torch.randn(rows, 64),
        torch.randint(10, (rows,)),
    )


def cnn() -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    parts: list[nn.Module] = []
    for before, after, stride in ((3, 16, 1), (16, 32, 2), (32, 64, 2)):
        parts += [nn.Conv2d(before, after, 3, stride, 1), nn.BatchNorm2d(after), nn.ReLU()]
    net = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    return net, torch.randn(32, 3, 32, 32), torch.randint(10, (32,))


def transformer() -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    words = torch.randint(1000, (16, 64))
    return Transformer(), words, words.flatten()


PROBLEMS = {"mlp": (mlp, 4000, 16), "cnn": (cnn, 800, 8), "transformer": (transformer, 320, 4)}
"""Network, steps a round, steps a block."""


def training(make: Callable[..., object], way: str, stack: ExitStack) -> Step:
    torch.manual_seed(0)
    net, inputs, targets = make()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    watches: list[Watch] = []
    taken = itertools.count()
    if way.startswith("watch"):
        every = 1 if way == "watch, every step" else None
        watches.append(stack.enter_context(Watch(net, optimizer, every=every)))
    outputs_seen: list[torch.Tensor] = []
    if way in SLOW:
        for module in net.modules():
            if not list(module.children()):
                module.register_forward_hook(lambda m, a, out: outputs_seen.append(out.detach()))

    def step() -> None:
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = nn.functional.cross_entropy(outputs, targets)
        loss.backward()
        optimizer.step()
        if watches:
            watches[-1].step(loss=loss, outputs=outputs, targets=targets)
            if way == "watch, every step" and next(taken) % 300 == 299:
                watches.append(begin_anew(watches[-1], net, optimizer, stack))
        elif way in SLOW:
            look(net, outputs_seen, way)

    return step


def begin_anew(watch: Watch, net: nn.Module, optimizer: object, stack: ExitStack) -> Watch:
    watch.close()
    return stack.enter_context(Watch(net, optimizer, every=1))


def look(net: nn.Module, outputs: list[torch.Tensor], way: str) -> None:
    gradients = [p.grad for p in net.parameters()]
    if way == "naive norms":
        _ = [tensor.norm().item() for tensor in gradients + outputs]
    else:
        weights = [p.detach() for p in net.parameters()]
        _ = [
            torch.histogram(t.float().flatten(), 64)[0].numpy()
            for t in weights + gradients + outputs
        ]
    outputs.clear()


def one_round(name: str, share: float, turn: int) -> dict[str, tuple[float, float]]:
    """For each way, its wall and CPU seconds over those of the plain steps beside it."""
    make, steps, block = PROBLEMS[name]
    blocks = max(4, int(steps * share) // block)
    wall: dict[str, list[float]] = {way: [] for way in WAYS}
    cpu: dict[str, list[float]] = {way: [] for way in WAYS}
    with ExitStack() as stack:
        steppers = {way: training(make, way, stack) for way in WAYS}
        warm = training(make, "plain", stack)
        for _ in range(block):
            warm()
        gc.collect()
        for number in range(blocks):
            shift = (number + turn) % len(WAYS)
            for way in WAYS[shift:] + WAYS[:shift]:
                if way in SLOW and number % 4:
                    continue
                began, began_cpu = time.perf_counter(), time.process_time()
                for _ in range(block):
                    steppers[way]()
                cpu[way].append(time.process_time() - began_cpu)
                wall[way].append(time.perf_counter() - began)
    print(
        f"  round {turn + 1}: a plain step {1e3 * statistics.median(wall['plain']) / block:.2f} ms",
        flush=True,
    )
    found = {way: (over(wall, way), over(cpu, way)) for way in WAYS}
    early = [{way: times[: FIRST // block] for way, times in each.items()} for each in (wall, cpu)]
    found[BEGINNING] = over(early[0], "watch"), over(early[1], "watch")
    return found


def over(times: dict[str, list[float]], way: str) -> float:
    """Time of a way over that of the plain steps beside it, less one."""
    plain, again = times["plain"], times["plain again"]
    if way in ("plain", "plain again"):
        return sum(times[way]) / sum(plain) - 1.0
    beside = [(a + b) / 2 for a, b in zip(plain, again, strict=True)]
    return sum(times[way]) / sum(beside[::4] if way in SLOW else beside) - 1.0


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def memory(steps: int) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    inputs, targets = torch.randn(16, 8), torch.randint(3, (16,))
    for every in (None, 1):
        for _ in range(100):
            nn.functional.cross_entropy(net(inputs), targets).backward()
        gc.collect()
        before, began = resident(), time.perf_counter()
        with Watch(net, optimizer, every=every) as watch:
            for _ in range(steps):
                optimizer.zero_grad()
                outputs = net(inputs)
                loss = nn.functional.cross_entropy(outputs, targets)
                loss.backward()
                optimizer.step()
                watch.step(loss=loss, outputs=outputs, targets=targets)
        grown = resident() - before
        held = sum(array.nbytes for array in watch.recording().arrays.values())
        print(f"{steps:,} steps, every={every}: the process grew by {grown / 2**20:.1f} MB, "
              f"the recording holds {held / 2**20:.1f} MB ({time.perf_counter() - began:.0f} s)",
              flush=True)  # fmt: skip
        del watch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=float, default=1.0, help="share of the steps of a round")
    parser.add_argument("--only", choices=[*PROBLEMS, "memory"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, Python {platform.python_version()}, "
          f"one thread of {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f} at the start)")  # fmt: skip
    for name, (_, steps, _) in PROBLEMS.items():
        if options.only not in (None, name):
            continue
        print(
            f"{name}: {options.rounds} rounds of {int(steps * options.steps)} steps; cost in percent",
            flush=True,
        )
        rounds = [one_round(name, options.steps, turn) for turn in range(options.rounds)]
        for way in (*WAYS[1:3], BEGINNING, *WAYS[3:]):
            told = []
            for measure in (0, 1):
                costs = sorted(100 * one[way][measure] for one in rounds)
                told.append(f"{statistics.median(costs):8.2f} ({costs[0]:.2f} to {costs[-1]:.2f})")
            print(f"  {way:18s} wall {told[0]:28s} cpu {told[1]}", flush=True)
    if options.only in (None, "memory"):
        memory(int(100_000 * options.steps))


if __name__ == "__main__":
    main()
