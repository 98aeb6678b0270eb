"""Read every image of a collection once."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from mldiag.data.images.decode import image_facts, pillow
from mldiag.data.images.facts import ImageAudit, ImageFacts
from mldiag.data.media import MediaCollection, MediaFile, Unreadable
from mldiag.errors import MldiagError

Progress = Callable[[int, int], None]
"""Called with the number of files that are done and of all files."""


def read_images(collection: MediaCollection, *, progress: Progress | None = None) -> ImageAudit:
    """Decode every image once and keep its facts; one file is in memory at a time.

    Args:
        collection: What `find_media` found.
        progress: Called after every file.

    Raises:
        MldiagError: Pillow is not installed, or these are no images. Broken files raise nothing: their
            facts say what is wrong.
    """
    if collection.kind != "image":
        raise MldiagError(f"these are {collection.kind} files", expected="images")
    module = pillow()
    facts: dict[MediaFile, ImageFacts] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata and sizes: what matters becomes a fact
        for done, (file, content) in enumerate(collection.contents(), start=1):
            facts[file] = (
                ImageFacts(file=file, problem=content.problem)
                if isinstance(content, Unreadable)
                else image_facts(file, content, module)
            )
            if progress is not None:
                progress(done, len(collection.files))
    labelled = any(file.label is not None for file in collection.files)
    return ImageAudit(
        train=tuple(facts[file] for file in collection.of("train")),
        test=tuple(facts[file] for file in collection.of("test")),
        task="classification" if labelled else None,
        notices=collection.notices,
        collection=collection,
    )
