"""MD146, MD147, MD159: whether rows stand for themselves, and whether the inputs are read."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.training_checks.loops import Through, judged, loop, network, outcome, rows


def series(n=96, length=5, columns=6):
    x, y = rows(n * length, columns)
    return x.view(n, length, columns), y.view(n, length)[:, -1]


class Recurrent(nn.Module):
    def __init__(self, batch_first=True, last=True):
        super().__init__()
        self.layer, self.head = nn.GRU(6, 8, batch_first=batch_first), nn.Linear(8, 3)
        self.time, self.last = 1 if batch_first else 0, last

    def forward(self, x):
        out = self.head(self.layer(x)[0])
        return out.select(self.time, -1) if self.last else out


class TestBatchMixing:
    def test_a_softmax_over_rows_is_found(self):
        found = judged("batch-mixing", loop(Through(lambda x, out: out.softmax(0))))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")

    def test_a_plain_network_passes(self):
        assert outcome("batch-mixing", loop()) == "passed"

    def test_a_forgotten_batch_first_is_found(self):
        class Forgotten(Recurrent):
            def forward(self, x):
                return self.head(self.layer(x)[0])[:, -1]

        assert outcome("batch-mixing", loop(Forgotten(batch_first=False), series())) == "problem"

    def test_time_may_stand_first(self):
        x, y = series()
        parts = loop(Recurrent(batch_first=False), (x, y), size=16)
        parts["train_batches"] = [
            (a.transpose(0, 1), b) for a, b in zip(x.split(16), y.split(16), strict=True)
        ]
        assert outcome("batch-mixing", parts) == "passed"

    def test_time_first_with_a_target_at_each_place_is_never_called_a_bug(self):
        x, y = rows(96 * 5)
        x, y = x.view(5, 96, 6), y.view(5, 96)
        batches = [(a, b) for a, b in zip(x.split(16, 1), y.split(16, 1), strict=True)]
        both_ways = Recurrent(batch_first=False, last=False)
        parts = loop(
            both_ways,
            loss_fn=lambda o, t: F.cross_entropy(o.flatten(0, 1), t.flatten()),
            train_batches=batches,
        )
        assert outcome("batch-mixing", parts) == "inconclusive"

    def test_batch_norm_in_training_is_no_mixing(self):
        model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
        assert outcome("batch-mixing", loop(model)) == "passed"

    def test_similarities_of_rows_with_rows_are_no_mixing(self):
        model = Through(lambda x, out: out @ out.T)
        parts = loop(model, loss_fn=lambda o, t: F.cross_entropy(o, torch.arange(len(o))))
        assert outcome("batch-mixing", parts) == "passed"

    def test_neighbours_in_a_graph_are_meant(self):
        model = network()
        optimizer = torch.optim.Adam(model.parameters())
        graph = nn.ModuleDict({"inner": model})
        graph.forward = lambda x, edges: model(x).index_add(0, edges[0], model(x)[edges[1]])
        x, y = rows(40)
        edges = torch.randint(40, (2, 80), generator=torch.Generator().manual_seed(0))

        def step(batch):
            loss = F.cross_entropy(graph(*batch), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return {"loss": loss, "outputs": None, "targets": y}

        parts = loop(graph, optimizer=optimizer, step=step, train_batches=[(x, edges)])
        assert outcome("batch-mixing", parts) == "inconclusive"

    def test_nodes_of_several_graphs_are_meant(self):
        class Pooled(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = network()

            def forward(self, nodes, group):
                out = self.inner(nodes)
                return out + torch.zeros(8, 3).index_add(0, group, out)[group]

        model = Pooled()
        optimizer = torch.optim.Adam(model.parameters())
        x, y = rows(24)
        group = torch.arange(24) // 3

        def step(batch):
            loss = F.cross_entropy(model(batch[0], group), batch[1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return {"loss": loss, "targets": batch[1]}

        parts = loop(model, optimizer=optimizer, step=step, train_batches=[(x, y)])
        assert outcome("batch-mixing", parts) == "inconclusive"

    def test_as_many_columns_as_targets_are_not_taken_for_rows(self):
        model = network(columns=16)
        optimizer = torch.optim.Adam(model.parameters())
        x, y = rows(160, 16)

        def step(batch):
            both = model(torch.cat([batch[0], batch[0] * 0.9]))
            loss = F.cross_entropy(both, batch[1].repeat(2))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return {"loss": loss, "outputs": both, "targets": batch[1]}

        assert (
            outcome("batch-mixing", loop(model, (x, y), optimizer=optimizer, step=step)) == "passed"
        )

    def test_a_single_row_is_no_answer(self):
        assert outcome("batch-mixing", loop(size=1)) == "not_applicable"


class TestRowAlone:
    def test_a_statistic_of_the_batch_in_eval_mode_is_found(self):
        assert outcome("row-alone", loop(Through(lambda x, out: out - out.mean(0)))) == "problem"

    def test_padding_that_is_not_masked_is_found(self):
        class Pooled(nn.Module):
            def __init__(self):
                super().__init__()
                self.head = network()

            def forward(self, x):
                used = x[:, : int((x != 0).any(2).sum(1).max())]
                return self.head(used.mean(1))

        x, y = series()
        for row in range(len(x)):
            x[row, 2 + row % 4 :] = 0
        assert outcome("row-alone", loop(Pooled(), (x, y))) == "problem"

    def test_a_plain_network_passes(self):
        assert outcome("row-alone", loop()) == "passed"

    def test_random_numbers_of_the_network_are_no_fault(self):
        assert (
            outcome("row-alone", loop(Through(lambda x, out: out + torch.randn_like(out))))
            == "not_applicable"
        )

    def test_a_squeeze_that_eats_the_axis_of_rows_is_advice(self):
        x, y = rows()
        parts = loop(
            Through(lambda x, out: out.squeeze(), network(1)), (x, y.float()), loss_fn=F.mse_loss
        )
        assert outcome("row-alone", parts) == "advice"


class TestInputsIgnored:
    def test_a_network_that_does_not_read_is_found(self):
        inner = network()
        found = judged(
            "inputs-ignored", loop(Through(lambda x, out: inner(torch.ones_like(x)), inner))
        )
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")

    def test_a_plain_network_passes(self):
        assert outcome("inputs-ignored", loop()) == "passed"

    def test_a_last_layer_of_zeros_passes_as_training_changes_it(self):
        model = network()
        nn.init.zeros_(model[2].weight)
        assert outcome("inputs-ignored", loop(model)) == "passed"

    def test_rows_that_do_not_differ_are_no_answer(self):
        x, y = rows()
        assert outcome("inputs-ignored", loop(data=(x * 0 + 1, y))) == "not_applicable"
