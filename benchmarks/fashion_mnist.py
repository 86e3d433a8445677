"""Get the full Fashion-MNIST, 60,000 training and 10,000 test images, as a folder that `--data` reads.

    python benchmarks/fashion_mnist.py fashion-mnist
    minas search vision --data fashion-mnist

Articles of clothing in ten classes, 28 x 28 grey pixels: Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747, by Zalando SE, MIT
licence. The four IDX files come from the Debian package dataset-fashion-mnist, which apt gets on Debian and Ubuntu without
installing it, and without root; elsewhere get the package from packages.debian.org and name it with --deb. It is unpacked by
dpkg-deb, which other systems have as a package `dpkg`. What comes out is compared with the digests below.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from minas.data.formats.idx import read_array
from minas.errors import DataError

PACKAGE = "dataset-fashion-mnist"
INSIDE = Path("usr/share/datasets/fashion-mnist")
COUNTS = {"train": 60_000, "t10k": 10_000}
CLASSES = 10
DIGESTS = {
    "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
"""SHA-256 of each file's content, unzipped: packages differ in how they zip it."""


def downloaded(folder: Path) -> Path:
    """Let apt get the package into a folder, and return it."""
    command = ["apt-get", "download", "--quiet", "--quiet", PACKAGE]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        problem = done.stderr.strip()
    except FileNotFoundError as error:
        problem = str(error)
    found = sorted(folder.glob(f"{PACKAGE}_*.deb"))
    if not found:
        raise SystemExit(f"apt can't get {PACKAGE}: {problem}\nget it from packages.debian.org and name it with --deb")
    return found[0]


def unpack(package: Path, folder: Path) -> None:
    """Copy the four files of a package to a folder."""
    with tempfile.TemporaryDirectory() as aside:
        command = ["dpkg-deb", "--extract", str(package), aside]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise SystemExit(f"{error}; dpkg-deb unpacks {package.name}: install dpkg") from error
        if done.returncode:
            raise SystemExit(f"{package} can't be unpacked: {done.stderr.strip()}")
        missing = [name for name in DIGESTS if not (Path(aside) / INSIDE / name).is_file()]
        if missing:
            raise SystemExit(f"{package} has no {INSIDE / missing[0]}; expected the package {PACKAGE}")
        folder.mkdir(parents=True, exist_ok=True)
        for name in DIGESTS:
            shutil.copyfile(Path(aside) / INSIDE / name, folder / name)


def check(folder: Path) -> None:
    """See that a folder holds the data set: as many images of each class as it has, and the same to the bit."""
    for part, count in COUNTS.items():
        try:
            images = read_array(folder / f"{part}-images-idx3-ubyte.gz", 3)
            labels = read_array(folder / f"{part}-labels-idx1-ubyte.gz", 1)
        except DataError as error:
            raise SystemExit(str(error)) from error
        classes = np.bincount(labels, minlength=CLASSES)
        if images.shape != (count, 28, 28) or not np.array_equal(classes, np.full(CLASSES, count // CLASSES)):
            raise SystemExit(
                f"{folder}: {part} has images of shape {images.shape} and {classes.tolist()} labels of each class; "
                f"expected {count:,} of 28 x 28 pixels, {count // CLASSES:,} of each class"
            )
    for name, digest in DIGESTS.items():
        found = hashlib.sha256(gzip.decompress((folder / name).read_bytes())).hexdigest()
        if found != digest:
            raise SystemExit(f"{folder / name}: SHA-256 {found}, unzipped; expected {digest}")


def main() -> None:
    """Parse the arguments, get the files, check them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the folder that gets the four files")
    parser.add_argument("--deb", type=Path, help="the package, where apt should not get it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        unpack(arguments.deb or downloaded(Path(aside)), arguments.out)
    check(arguments.out)
    print(f"{arguments.out}: {' and '.join(f'{count:,}' for count in COUNTS.values())} images, by Zalando SE, MIT licence")


if __name__ == "__main__":
    main()
