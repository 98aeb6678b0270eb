"""Attention with masks of places is looked into; masks of single rows are not."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def numbers(mask, **given):
    from mldiag.recording.watching.attention import QUANTITIES, dot_product_numbers

    torch.manual_seed(0)
    query, key = torch.randn(4, 2, 16, 8), torch.randn(4, 2, 16, 8)
    found = dot_product_numbers(query, key, mask=mask, **given)
    return None if found is None else dict(zip(QUANTITIES, found.tolist(), strict=True))


def distances():
    places = torch.arange(16.0)
    return (places - places[:, None]).abs()


def test_a_penalty_on_distance_narrows_attention_to_one_place():
    assert numbers(-30.0 * distances())["narrow"] == pytest.approx(1.0)
    assert numbers(0.0 * distances())["narrow"] < 0.1


def test_a_boolean_mask_says_what_is_seen():
    seen = distances() <= 3
    assert numbers(seen)["entropy"] == pytest.approx(
        numbers(torch.zeros(16, 16).masked_fill(~seen, -torch.inf))["entropy"]
    )


def test_a_triangle_is_the_same_as_causal():
    triangle = torch.ones(16, 16).tril().bool()
    assert numbers(triangle) == pytest.approx(numbers(None, causal=True))


def test_masks_of_single_rows_are_not_read():
    assert numbers(torch.zeros(4, 1, 16, 16)) is None


def test_in_multihead_attention_true_means_hidden():
    from mldiag.recording.watching.attention import multihead_numbers

    torch.manual_seed(0)
    module, x = torch.nn.MultiheadAttention(8, 2, batch_first=True), torch.randn(4, 16, 8)
    hidden = distances() > 3
    added = torch.zeros(16, 16).masked_fill(hidden, -torch.inf)
    by_flag = multihead_numbers(module, (x, x, x), {"attn_mask": hidden})
    by_number = multihead_numbers(module, (x, x, x), {"attn_mask": added})
    assert torch.allclose(by_flag, by_number)
