"""The figure of an audit of sounds: for each finding its worst file: whole, close up, spectrogram."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.findings import Finding
from mldiag.steps.audit.files.sounds_drawn import PLACES, Drawn, Place, close_up, read_drawn
from mldiag.steps.drawing import BAD, CHOSEN, LABEL_SIZE, TITLE_SIZE, TRAIN, VALID, words_only

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ROWS = 5
ENVELOPE_POINTS = 900
RANGE_DB = 80.0
SMALL = LABEL_SIZE - 2


def plot(subject: AudioAudit, findings: Sequence[Finding]) -> Figure:
    """Draw the worst file of each finding; of a clean set, one file as an example.

    Args:
        subject: What was measured, with the place that the files lie in.
        findings: The findings, in the order in which a person should read them.
    """
    rows = [row for finding in findings if (row := _row(subject, finding)) is not None][:MOST_ROWS]
    if subject.collection is None or not (rows or subject.heard):
        return words_only("No sound could be decoded, so that there is nothing to draw")
    if not rows:
        example = sorted(subject.heard, key=lambda f: f.file.name)[0]
        rows = [(f"Nothing found in {len(subject.all):,} sounds; one of them", example, Place())]
    drawn = [read_drawn(subject.collection, facts, place) for _, facts, place in rows]
    figure = Figure(
        figsize=(13.0, 0.5 + 2.75 * len(rows)),
        dpi=110,
        layout=ConstrainedLayoutEngine(h_pad=0.06, w_pad=0.06),
    )
    parts = np.atleast_1d(np.asarray(figure.subfigures(len(rows), 1), dtype=object))
    for part, (words, facts, place), sound in zip(parts, rows, drawn, strict=True):
        whole, near, picture = part.subplots(1, 3, width_ratios=(1.25, 1.0, 1.1))
        part.suptitle(
            textwrap.shorten(words, 120, placeholder=" …"), x=0.008, ha="left", fontweight="bold",
            fontsize=TITLE_SIZE - 1,
        )  # fmt: skip
        _whole(whole, sound, place, facts, full_scale=words.startswith("MD368"))
        _near(near, sound, place, facts, mean=words.startswith("MD367"))
        _spectrogram(picture, sound, facts, low=words.startswith("MD369"))
    return figure


def _row(subject: AudioAudit, finding: Finding) -> tuple[str, AudioFacts, Place] | None:
    """The title, the worst file that can be drawn, and where to look in it."""
    place = PLACES.get(finding.code)
    if finding.outcome not in ("problem", "advice") or place is None:
        return None
    by_name = {facts.file.name: facts for facts in subject.all}
    for name in finding.evidence.get("files", ()):
        facts = by_name.get(name)
        if facts is not None and facts.sound is not None and facts.header is not None:
            words = f"{finding.code}  {finding.title}"
            return words, facts, place(facts.sound, facts.header.seconds)
    return None


def _style(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL - 1)


def _whole(axes: Axes, drawn: Drawn, place: Place, facts: AudioFacts, *, full_scale: bool) -> None:
    """Highest and lowest sample of each of some hundred pieces, with what is in question marked."""
    _style(axes)
    for channel, colour in _channels(drawn):
        samples = drawn.samples[:, channel]
        edges = np.linspace(0, len(samples), min(ENVELOPE_POINTS, len(samples)) + 1).astype(int)
        starts = edges[:-1]
        if len(starts):
            high = np.fmax.reduceat(samples, starts)
            low = np.fmin.reduceat(samples, starts)
            time = drawn.start + starts / drawn.rate
            axes.fill_between(time, low, high, color=colour, lw=0.4, alpha=0.75, step="post")
    for start, end in place.spans:
        shortest = 0.004 * (drawn.end - drawn.start)
        axes.axvspan(start, max(end, start + shortest), color=CHOSEN, alpha=0.22, lw=0)
    if drawn.announced is not None:
        axes.axvspan(drawn.end, drawn.announced, color=BAD, alpha=0.25, lw=0)
        axes.annotate(
            "missing",
            ((drawn.end + drawn.announced) / 2, 0),
            ha="center",
            va="center",
            fontsize=SMALL,
        )
    axes.axhline(0, color="#999999", lw=0.6)
    if full_scale:
        axes.set_ylim(-1, 1)
    axes.set_xlim(drawn.start, max(drawn.end, drawn.announced or 0.0))
    axes.set_xlabel("seconds", fontsize=SMALL)
    axes.set_ylabel("amplitude", fontsize=SMALL)
    name = str(PurePosixPath(*PurePosixPath(facts.file.name).parts[-2:]))
    axes.set_title(_shortened(name, 52), fontsize=SMALL, loc="left", color="#444444")


def _near(axes: Axes, drawn: Drawn, place: Place, facts: AudioFacts, *, mean: bool) -> None:
    """The samples themselves where it matters."""
    _style(axes)
    start, samples = close_up(drawn, place)
    time = 1000 * (start + np.arange(len(samples)) / drawn.rate)
    for channel, colour in _channels(drawn):
        marker = "." if len(samples) < 700 else ""
        axes.plot(time, samples[:, channel], color=colour, lw=0.9, marker=marker, ms=3.0)
    for begin, end in place.spans:
        if end * 1000 > time[0] and begin * 1000 < time[-1] and end > begin:
            axes.axvspan(
                max(begin * 1000, time[0]),
                min(end * 1000, time[-1]),
                color=CHOSEN,
                alpha=0.12,
                lw=0,
            )
    axes.axhline(0, color="#999999", lw=0.6)
    if mean and facts.sound is not None:
        axes.axhline(facts.sound.levels.dc_offset, color=CHOSEN, lw=1.6, ls="--")
    axes.set_xlim(time[0], time[-1])
    axes.set_xlabel("milliseconds", fontsize=SMALL)
    axes.set_title(f"close up: {place.words}" if place.words else "close up", fontsize=SMALL, loc="left",
                   color="#444444")  # fmt: skip


def _spectrogram(axes: Axes, drawn: Drawn, facts: AudioFacts, *, low: bool) -> None:
    """Level by time and frequency; where hum is in question, its frequencies only."""
    hum = facts.sound.hum if facts.sound is not None and low else None
    length = 1 << int(np.log2(max(32, (0.35 if hum else 0.025) * drawn.rate)))
    mono = np.nan_to_num(drawn.samples.mean(axis=1))
    if facts.sound is not None and (facts.sound.channels.correlation or 0.0) < -0.9:
        mono = np.nan_to_num(drawn.samples[:, 0])
    if len(mono) < length:
        mono = np.pad(mono, (0, length - len(mono)))
    levels = _levels(mono, length)
    top = float(levels.max()) if levels.size else 0.0
    highest = drawn.rate / 2000
    axes.imshow(
        levels, origin="lower", aspect="auto", cmap="magma", vmin=top - RANGE_DB, vmax=top,
        extent=(drawn.start, drawn.end, 0.0, highest), interpolation="nearest",
    )  # fmt: skip
    axes.tick_params(labelsize=SMALL - 1)
    axes.set_xlabel("seconds", fontsize=SMALL)
    axes.set_ylabel("kHz", fontsize=SMALL)
    words = f"spectrogram, {RANGE_DB:.0f} dB"
    if facts.sound is not None and facts.sound.cutoff is not None and not hum:
        axes.axhline(facts.sound.cutoff / 1000, color="white", lw=1.0, ls="--")
        words = f"nothing above {facts.sound.cutoff / 1000:.1f} kHz"
    if hum is not None:
        axes.set_ylim(0, min(highest, 0.45))
        for line in hum.harmonics:
            axes.plot([1.0], [line / 1000], marker="<", color=CHOSEN, ms=6, clip_on=False,
                      transform=axes.get_yaxis_transform())  # fmt: skip
        words = f"hum of {hum.mains} Hz mains, {hum.level_db:.0f} dB against the sound"
    axes.set_title(words, fontsize=SMALL, loc="left", color="#444444")


def _levels(mono: NDArray[np.float32], length: int) -> NDArray[np.float64]:
    """Decibels, shape (frequencies, times): at most some 600 times."""
    step = max(length // 4, (len(mono) - length) // 600 + 1)
    starts = np.arange(0, len(mono) - length + 1, step)
    frames = mono[starts[:, None] + np.arange(length)] * np.hanning(length)
    power = np.square(np.abs(np.fft.rfft(frames, axis=1)))
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1e-12)).T
    return levels


def _channels(drawn: Drawn) -> list[tuple[int, str]]:
    return list(zip(range(min(2, drawn.samples.shape[1])), (VALID, TRAIN), strict=False))


def _shortened(name: str, most: int) -> str:
    return name if len(name) <= most else "…" + name[-(most - 1) :]
