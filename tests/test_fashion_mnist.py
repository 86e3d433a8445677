"""Getting Fashion-MNIST, with a small package in the place of Debian's."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from minas.data import formats

ROOT = Path(__file__).resolve().parents[1]
SMALL = {"train": 20, "t10k": 10}


def idx(array):
    header = bytes((0, 0, 8, array.ndim)) + b"".join(length.to_bytes(4, "big") for length in array.shape)
    return header + array.astype(np.uint8).tobytes()


def contents(counts):
    """Return the four files' bytes, unzipped, with as many images of each class."""
    made = {}
    for part, count in counts.items():
        made[f"{part}-images-idx3-ubyte.gz"] = idx(np.arange(count * 784).reshape(count, 28, 28) % 251)
        made[f"{part}-labels-idx1-ubyte.gz"] = idx(np.arange(count) % 10)
    return made


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = importlib.import_module("fashion_mnist")
    monkeypatch.setattr(module, "COUNTS", SMALL)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents(SMALL).items()}
    monkeypatch.setattr(module, "DIGESTS", digests)
    return module


def package(folder, files):
    """Return a Debian package that holds files where the real one has them."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not here")
    inside = folder / "package" / "usr/share/datasets/fashion-mnist"
    inside.mkdir(parents=True)
    for name, content in files.items():
        (inside / name).write_bytes(gzip.compress(content))
    control = folder / "package/DEBIAN"
    control.mkdir()
    control.chmod(0o755)
    (control / "control").write_text(
        "Package: dataset-fashion-mnist\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: small\n"
    )
    made = folder / "small.deb"
    subprocess.run(["dpkg-deb", "--build", str(folder / "package"), str(made)], check=True, capture_output=True)
    return made


def test_a_package_becomes_a_folder_that_is_read(script, tmp_path, monkeypatch, capsys):
    made = package(tmp_path, contents(SMALL))
    monkeypatch.setattr("sys.argv", ["fashion_mnist.py", str(tmp_path / "out"), "--deb", str(made)])
    script.main()
    assert "20 and 10 images, by Zalando SE, MIT licence" in capsys.readouterr().out
    found = formats.read(str(tmp_path / "out"), "image", formats.Options())
    assert found.train.inputs.shape == (20, 1, 28, 28)
    assert found.test is not None
    assert found.test.targets.tolist() == list(range(10))


def test_another_package_and_what_is_none_are_refused(script, tmp_path):
    files = contents(SMALL)
    del files["t10k-labels-idx1-ubyte.gz"]
    with pytest.raises(
        SystemExit, match=r"has no usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte\.gz; expected the pa"
    ):
        script.unpack(package(tmp_path, files), tmp_path / "out")
    broken = tmp_path / "broken.deb"
    broken.write_bytes(b"no package")
    with pytest.raises(SystemExit, match=r"broken\.deb can't be unpacked"):
        script.unpack(broken, tmp_path / "out")


def written(folder, files):
    for name, content in files.items():
        (folder / name).write_bytes(gzip.compress(content))
    return folder


def test_fewer_images_are_refused(script, tmp_path):
    with pytest.raises(
        SystemExit, match=r"train has images of shape \(10, 28, 28\).*expected 20 of 28 x 28 pixels, 2 of each"
    ):
        script.check(written(tmp_path, contents({"train": 10, "t10k": 10})))


def test_other_pixels_are_refused(script, tmp_path):
    files = contents(SMALL)
    script.check(written(tmp_path, files))
    files["t10k-images-idx3-ubyte.gz"] = files["t10k-images-idx3-ubyte.gz"][:-1] + b"\xff"
    with pytest.raises(SystemExit, match=r"t10k-images-idx3-ubyte\.gz: SHA-256 [0-9a-f]{64}, unzipped; expected"):
        script.check(written(tmp_path, files))


def test_apt_that_gets_nothing_names_the_way_out(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "PACKAGE", "dataset-that-nobody-has")
    with pytest.raises(
        SystemExit, match=r"apt can't get dataset-that-nobody-has.*\n.*packages\.debian\.org and name it with --deb"
    ):
        script.downloaded(tmp_path)
