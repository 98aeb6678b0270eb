"""Figures inside the page: as data, so that the page stands alone."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mldiag.findings import Report

FIGURE_LIMIT_BYTES = 3_000_000
"""Larger figures are named, not put in; those of the steps take 40 to 250 kB."""

PAGE_LIMIT_BYTES = 15_000_000
"""Of all figures together: a page has to travel by mail."""

_PNG = b"\x89PNG\r\n\x1a\n"


class Shown(NamedTuple):
    """A figure as the page shows it.

    Args:
        source: The picture as a data URI; empty where it is not shown.
        alt: What it says, for those who cannot see it.
        missing: Why it is not shown; empty where it is.
        width: Width in pixels, for a page that does not jump while it is read; None where unknown.
        height: Height in pixels, likewise.
    """

    source: str
    alt: str
    missing: str = ""
    width: int | None = None
    height: int | None = None


class Figures:
    """Reads the figures of reports until the page is full.

    Args:
        folder: Where the figures of the page's own report lie now; None where their paths say.
        labels: The page's words.
    """

    def __init__(self, folder: Path | None, labels: Mapping[str, str]) -> None:
        self._folder = folder
        self._labels = labels
        self._left = PAGE_LIMIT_BYTES

    def of(self, report: Report, *, own: bool) -> tuple[Shown, ...]:
        """The figures of a report, each once.

        Args:
            report: The report.
            own: Whether it is the page's own report, not that of one of its steps.
        """
        by_name: dict[str, list[Path]] = {}
        for path in map(Path, report.figures):
            by_name.setdefault(path.stem, []).append(path)
        return tuple(self._shown(report, name, paths, own) for name, paths in by_name.items())

    def _shown(self, report: Report, name: str, paths: list[Path], own: bool) -> Shown:
        alt = self._alt(report, name)
        pictures = sorted(paths, key=lambda path: path.suffix != ".png")  # each is there twice
        seen = "figure_missing"
        for place in [place for path in pictures for place in self._places(path, own)]:
            content = _content(place)
            if content is None:
                continue
            if len(content) <= self._left and len(content) <= FIGURE_LIMIT_BYTES:
                self._left -= len(content)
                return _picture(content, alt)
            seen = "figure_large"
        told = self._labels[seen].format(name=name, path=str(pictures[0]))
        return Shown("", alt, told)

    def _places(self, path: Path, own: bool) -> list[Path]:
        """Where a figure may lie: as it was named, or beside the page, should the store have moved."""
        if self._folder is None:
            return [path]
        beside = self._folder if own else self._folder.parent / path.parent.name
        return [beside / path.name, path]

    def _alt(self, report: Report, name: str) -> str:
        texts = {"step": report.step, "experiment": report.experiment, "headline": report.headline}
        if name == "plot":
            return self._labels["figure_alt"].format(**texts)
        return self._labels["figure_alt_named"].format(**texts, name=name.replace("_", " "))


def _content(path: Path) -> bytes | None:
    """A picture's bytes; None for what is none, which a record that came from elsewhere could name."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            content = file.read(FIGURE_LIMIT_BYTES + 1)
    except (OSError, ValueError):
        return None
    is_picture = content.startswith(_PNG) or (path.suffix == ".svg" and b"<svg" in content[:2000])
    return content if is_picture else None


def _picture(content: bytes, alt: str) -> Shown:
    data = base64.b64encode(content).decode()
    if not content.startswith(_PNG):
        return Shown(f"data:image/svg+xml;base64,{data}", alt)
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    return Shown(f"data:image/png;base64,{data}", alt, width=width, height=height)
