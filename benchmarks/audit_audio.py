"""Faults put into real recordings: does the audit name the right fault and the right files, and no others?

Recordings come from Debian packages, unpacked below a folder (nothing is installed):

    apt-get download PACKAGE && dpkg -x PACKAGE_*.deb FOLDER/PACKAGE
    nice python benchmarks/audit_audio.py FOLDER [--unseen] > benchmarks/audit_audio.txt

Every set is decoded to linear WAV of one channel, 40 files of 0.8 to 30 s drawn by lot; into six of those a
fault is put, and the whole set is audited. A file counts as found where the fault's code names it; as a false
alarm where it has no fault and is named by that code, though not in the clean set.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile as sf
from audio_faults import FAULTS, wav

from mldiag.data.audio.read import read_audio
from mldiag.data.media import find_media
from mldiag.steps.audit.checks import checks_of

SETS = {
    "English prompts, 8 kHz": "asterisk-core-sounds-en-wav",
    "German syllables, 44.1 kHz": "klettres-data/usr/share/klettres/de",
    "music samples, 44.1 kHz": "sonic-pi-samples/usr/share/sonic-pi/samples",
}
UNSEEN = {
    "Italian prompts, 8 kHz": "asterisk-prompt-it-menardi-wav",
    "read English, 16 kHz": "pocketsphinx-testdata",
    "children's words, 44.1 kHz": "ktuberling-data",
    "drums, 44.1 kHz": "hydrogen-drumkits",
    "sounds of a sequencer": "lmms-common",
}
FILES, FAULTY, SEED = 40, 6, 5


def recordings(folder: Path, random: np.random.Generator) -> dict[str, tuple[np.ndarray, int]]:
    """Decoded files of one channel, all at the most frequent rate."""
    found: dict[str, tuple[np.ndarray, int]] = {}
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".wav", ".flac", ".ogg"))
    for file in random.permutation(len(files)):
        try:
            info = sf.info(files[file])
        except sf.LibsndfileError:
            continue
        if not 0.8 <= info.duration <= 30 or "silence" in str(files[file]):
            continue
        x, rate = sf.read(files[file], always_2d=True)
        if len(found) < FILES and (not found or rate == next(iter(found.values()))[1]):
            found[f"{len(found):02d}_{files[file].stem}.wav"] = (x[:, 0], rate)
    return found


def named(folder: Path) -> dict[str, tuple[str, set[str]]]:
    """By code: the outcome and the files that the finding names."""
    audio = read_audio(find_media(folder, kind="audio"))
    findings = [module.judge(audio) for module in checks_of("audio")]
    return {
        f.code: (f.outcome, set(f.evidence.get("files", ())))
        for f in findings
        if f is not None and f.outcome in ("problem", "advice")
    }


def main() -> None:
    """Run all faults on all sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--unseen", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    total: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    random = np.random.default_rng(SEED)
    print("set | files | clean set: problems, advice")
    for name, place in (UNSEEN if options.unseen else SETS).items():
        one_set(name, recordings(options.folder / place, random), total, options.only)
    print("\nfault | code | files found | false alarms")
    for fault, (hits, injected, alarms, clean) in total.items():
        print(f"{fault} | {FAULTS[fault][0]} | {hits}/{injected} | {alarms}/{clean}")
    hits, injected, alarms, clean = (sum(row[k] for row in total.values()) for k in range(4))
    print(
        f"all | | {hits}/{injected} ({hits / injected:.1%}) | {alarms}/{clean} ({alarms / clean:.2%})"
    )


def one_set(name: str, sounds: dict, total: dict, only: str) -> None:
    """Audit the clean set, then each fault."""
    random = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clean = {file: wav(x, rate) for file, (x, rate) in sounds.items()}
        for file, content in clean.items():
            (folder / file).write_bytes(content)
        started = time.perf_counter()
        usual = named(folder)
        seconds = time.perf_counter() - started
        hours = sum(len(x) / rate for x, rate in sounds.values()) / 3600
        told = "; ".join(f"{c} {o} ({len(f)})" for c, (o, f) in usual.items()) or "nothing"
        print(
            f"{name} | {len(sounds)} | {told} | {seconds:.1f} s, {seconds / hours:.0f} s an hour of sound"
        )
        for fault, (code, make) in FAULTS.items():
            if only not in fault:
                continue
            faulty = random.choice(list(clean), min(FAULTY, len(clean) // 4), replace=False)
            for file in faulty:
                x, rate = sounds[file]
                (folder / file).write_bytes(make(x, rate, random))
            _, found = named(folder).get(code, ("passed", set()))
            alarms = found - set(faulty) - usual.get(code, ("", set()))[1]
            missed = sorted(set(faulty) - found)
            if missed or alarms:
                print(
                    f"  {name}: {fault}: missed {missed}, false {sorted(alarms)}", file=sys.stderr
                )
            counts = (len(faulty) - len(missed), len(faulty), len(alarms), len(clean) - len(faulty))
            total[fault] = [a + b for a, b in zip(total[fault], counts, strict=True)]
            for file in faulty:
                (folder / file).write_bytes(clean[file])


if __name__ == "__main__":
    main()
