"""`mldiag prepare audio IN OUT`: do to a copy of the sounds what the audit advises."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mldiag.errors import MldiagError
from mldiag.wording import plural

if TYPE_CHECKING:
    from rich.console import Console

    from mldiag.data.audio.facts import AudioAudit
    from mldiag.data.audio.noises import Noises
    from mldiag.data.audio.preparing import Preparation


Source = Annotated[
    Path, typer.Argument(metavar="IN", help="Folder or archive of sounds.", show_default=False)
]
Out = Annotated[
    Path, typer.Argument(metavar="OUT", help="A new or empty folder.", show_default=False)
]
Rate = Annotated[
    int | None, typer.Option("--rate", help="Samples a second to resample to, such as 16000.")
]
Trim = Annotated[
    bool, typer.Option("--trim/--no-trim", help="Cut off silence before and after the sound.")
]
Margin = Annotated[float, typer.Option("--margin", help="Seconds of it that stay.")]
Loudness = Annotated[
    float | None,
    typer.Option("--loudness", help="Loudness in LUFS to bring each sound to, such as -23."),
]
Mono = Annotated[bool, typer.Option("--mono", help="Make one channel of several.")]
MuLaw = Annotated[bool, typer.Option("--mu-law", help="Write mu-law, eight bits a sample.")]
Noise = Annotated[
    Path | None,
    typer.Option("--noise", help="Folder of noises: write pairs of noisy and clean sounds."),
]
Snr = Annotated[float, typer.Option("--snr", help="Decibels of the sound over the noise.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the choice of noise.", min=0)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")]
Write = Annotated[
    bool, typer.Option("--write", "--yes", help="Write; without it only tell what would be.")
]


def app() -> typer.Typer:
    """The commands below `mldiag prepare`."""
    made = typer.Typer(
        help="Write a copy of the data, prepared as the audit advises; the originals stay as they are.",
        rich_markup_mode=None,
        no_args_is_help=True,
    )
    made.callback()(_root)
    made.command("audio")(prepare_audio)
    return made


def _root() -> None:
    """Keeps `audio` a word of its own while it is the only kind."""


def prepare_audio(
    source: Source, out: Out, rate: Rate = None, trim: Trim = True, margin: Margin = 0.1,
    loudness: Loudness = None, mono: Mono = False, mu_law: MuLaw = False, noise: Noise = None, snr: Snr = 10,
    seed: Seed = 0, overwrite: Overwrite = False, write: Write = False,
) -> None:  # fmt: skip
    """Trim, resample, level and mix sounds; tells what it would do, and writes with --write.

    The constant part of each channel is always removed. Beside the sounds stands prepared.csv, with
    every step and the inverse of every gain.
    """
    from mldiag.data.audio.noises import read_noises
    from mldiag.data.audio.preparing import Preparation
    from mldiag.report.streams import console

    preparation = Preparation(
        rate=rate,
        trim=trim,
        margin=margin,
        loudness=loudness,
        mono=mono,
        mu_law=mu_law,
        snr=snr,
        seed=seed,
    )
    _check_places(source, out, noise)
    printed = console()
    audit, noises = _read(source), read_noises(noise) if noise is not None else None
    _tell(audit, preparation, noises, printed)
    if not write:
        flags = _flags(preparation, noise, overwrite=overwrite)
        printed.print("\nNothing was written. To write:", style="bold")
        words = ["mldiag", "prepare", "audio", str(source), str(out), *flags, "--write"]
        typer.echo(f"  {shlex.join(words)}")
        return
    _write(audit, out, preparation, noises, overwrite=overwrite, printed=printed)


def _check_places(source: Path, out: Path, noise: Path | None) -> None:
    """The originals must not be touched, nor what is written be read again.

    Raises:
        MldiagError: OUT is IN, lies inside it, or holds it; or is a file.
    """
    here = out.resolve()
    for name, place in (("IN", source), ("--noise", noise)):
        if place is None:
            continue
        there = place.resolve()
        if here == there or here.is_relative_to(there) or there.is_relative_to(here):
            raise MldiagError(
                f"OUT {out} and {name} {place} are the same, or one lies inside the other",
                expected="a folder beside it, so that the originals stay as they are",
                hint=shlex.join(
                    ["mldiag", "prepare", "audio", str(source), f"{source.stem}_prepared"]
                ),
            )
    if out.exists() and not out.is_dir():
        raise MldiagError(f"OUT {out} is a file", expected="a new or empty folder")


def _read(source: Path) -> AudioAudit:
    from mldiag.data.audio.read import read_audio
    from mldiag.data.media import find_media

    collection = find_media(source, kind="audio")
    with _Bar("measuring", len(collection.files)) as step:
        return read_audio(collection, progress=step)


def _tell(
    audit: AudioAudit, preparation: Preparation, noises: Noises | None, printed: Console
) -> None:
    """What would be done, by kind of file."""
    from mldiag.data.audio.noises import why_left_out
    from mldiag.data.audio.preparing import cuts
    from mldiag.findings import Table
    from mldiag.report.console import print_table

    kept = [f for f in audit.all if why_left_out(f) is None]
    kinds = Counter(
        (f.header.rate, f.header.channels, f.header.subtype) for f in kept if f.header is not None
    )
    rows = [
        (
            f"{count:,}",
            f"{rate:,} Hz, {plural(channels, 'channel')}, {coding}",
            _steps(preparation, rate, channels, noises),
        )
        for (rate, channels, coding), count in kinds.most_common()
    ]
    left = Counter(str(why_left_out(f)) for f in audit.all if why_left_out(f) is not None)
    rows += [(f"{count:,}", "left out", reason) for reason, count in left.most_common(10)]
    whole = sum(f.header.seconds for f in kept if f.header is not None)
    print_table(
        Table(
            f"{plural(len(audit.all), 'sound')}, {whole / 60:.1f} min",
            ("files", "now", "to do"),
            tuple(rows),
        ),
        printed,
    )
    if preparation.trim:
        gone = sum(sum(cuts(f, preparation.margin)) for f in kept)
        printed.print(
            f"silence cut off: {gone / 60:.1f} min ({gone / max(whole, 1e-9):.0%} of the time)"
        )
    gains = [
        preparation.loudness - f.sound.levels.loudness
        for f in kept
        if preparation.loudness is not None
        and f.sound is not None
        and f.sound.levels.loudness is not None
    ]
    if gains:
        printed.print(
            f"gain: about {min(gains):+.0f} to {max(gains):+.0f} dB, no peak above full scale"
        )


def _steps(preparation: Preparation, rate: int, channels: int, noises: Noises | None) -> str:
    steps = ["remove the offset"]
    if preparation.mono and channels > 1:
        steps.append("make one channel")
    if preparation.trim:
        steps.append(f"trim to {preparation.margin:g} s of silence")
    if preparation.rate not in (None, rate):
        steps.append(f"resample to {preparation.rate:,} Hz")
    if preparation.loudness is not None:
        steps.append(f"bring to {preparation.loudness:g} LUFS")
    if noises is not None:
        steps.append(
            f"mix in one of {plural(len(noises.names), 'noise')} at {preparation.snr:g} dB"
        )
    return ", ".join([*steps, f"write {'mu-law' if preparation.mu_law else '16-bit'} WAV"])


def _flags(preparation: Preparation, noise: Path | None, *, overwrite: bool) -> list[str]:
    """The flags of the command that writes."""
    given: list[tuple[bool, list[Any]]] = [
        (preparation.rate is not None, ["--rate", preparation.rate]),
        (not preparation.trim, ["--no-trim"]),
        (preparation.trim and preparation.margin != 0.1, ["--margin", preparation.margin]),
        (preparation.loudness is not None, ["--loudness", preparation.loudness]),
        (preparation.mono, ["--mono"]),
        (preparation.mu_law, ["--mu-law"]),
        (
            noise is not None,
            ["--noise", noise, "--snr", preparation.snr, "--seed", preparation.seed],
        ),
        (overwrite, ["--overwrite"]),
    ]
    return [
        f"{word:g}" if isinstance(word, float) else str(word)
        for wanted, words in given
        for word in words
        if wanted
    ]


def _write(
    audit: AudioAudit,
    out: Path,
    preparation: Preparation,
    noises: Noises | None,
    *,
    overwrite: bool,
    printed: Console,
) -> None:
    from mldiag.data.audio.prepared_files import MANIFEST, write_prepared

    with _Bar("preparing", len(audit.all)) as step:
        rows = write_prepared(
            audit, out, preparation, noises=noises, overwrite=overwrite, progress=step
        )
    done = [row for row in rows if row["status"] == "prepared"]
    limited = sum(bool(row["limited"]) for row in done)
    printed.print(f"\nwrote {plural(len(done), 'sound')} to {out}", style="bold")
    if noises is not None:
        printed.print(
            "each twice: below noisy what a model is given, below clean what it should find"
        )
    if limited:
        printed.print(f"{limited:,} are kept quieter, so that no peak is clipped")
    if len(done) < len(rows):
        printed.print(f"{len(rows) - len(done):,} were left out")
    printed.print(f"what was done to each, and the gain that undoes it: {out / MANIFEST}")
    typer.echo(f"next: mldiag audit {shlex.quote(str(out))}")


class _Bar:
    """A progress bar on the standard error, in a terminal only."""

    def __init__(self, words: str, total: int) -> None:
        from rich.progress import Progress

        from mldiag.report.streams import console

        self._bar = Progress(console=console(stderr=True), transient=True)
        self._bar.disable = not self._bar.console.is_terminal
        self._task = self._bar.add_task(words, total=total)

    def __enter__(self) -> Callable[[int, int], None]:
        self._bar.start()
        return lambda done, total: self._bar.update(self._task, completed=done, total=total)

    def __exit__(self, *error: object) -> None:
        self._bar.stop()
