"""Networks and ways of training that are not plain: each works, or it is said what is not seen."""

import copy
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from mldiag.recording.watching.watch import Watch
from tests.recording.watching.trainings import Mixed, assert_same, images, mlp, rows, run

ADAM = torch.optim.Adam


def same_both_ways(make, data=rows, optimize=ADAM, **options):
    plain, _ = run(make, data, optimize, watched=False, **options)
    seen, watch = run(make, data, optimize, watched=True, every=1, **options)
    assert_same(plain, seen)
    recording = watch.recording()
    assert recording.facts["notices"] == []
    return recording


def test_lazy_layers():
    def make():
        return nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(3))

    recording = same_both_ways(make)
    assert (recording.series("update/norm") > 0).all()
    assert recording.parameters[0]["shape"] == [8, 6]
    assert recording.has("output/sd")


def test_parameters_without_numbers_are_left_out():
    net = nn.Sequential(nn.Linear(6, 3), nn.Linear(6, 3, device="meta"))
    optimizer = torch.optim.SGD(net[0].parameters(), lr=0.1)
    with Watch(net, optimizer) as watch:
        loss = net[0](rows()[0]).pow(2).mean()
        loss.backward()
        optimizer.step()
        watch.step(loss=loss)
    updates = watch.recording().series("update/norm")
    assert (updates[:, :2] > 0).all()
    assert np.isnan(updates[:, 2:]).all()


def test_shared_weights_count_once():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(6, 6), nn.Linear(6, 6)
            self.last.weight = self.first.weight
            self.again = self.first

        def forward(self, x):
            return self.last(self.again(self.first(x)))

    recording = same_both_ways(Tied)
    assert [p["name"] for p in recording.parameters] == ["first.weight", "first.bias", "last.bias"]


def test_parameters_added_later():
    net, (inputs, targets) = mlp(), rows()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with Watch(net, optimizer, every=1) as watch:
        for number in range(4):
            if number == 2:
                net.append(nn.Linear(3, 3))
                optimizer.add_param_group({"params": net[-1].parameters()})
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs), targets)
            loss.backward()
            optimizer.step()
            watch.step(loss=loss)
    recording = watch.recording()
    assert recording.steps == 4
    assert recording.facts["notices"] == []
    assert len(recording.parameters) == 4
    assert any("added later" in told for told in recording.facts["not_seen"])


def test_complex_parameters():
    class Waves(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(6, 3, dtype=torch.complex64))

        def forward(self, x):
            return (x.to(torch.complex64) @ self.weight).abs()

    assert (same_both_ways(Waves).series("update/norm") > 0).all()


def test_double_precision():
    def data():
        inputs, targets = rows()
        return inputs.double(), targets

    recording = same_both_ways(lambda: mlp().double(), data)
    assert recording.has("loss/mean")
    assert recording.has("output/sd")


def test_channels_last():
    def data():
        inputs, targets = images()
        return inputs.to(memory_format=torch.channels_last), targets

    recording = same_both_ways(lambda: Mixed().to(memory_format=torch.channels_last), data)
    assert (recording.series("update/norm")[:, 0] > 0).all()


def test_data_parallel_without_devices():
    recording = same_both_ways(lambda: nn.DataParallel(Mixed()), images)
    assert recording.has("output/sd")


def test_weights_that_move_to_other_storage():
    net, (inputs, targets) = mlp(), rows()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
    with Watch(net, optimizer, every=1) as watch:
        for _ in range(3):
            for parameter in net.parameters():
                parameter.data = parameter.data.clone() + 1.0
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs), targets)
            loss.backward()
            optimizer.step()
            watch.step(loss=loss)
    recording = watch.recording()
    assert (recording.series("update/norm") == 0).all()
    lengths = recording.series("weight/norm")
    assert (np.diff(lengths[:, 0]) > 0).all()


def test_an_ordinary_forward_pass_in_parts():
    class Parts(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = nn.Linear(6, 4), nn.Linear(4, 3)

        def forward(self, x):
            return self.decoder(torch.relu(self.encoder(x)))

    def update(net, optimizer, inputs, targets):
        optimizer.zero_grad()
        outputs = net.decoder(torch.relu(net.encoder(inputs)))
        loss = nn.functional.cross_entropy(outputs, targets)
        loss.backward()
        optimizer.step()
        return loss, outputs

    recording = same_both_ways(Parts, update=update)
    assert recording.has("output/sd")


@pytest.mark.parametrize("how", ["whole", "in place", "a part"])
def test_compiled_networks_are_compiled_as_often_as_without(how):
    compiled = []

    def backend(graph, inputs):
        compiled.append(graph)
        return graph.forward

    def make():
        net = mlp()
        if how == "whole":
            return torch.compile(net, backend=backend)
        if how == "in place":
            net.compile(backend=backend)
        else:
            net[0] = torch.compile(net[0], backend=backend)
        return net

    torch._dynamo.reset()
    plain, _ = run(make, rows, ADAM, watched=False)
    without = len(compiled)
    torch._dynamo.reset()
    seen, watch = run(make, rows, ADAM, watched=True, every=1)
    assert_same(plain, seen)
    assert len(compiled) == 2 * without
    recording = watch.recording()
    assert (recording.series("update/norm") > 0).all()
    assert "compiled" in str(recording.facts["not_seen"])


def test_a_copy_taken_inside_the_watch_trains_like_the_original():
    net, (inputs, targets) = mlp(), rows()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with Watch(net, optimizer, every=1) as watch:
        for _ in range(3):
            twin = copy.deepcopy(net)
            twin(inputs)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs), targets)
            loss.backward()
            optimizer.step()
            watch.step(loss=loss)
    assert watch.recording().facts["notices"] == []


PROCESS = """
import sys
import torch
from torch import nn
import torch.distributed as dist
from mldiag.recording.watching.watch import Watch

rank, folder = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)

def train(watched):
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    net = nn.parallel.DistributedDataParallel(inner)
    optimizer = torch.optim.Adam(net.parameters())
    torch.manual_seed(rank + 1)
    watch = Watch(net, optimizer, every=1)
    if watched:
        watch.start()
    for _ in range(4):
        inputs, targets = torch.randn(16, 6), torch.randint(3, (16,))
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = nn.functional.cross_entropy(outputs, targets)
        loss.backward()
        optimizer.step()
        if watched:
            watch.step(loss=loss, outputs=outputs, targets=targets)
    watch.close()
    return inner.state_dict(), watch.recording()

plain, _ = train(False)
seen, recording = train(True)
assert all(torch.equal(plain[name], seen[name]) for name in plain)
assert recording.has("output/sd") and recording.has("gradient/norm")
assert recording.facts["notices"] == [], recording.facts
dist.destroy_process_group()
"""


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
def test_two_processes(tmp_path):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(rank), str(tmp_path)],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        for rank in range(2)
    ]
    told = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], told
