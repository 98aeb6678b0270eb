"""The folder of a reader of the docs: what the commands of each page work on, made small from real data."""

import tarfile
import zipfile
from pathlib import Path

import pandas as pd
from sklearn.datasets import load_breast_cancer, load_sample_images, load_wine

from tests.examples.documented_code import experiment_of, python_block
from tests.sounds import speech, write

# A script as the README's second table takes it, unedited: it knows nothing of mldiag.
SCRIPT = """
import argparse
import random

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--seed", type=int)
given = parser.parse_args()
rows = random.Random(given.seed).choices(range(-9, 10), k=200)
slope = 0.0
for epoch in range(5):
    for x in rows:
        slope += given.lr * x * (3 * x - slope * x) / 100
    print("val loss:", sum((slope * x - 3 * x) ** 2 for x in rows) / 200)
"""


def prepare(page, folder):
    """Write into a folder what a page's commands work on."""
    (folder / "experiment.py").write_text(experiment_of(page))
    FILES.get(page, lambda folder: None)(folder)


def table(folder, name, data=None, **columns):
    """A table of real measurements, as CSV."""
    data = data if data is not None else load_wine(as_frame=True).data
    data.assign(**columns).to_csv(folder / name, index=False)
    return folder / name


def wine(folder):
    table(folder, "train.csv", y=load_wine().target)


def tumours(folder):
    given = load_breast_cancer(as_frame=True)
    told = given.data.iloc[:300, :5].assign(
        ill=given.target, patient=[row // 2 for row in range(300)]
    )
    table(folder, "train.csv", told[:200])
    table(folder, "test.csv", told[200:])
    photographs(folder)


def archives(folder):
    data, y = load_wine(return_X_y=True, as_frame=True)
    rows = data.sample(frac=1, random_state=0).index
    for name, part in {"train.csv": rows[:120], "test.csv": rows[120:], "2024.csv": rows}.items():
        table(folder, name, data.loc[part], y=y[part])
    names = "train.csv", "test.csv", "2024.csv"
    packed(folder / "data.zip", folder, names)
    packed(folder / "in.zip", folder, names, compression=zipfile.ZIP_BZIP2)
    with tarfile.open(folder / "data.tar.gz", "w:gz") as archive:
        for name in names:
            archive.add(folder / name, name)


def packed(archive, folder, names, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(archive, "w", compression) as file:
        for name in names:
            file.write(folder / name, name)


def photographs(folder):
    """Tiles of two photographs; a table with their labels lies beside them."""
    from PIL import Image

    names = []
    for label, picture in zip(("temple", "flower"), load_sample_images().images, strict=True):
        for number in range(28):
            top, left = 64 * (number // 9), 64 * (number % 9)
            part = "train" if number % 4 else "test"
            names.append(f"photos/{part}/{label}/{number}.png")
            (folder / names[-1]).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture[top : top + 64, left : left + 64]).save(folder / names[-1])
    packed(folder / "photos.zip", folder, names)
    labels_of(folder, names)


def recordings(folder):
    names = []
    for number in range(24):
        label, part = ("even", "odd")[number % 2], "train" if number < 16 else "test"
        names.append(f"recordings/{part}/{label}/{number}.wav")
        write(folder, names[-1], speech(number))
    packed(folder / "recordings.zip", folder, names)
    labels_of(folder, names)


def labels_of(folder, names):
    """The folders' names as a table: below the first folder a name may be a path."""
    told = [(name.partition("/")[2], Path(name).parent.name) for name in names]
    pd.DataFrame(told, columns=["file", "label"]).to_csv(folder / "labels.csv", index=False)


def elsewhere(folder):
    (folder / "other").mkdir(exist_ok=True)
    (folder / "other" / "experiment.py").write_text(python_block("README", 0))


FILES = {
    "README": wine,
    "archives": archives,
    "audit": tumours,
    "audit-audio": recordings,
    "audit-images": photographs,
    "commands": wine,
    "frameworks": lambda folder: (folder / "train.py").write_text(python_block("frameworks", 0)),
    "report": elsewhere,
}
