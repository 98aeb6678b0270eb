"""Batches of any shape are read, copied, cut and rebuilt without being altered."""

from collections import OrderedDict, UserDict, namedtuple
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch

from mldiag.training_checks import tree

Pair = namedtuple("Pair", ["x", "y"])


@dataclass(frozen=True)
class Frozen:
    x: torch.Tensor
    y: torch.Tensor
    name: str = "a"


@dataclass(slots=True)
class Slots:
    x: torch.Tensor
    y: torch.Tensor


X, Y = torch.arange(8.0).view(4, 2), torch.arange(4)
FORMS = [
    (X, Y),
    [X, {"y": Y}],
    Pair(X, Y),
    Frozen(X, Y),
    Slots(X, Y),
    SimpleNamespace(x=X, more=[Y]),
    OrderedDict(x=X, y=Y),
    UserDict(x=X, y=Y),
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: type(form).__name__)
def test_every_form_is_cut_to_rows_and_keeps_its_kind(form):
    cut = tree.take_rows(form, [3, 1])
    assert type(cut) is type(form)
    assert tree.row_count(form) == 4
    assert [leaf.tolist() for _, leaf in tree.leaves(cut)] == [[[6.0, 7.0], [2.0, 3.0]], [3, 1]]
    assert [leaf.shape[0] for _, leaf in tree.leaves(form)] == [4, 4]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: type(form).__name__)
def test_a_copy_shares_no_memory(form):
    for _, leaf in tree.leaves(tree.cloned(form)):
        leaf.zero_()
    assert [float(leaf.sum()) for _, leaf in tree.leaves(form)] == [28.0, 6.0]


def test_objects_that_refer_to_each_other_end():
    ring = SimpleNamespace(x=X)
    ring.me = ring
    assert tree.row_count(ring) == 4
    tree.cloned(ring)
    tree.take_rows(ring, [0])


def test_lists_with_one_entry_a_row_are_cut_and_others_are_not():
    cut = tree.take_rows({"x": X, "ids": list("abcd"), "sizes": [8, 8]}, [2])
    assert (cut["ids"], cut["sizes"]) == (["c"], [8, 8])


def test_packed_sequences_and_unlike_sizes_have_no_rows():
    packed = torch.nn.utils.rnn.pack_padded_sequence(X[None], torch.tensor([4]), batch_first=True)
    assert tree.row_count(packed) is None
    assert tree.row_count((X, Y[:3])) is None
