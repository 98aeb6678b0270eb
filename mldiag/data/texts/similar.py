"""Texts that share nearly all of their wording."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.texts.read import plain_words

SHINGLE = 5
"""Letters of the pieces by which texts are compared."""

PERMUTATIONS = 64
BANDS = 16
"""Pairs of a Jaccard similarity of .8 share a band of 64 / 16 = 4 minima with probability .9998."""

LETTERS = 3_000
"""Letters of a text that are compared."""

_PRIME = (1 << 31) - 1


def similar_pairs(
    texts: Sequence[str], *, similarity: float = 0.8, seed: int = 0
) -> NDArray[np.int64]:
    """Pairs of texts whose sets of five-letter pieces overlap (Jaccard) by `similarity` or more.

    Candidates by MinHash in bands (Broder 1997), each then compared exactly.

    Args:
        texts: The texts; those shorter than 20 letters are in no pair.
        similarity: Least Jaccard similarity.
        seed: Of the permutations.

    Returns:
        Positions, shape (k, 2), the smaller first.

    Example:
        >>> similar_pairs(["the quick brown fox jumps over the dog", "another text that is not like it",
        ...                "The quick brown fox jumps over the dog!"]).tolist()
        [[0, 2]]
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    if len(texts) < 2:
        return np.empty((0, 2), dtype=np.int64)
    words = [plain_words(text[:LETTERS]) for text in texts]
    words = [text if len(text) >= 20 else "" for text in words]
    pieces = HashingVectorizer(
        analyzer="char", ngram_range=(SHINGLE, SHINGLE), binary=True, norm=None, alternate_sign=False,
        n_features=2**22, dtype=np.float32,
    ).transform(words)  # fmt: skip
    found: set[tuple[int, int]] = set()
    minima = _minima(pieces, seed)
    for band in np.split(minima, BANDS, axis=1):
        found |= _same(band, pieces)
    pairs = sorted(pair for pair in found if _jaccard(pieces, *pair) >= similarity)
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _minima(pieces: Any, seed: int) -> NDArray[np.int64]:
    """Smallest permuted piece of each text for each permutation, shape (texts, permutations)."""
    random = np.random.default_rng(seed)
    factors = random.integers(1, _PRIME, PERMUTATIONS)
    shifts = random.integers(0, _PRIME, PERMUTATIONS)
    found = np.full((pieces.shape[0], PERMUTATIONS), -1, dtype=np.int64)
    filled = np.flatnonzero(np.diff(pieces.indptr))
    if not len(filled):
        return found
    starts = pieces.indptr[filled]
    indices = pieces.indices.astype(np.int64)
    for place in range(PERMUTATIONS):
        permuted = (indices * factors[place] + shifts[place]) % _PRIME
        found[filled, place] = np.minimum.reduceat(permuted, starts)
    return found


def _same(band: NDArray[np.int64], pieces: Any) -> set[tuple[int, int]]:
    """Neighbouring texts, and each with the first, of those whose minima in a band are equal."""
    keys = np.ascontiguousarray(band).view(np.dtype((np.void, band.dtype.itemsize * band.shape[1])))
    _, group = np.unique(keys.ravel(), return_inverse=True)
    order = np.argsort(group, kind="stable")
    full = np.diff(pieces.indptr) > 0
    pairs: set[tuple[int, int]] = set()
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        kept = members[full[members]]
        if len(kept) > 1:
            first = int(kept[0])
            pairs |= {(first, int(other)) for other in kept[1:]}
            pairs |= {(int(a), int(b)) for a, b in pairwise(kept[1:])}
    return pairs


def _jaccard(pieces: Any, first: int, second: int) -> float:
    a, b = (pieces.indices[pieces.indptr[i] : pieces.indptr[i + 1]] for i in (first, second))
    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / max(1, len(a) + len(b) - shared)
