"""Prepared sounds on disk: which file becomes which, each written whole, with a table of what was done."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

import numpy as np

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.data.audio.framing import Samples
from mldiag.data.audio.libraries import load
from mldiag.data.audio.noises import Noises, why_left_out
from mldiag.data.audio.preparing import Done, Preparation, prepared, random_of, with_noise
from mldiag.data.audio.read import opened
from mldiag.data.media import Unreadable
from mldiag.errors import MldiagError

MANIFEST = "prepared.csv"
_LIVE = ("=", "+", "-", "@", "\t", "\r")

COLUMNS = (
    "file",
    "clean_file",
    "source",
    "split",
    "label",
    "status",
    "seconds",
    "rate_before",
    "rate",
    "channels_before",
    "channels",
    "coding_before",
    "coding",
    "offsets_removed",
    "mono",
    "cut_start_seconds",
    "cut_end_seconds",
    "loudness_before_lufs",
    "gain_db",
    "inverse_gain_db",
    "limited",
    "noise_file",
    "noise_start_seconds",
    "snr_db",
)


def targets(audit: AudioAudit, out: Path) -> dict[AudioFacts, PurePosixPath]:
    """The name below `out` that each file gets, and none twice.

    Raises:
        MldiagError: A name leads out of the folder.
    """
    found: dict[AudioFacts, PurePosixPath] = {}
    kept = [f for f in audit.all if why_left_out(f) is None]
    both = {f.file.split for f in kept} == {"train", "test"} and len(
        {f.file.name for f in kept}
    ) < len(kept)
    names = Counter(PurePosixPath(f.file.name).with_suffix(".wav") for f in kept)
    for f in kept:
        source = PurePosixPath(f.file.name)
        if source.is_absolute() or ".." in source.parts:
            raise MldiagError(
                f"{f.file.name} leads out of {out}", expected="names inside the folder"
            )
        plain = source.with_suffix(".wav")
        name = plain if names[plain] == 1 else source.with_name(source.name + ".wav")
        found[f] = PurePosixPath(f.file.split) / name if both else name
    return found


def write_prepared(
    audit: AudioAudit,
    out: Path,
    preparation: Preparation,
    *,
    noises: Noises | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, object]]:
    """Prepare every file of a collection, and write `prepared.csv` beside them.

    With noise, each sound is written twice: below `noisy/` what a model is given, below `clean/` what it
    should find. Each file is written beside its place and then moved there, so that none is half there.

    Args:
        audit: What was measured of the collection.
        out: An empty or new folder.
        preparation: What is to be done.
        noises: Sounds to mix in.
        overwrite: Whether files that are there are replaced.
        progress: Told after each file how many are done, and of how many.

    Returns:
        The rows of `prepared.csv`.

    Raises:
        MldiagError: A file that would be written exists, or leads out of `out`.
    """
    if audit.collection is None:
        raise MldiagError("nothing is known of where these sounds lie", expected="find_media")
    places = targets(audit, out)
    written = [
        out / folder / name
        for name in places.values()
        for folder in (("noisy", "clean") if noises else ("",))
    ]
    _check_free([*written, out / MANIFEST], out, overwrite=overwrite)
    facts_of = {(f.file.split, f.file.name): f for f in audit.all}
    rows: dict[AudioFacts, dict[str, object]] = {}
    for number, (file, stream) in enumerate(opened(audit.collection), 1):
        facts = facts_of[file.split, file.name]
        reason = why_left_out(facts)
        if reason is None and isinstance(stream, Unreadable):
            reason = stream.problem
        if reason is not None or isinstance(stream, Unreadable):
            rows[facts] = _row(facts, f"left out: {reason}")
        else:
            samples, rate = load("soundfile").read(stream, dtype="float32", always_2d=True)
            if rate != (facts.header.rate if facts.header else None):
                raise MldiagError(f"{file.name} has changed while it was read")
            rows[facts] = _write_one(samples, facts, places[facts], out, preparation, noises)
        if progress is not None:
            progress(number, len(audit.all))
    ordered = [rows[f] for f in audit.all if f in rows]
    _write_manifest(out / MANIFEST, ordered)
    return ordered


def _write_one(
    samples: Samples,
    facts: AudioFacts,
    name: PurePosixPath,
    out: Path,
    preparation: Preparation,
    noises: Noises | None,
) -> dict[str, object]:
    sound, done = prepared(samples, facts, preparation)
    coding = "ULAW" if preparation.mu_law else "PCM_16"
    row = _row(facts, "prepared", done) | {
        "file": name.as_posix(),
        "seconds": round(len(sound) / done.rate, 6),
        "channels": sound.shape[1],
        "coding": coding,
    }
    if noises is None:
        _write_sound(out / name, sound, done.rate, coding)
        return row
    chosen = int(
        random_of(f"noise {facts.file.name}", preparation.seed).integers(len(noises.names))
    )
    noise, rate = noises.samples[chosen], noises.rates[chosen]
    if rate != done.rate:
        noise = load("soxr").resample(noise, rate, done.rate).astype(np.float32)
    noisy, start, gain = with_noise(
        sound, noise, snr=preparation.snr, name=facts.file.name, seed=preparation.seed
    )
    factor = np.float32(10.0 ** (gain / 20))
    _write_sound(out / "noisy" / name, noisy * factor, done.rate, coding)
    _write_sound(out / "clean" / name, sound * factor, done.rate, coding)
    whole = done.gain_db + gain
    return row | {
        "file": f"noisy/{name}",
        "clean_file": f"clean/{name}",
        "gain_db": round(whole, 4),
        "inverse_gain_db": round(0.0 - whole, 4),
        "limited": done.limited or gain < 0,
        "noise_file": noises.names[chosen],
        "noise_start_seconds": round(start / done.rate, 6),
        "snr_db": preparation.snr,
    }


def _row(facts: AudioFacts, status: str, done: Done | None = None) -> dict[str, object]:
    header = facts.header
    row: dict[str, object] = {**dict.fromkeys(COLUMNS, "")}
    row |= {
        "source": facts.file.name,
        "split": facts.file.split,
        "label": facts.file.label or "",
        "status": status,
    }
    if header is not None:
        row |= {
            "rate_before": header.rate,
            "channels_before": header.channels,
            "coding_before": header.subtype,
        }
    if done is None:
        return row
    loudness = done.loudness_before
    return row | {
        "rate": done.rate,
        "offsets_removed": " ".join(f"{offset:.7f}" for offset in done.offsets),
        "mono": done.mono,
        "cut_start_seconds": round(done.cut_start, 6),
        "cut_end_seconds": round(done.cut_end, 6),
        "loudness_before_lufs": "" if loudness is None else round(loudness, 3),
        "gain_db": round(done.gain_db, 4),
        "inverse_gain_db": round(0.0 - done.gain_db, 4),
        "limited": done.limited,
    }


def _check_free(files: Sequence[Path], out: Path, *, overwrite: bool) -> None:
    root = out.resolve()
    for file in files:
        if not file.parent.resolve().is_relative_to(root) or file.is_symlink():
            raise MldiagError(f"{file} leads out of {out}", expected="a folder without links in it")
    there = [file for file in files if file.exists()]
    if there and not overwrite:
        raise MldiagError(
            f"{len(there):,} of the files to be written exist, such as {there[0]}",
            expected="a new or empty folder",
            hint="give another folder, or --overwrite",
        )


def _write_sound(place: Path, sound: Samples, rate: int, coding: str) -> None:
    stream = io.BytesIO()
    load("soundfile").write(stream, np.clip(sound, -1.0, 1.0), rate, subtype=coding, format="WAV")
    _write_whole(place, stream.getvalue())


def _write_manifest(place: Path, rows: Sequence[dict[str, object]]) -> None:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS)
    writer.writeheader()
    for row in rows:
        writer.writerow({n: v if n == "offsets_removed" else _tame(v) for n, v in row.items()})
    _write_whole(place, stream.getvalue().encode("utf-8"))


def _tame(value: object) -> object:
    """A word that a spreadsheet would run as a formula is marked as text."""
    if isinstance(value, str) and value.startswith(_LIVE):
        return "'" + value
    return value


def _write_whole(place: Path, content: bytes) -> None:
    """Write beside the place, then move there: never half a file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=place.parent, prefix=".", suffix=".part", delete=False) as part:
        try:
            part.write(content)
            part.close()
            Path(part.name).chmod(0o666 & ~_mask())
            Path(part.name).replace(place)
        except BaseException:
            with suppress(OSError):
                Path(part.name).unlink()
            raise


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
