"""Every format on the shelf, and the reading of whatever a user may point at."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tarfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from minas.data import formats
from minas.errors import DataError

NAMES = formats.FORMATS.names()
PLAIN = formats.Options()


def test_the_shelf_holds_the_vision_formats():
    assert {"idx", "cifar_binary", "npz", "image_folder"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_format_says_what_it_expects(name):
    form = formats.FORMATS.get(name)
    assert form.kind
    assert len(form.description) > 20


@pytest.mark.parametrize("name", NAMES)
def test_no_format_recognises_what_is_not_its_own(name, tmp_path):
    form = formats.FORMATS.get(name)
    empty, text, folder = tmp_path / "empty", tmp_path / "text.txt", tmp_path / "folder"
    empty.touch()
    text.write_text("hello")
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "notes.txt").write_text("hello")
    assert not any(form.recognises(path) for path in (empty, text, folder, folder / "inner"))


def _refused(path, match):
    with pytest.raises(DataError, match=match) as caught:
        formats.read(path, "image", PLAIN)
    return str(caught.value)


def test_what_is_accepted_is_listed_for_a_path_that_is_not_there(tmp_path):
    message = _refused(tmp_path / "nowhere", "nowhere: no such file or folder; expected image data, one of:")
    for name in ("IDX", "CIFAR binary", "npz", "image folder"):
        assert f"\n- {name}: " in message


def test_an_empty_folder_is_refused(tmp_path):
    assert "train-images-idx3-ubyte" in _refused(tmp_path, "an empty folder; expected image data")


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    _refused(tmp_path / "file", "file: an empty file; expected image data")


def test_an_archive_must_be_unpacked(tmp_path):
    path = tmp_path / "mnist.tar.gz"
    with tarfile.open(path, "w:gz"):
        pass
    _refused(path, "mnist.tar.gz: not a file that can be read as data; an archive must be unpacked first")


def test_a_folder_without_class_folders_is_refused(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    assert "one folder for each class" in _refused(tmp_path, "holds nothing that can be read as data")


def test_a_folder_with_two_formats_is_refused(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").touch()
    (tmp_path / "train.bin").touch()
    _refused(tmp_path, "holds data in several formats, CIFAR binary and IDX; expected one")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_refused(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    _refused(tmp_path / "closed", "can't be read")


def test_the_format_is_told_with_an_error(tmp_path):
    np.savez(tmp_path / "mine.npz", a=np.zeros(3))
    _refused(tmp_path / "mine.npz", r"mine.npz: holds a; expected .*\n\(read as npz: a NumPy archive")


@given(
    st.binary(max_size=300),
    st.sampled_from(["a.npz", "train-images-idx3-ubyte.gz", "train.bin", "data_batch_1.bin", "c/a.png"]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_give_a_data_error(tmp_path, content, name):
    path = tmp_path / f"case-{len(list(tmp_path.iterdir()))}" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    root = path if name == "a.npz" else path.parent.parent if "/" in name else path.parent
    with pytest.raises(DataError):
        formats.read(root, "image", PLAIN)


def _valid(kind: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 3)).astype(np.uint8)
    file = io.BytesIO()
    if kind == "npz":
        np.savez_compressed(file, x=pixels, y=np.arange(12) % 3)
        return file.getvalue()
    if kind == "idx":
        return gzip.compress(b"\0\0\x08\x03" + np.array([12, 12, 3], ">u4").tobytes() + pixels.tobytes())
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def _place(folder, kind: str, content: bytes):
    """Write a file of a format with all that belongs to it, and return what a user would point at."""
    if kind == "npz":
        (folder / "a.npz").write_bytes(content)
        return folder / "a.npz"
    if kind == "idx":
        (folder / "train-images-idx3-ubyte").write_bytes(content)
        labels = b"\0\0\x08\x01\0\0\0\x0c" + bytes(index % 3 for index in range(12))
        (folder / "train-labels-idx1-ubyte").write_bytes(labels)
        return folder
    for label in ("cat", "dog"):
        (folder / label).mkdir()
        (folder / label / f"0.{kind.lower()}").write_bytes(_valid(kind))
    (folder / "cat" / f"1.{kind.lower()}").write_bytes(content)
    return folder


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["npz", "idx", "PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "PPM"])
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damaged_files_are_read_or_refused(kind, tmp_path, data):
    content = bytearray(_valid(kind))
    for _ in range(data.draw(st.integers(1, 5))):
        where = data.draw(st.integers(0, len(content)))
        content[where : where + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    folder = tmp_path / f"case-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    path = _place(folder, kind, bytes(content))
    with contextlib.suppress(DataError):
        assert np.isfinite(formats.read(path, "image", PLAIN).train.inputs).all()
