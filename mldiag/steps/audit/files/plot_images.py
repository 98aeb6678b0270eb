"""The figure of an image audit: for each thing that was found, the images that show it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from mldiag.data.images.facts import ImageAudit, ImageFacts
from mldiag.data.images.preview import preview
from mldiag.findings import Finding
from mldiag.steps.audit.files.drawable_text import drawable
from mldiag.steps.drawing import AUGMENTED, BAD, CHOSEN, LABEL_SIZE, TRAIN, VALID, title, words_only
from mldiag.wording import plural

MOST_FINDINGS = 6
USUAL = AUGMENTED
ACROSS = 8
"""Images beside each other: eight single ones, or four pairs."""

PREVIEW_SIDE = 200
NAME_WIDTH = 20
_COLOURS = {"problem": CHOSEN, "advice": TRAIN}
_CAPTION = LABEL_SIZE - 4
_MEASURED: dict[str, Callable[[ImageFacts], float]] = {
    "dark-images": lambda image: image.brightness[4],
    "bright-images": lambda image: -image.brightness[0],
    "blurry-images": lambda image: image.sharpness,
    "near-constant-images": lambda image: image.spread,
    "odd-image-sizes": lambda image: float(max(image.size)),
}


@dataclass(frozen=True)
class Shown:
    """One image of a row.

    Args:
        image: Its facts.
        said: What is said below it.
        with_last: Whether it is the copy of the one before.
        usual: Whether it shows what is usual in the set, beside those that are not.
    """

    image: ImageFacts
    said: str
    with_last: bool = False
    usual: bool = False


def plot(subject: ImageAudit, findings: Sequence[Finding]) -> Figure:
    """Draw a row for each finding: the worst images with their names, or how well properties tell the label.

    Args:
        subject: The images that were audited; their files are read again for the figure.
        findings: What was found, in the order for a person.
    """
    told = [f for f in findings if f.outcome in ("problem", "advice")]
    drawn = [f for f in told if _rows(subject, f) or f.evidence.get("properties")]
    drawn = drawn[:MOST_FINDINGS]
    if not drawn:
        return words_only(findings[0].title if findings else "Nothing was looked at")
    heights = [1.0 if _rows(subject, finding) else 0.9 for finding in drawn]
    figure = Figure(
        figsize=(12.0, 0.9 + 2.15 * sum(heights)),
        dpi=120,
        layout=ConstrainedLayoutEngine(h_pad=0.05, w_pad=0.04),
    )
    parts = figure.subfigures(len(drawn), 1, height_ratios=heights, squeeze=False)
    for part, finding in zip(parts[:, 0], drawn, strict=True):
        _draw(part, subject, finding)
    left = len(told) - len(drawn)
    title(figure, _verdict(told), _detail(subject, left))
    return figure


def _verdict(told: Sequence[Finding]) -> str:
    problems = sum(finding.outcome == "problem" for finding in told)
    advice = len(told) - problems
    words = [plural(problems, "problem")] if problems else []
    words += [f"{advice} {'piece' if advice == 1 else 'pieces'} of advice"] if advice else []
    return f"{' and '.join(words)} in these images"


def _detail(subject: ImageAudit, left: int) -> str:
    counts = [plural(len(subject.train), "training image")]
    counts += [plural(len(subject.test), "test image")] if subject.test else []
    more = f"; {plural(left, 'more finding')} in the report" if left else ""
    return f"{', '.join(counts)}; the worst of each kind first{more}"


def _draw(part: SubFigure, subject: ImageAudit, finding: Finding) -> None:
    colour = _COLOURS[finding.outcome]
    part.suptitle(
        f"{finding.outcome.upper()}  {_short(finding.title, 118)}",
        x=0.012, ha="left", fontsize=LABEL_SIZE, color=colour, fontweight="bold",
    )  # fmt: skip
    shown = _rows(subject, finding)
    if shown:
        _draw_images(part, subject, shown, colour)
    else:
        _draw_properties(part, finding, colour)


def _draw_images(part: SubFigure, subject: ImageAudit, shown: list[Shown], colour: str) -> None:
    paired = any(item.with_last for item in shown)
    widths = [1.0, 1.0, 0.18] * (ACROSS // 2) if paired else [1.0] * ACROSS
    axes = part.subplots(1, len(widths), squeeze=False, width_ratios=widths)[0]
    for axis in axes:
        axis.set_axis_off()
    places = [axis for axis, width in zip(axes, widths, strict=True) if width == 1.0]
    for axis, item in zip(places, shown, strict=False):
        _draw_image(axis, subject, item)
        if item.with_last:
            axis.annotate(
                "=" if item.said == "equal" else "≈", (-0.06, 0.5), xycoords="axes fraction",
                ha="center", va="center", fontsize=LABEL_SIZE + 3, color=colour, fontweight="bold",
            )  # fmt: skip


def _draw_image(axis: Axes, subject: ImageAudit, item: Shown) -> None:
    file = item.image.file
    pixels = None
    if item.image.problem is None and subject.collection is not None:
        pixels = preview(subject.collection, file, PREVIEW_SIDE)
    if pixels is None:
        axis.add_patch(
            Rectangle((0, 0), 1, 1, facecolor="#f2f2f2", edgecolor=BAD, hatch="//", lw=0.8)
        )
        axis.text(
            0.5, 0.5, _wrapped(item.image.problem or "cannot be shown"), ha="center", va="center",
            fontsize=_CAPTION, color="#333333",
            bbox={"facecolor": "#f2f2f2", "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
        axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", anchor="N")
    else:
        axis.imshow(pixels, interpolation="nearest" if max(pixels.shape) < 64 else "antialiased")
        height, width = pixels.shape[:2]
        # One square for all, so that shapes can be compared and captions stand on one line.
        side = max(height, width)
        axis.set_xlim((width - side) / 2 - 0.5, (width + side) / 2 - 0.5)
        axis.set_ylim((height + side) / 2 - 0.5, (height - side) / 2 - 0.5)
        axis.set_anchor("N")
        edge, line = (USUAL, 2.2) if item.usual else ("#bbbbbb", 0.8)
        axis.add_patch(Rectangle((-0.5, -0.5), width, height, fill=False, edgecolor=edge, lw=line))
    side_word = "test, " if file.split == "test" else ""
    label = f"{side_word}{file.label or ''}".strip(", ")
    lines = [_middle_out(file.name, NAME_WIDTH), _short(label, NAME_WIDTH)]
    lines += [item.said] if item.said and item.said != "equal" else []
    colour = USUAL if item.usual else "#333333"
    axis.text(
        0.5, -0.04, "\n".join(line for line in lines if line), transform=axis.transAxes, ha="center",
        va="top", fontsize=_CAPTION, color=colour, linespacing=1.25,
    )  # fmt: skip


def _draw_properties(part: SubFigure, finding: Finding, colour: str) -> None:
    """How much of the label each property tells, the strongest above."""
    properties: list[Any] = list(finding.evidence["properties"])[:6][::-1]
    axis = part.subplots()
    strong = [item.p_value <= 0.05 and item.strength >= 0.4 for item in properties]
    axis.barh(
        range(len(properties)), [100 * item.strength for item in properties], height=0.62,
        color=[colour if tells else "#c9d3df" for tells in strong],
    )  # fmt: skip
    for place, item in enumerate(properties):
        best = f"{item.strength:.0%}"
        if item.label_told > item.told:
            best += f" of label {_short(item.label, 24)}"
        axis.annotate(
            best, (100 * item.strength, place), xytext=(5, 0), textcoords="offset points", va="center",
            fontsize=_CAPTION + 1, color=VALID,
        )  # fmt: skip
    axis.set_yticks(range(len(properties)), [item.name for item in properties])
    axis.tick_params(labelsize=_CAPTION + 1, length=0)
    axis.set_xlim(0, 125)
    axis.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
    axis.set_xlabel(
        "share of the label that each property tells alone, on files that did not make the rule",
        fontsize=_CAPTION + 1,
    )
    axis.spines[["top", "right", "left"]].set_visible(False)


def _rows(subject: ImageAudit, finding: Finding) -> list[Shown]:
    """The images that show a finding, the worst first."""
    evidence = finding.evidence
    by_name: dict[str, ImageFacts] = {}
    for image in subject.all:
        by_name.setdefault(image.file.name, image)
    pairs = evidence.get("across") or evidence.get("pairs")
    pairs = pairs or evidence.get("conflicting") or evidence.get("groups")
    if pairs:
        return _paired(by_name, pairs, exact="duplicate-files" in finding.slug)
    names = [name for name in evidence.get("files", ()) if name in by_name]
    if "odd" in evidence:
        names = _of_every_kind(evidence["odd"])
    usual = _usual(subject, finding, set(names))
    worst = names[: ACROSS - len(usual)]
    shown = [Shown(by_name[name], _said(finding, by_name[name])) for name in worst]
    return shown + usual if shown else []


def _usual(subject: ImageAudit, finding: Finding, found: set[str]) -> list[Shown]:
    """Two training images in the middle of what is measured, to compare with."""
    value = _MEASURED.get(finding.slug)
    if value is None:
        return []
    others = [i for i in subject.train if i.problem is None and i.file.name not in found]
    others = sorted((i for i in others if math.isfinite(value(i))), key=value)
    middle = others[len(others) // 2 :][:2]
    return [Shown(image, "usual in this set", usual=True) for image in middle]


def _paired(
    by_name: dict[str, ImageFacts], pairs: Sequence[Sequence[str]], *, exact: bool
) -> list[Shown]:
    shown: list[Shown] = []
    for pair in pairs[: ACROSS // 2]:
        if all(name in by_name for name in pair[:2]):
            shown.append(Shown(by_name[pair[0]], ""))
            shown.append(Shown(by_name[pair[1]], "equal" if exact else "", with_last=True))
    return shown


def _of_every_kind(odd: dict[str, Sequence[str]]) -> list[str]:
    """Names of all kinds of oddness in turn, so that none hides the others."""
    longest = max(len(names) for names in odd.values())
    in_turn = [
        names[place] for place in range(longest) for names in odd.values() if place < len(names)
    ]
    return list(dict.fromkeys(in_turn))


def _said(finding: Finding, image: ImageFacts) -> str:
    if finding.slug == "odd-image-sizes":
        turned = ", turned" if image.orientation != 1 else ""
        return f"{image.width} x {image.height}, {image.mode}{turned}"
    if finding.slug == "blurry-images" and math.isfinite(image.sharpness):
        return f"sharpness {image.sharpness:.2g}"
    return ""


def _middle_out(name: str, width: int) -> str:
    """The last part of a path, without its middle where it is too long."""
    last = name.rsplit("/", 1)[-1]
    if len(last) > width:
        half = (width - 1) // 2
        last = f"{last[: width - 1 - half]}…{last[-half:]}"
    return drawable(last)


def _short(text: str, width: int) -> str:
    return drawable(text if len(text) <= width else f"{text[: width - 1]}…")


def _wrapped(text: str) -> str:
    return textwrap.fill(drawable(text), 14)
