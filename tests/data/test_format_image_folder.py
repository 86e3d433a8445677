from __future__ import annotations

import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from minas.data import formats, raw
from minas.data.formats import image_folder
from minas.errors import DataError

GENERATOR = np.random.default_rng(0)
GREY = GENERATOR.integers(0, 256, (4, 6, 5)).astype(np.uint8)
COLOUR = GENERATOR.integers(0, 256, (4, 6, 5, 3)).astype(np.uint8)


def write(folder, pixels=GREY, classes=("cat", "dog"), ending="png", **how) -> None:
    for label in classes:
        (folder / label).mkdir(parents=True)
        for index, image in enumerate(pixels):
            Image.fromarray(image).save(folder / label / f"{index}.{ending}", **how)


def read(folder, **options):
    return formats.read(folder, "image", formats.Options(**options))


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "pgm", "gif", "PNG"])
def test_grey_images_come_back(tmp_path, ending):
    write(tmp_path, ending=ending)
    data = read(tmp_path)
    assert data.train.inputs.shape == (8, 1, 6, 5)
    assert (data.train.inputs[:4, 0] == GREY).all()
    assert (data.train.inputs[4:, 0] == GREY).all()
    assert list(data.train.targets) == [0] * 4 + [1] * 4
    assert data.classes == ("cat", "dog")


@pytest.mark.parametrize(("ending", "how"), [("png", {}), ("ppm", {}), ("webp", {"lossless": True})])
def test_colour_images_come_back(tmp_path, ending, how):
    write(tmp_path, COLOUR, ending=ending, **how)
    assert (read(tmp_path).train.inputs[:4] == np.moveaxis(COLOUR, -1, 1)).all()


def test_jpegs_come_back_nearly(tmp_path):
    smooth = np.linspace(0, 255, 16 * 16).reshape(1, 16, 16).astype(np.uint8)
    write(tmp_path, smooth, ending="jpg", quality=95)
    assert abs(read(tmp_path).train.inputs[0, 0].astype(int) - smooth[0]).max() < 8


def test_one_colour_image_makes_all_colour(tmp_path):
    write(tmp_path)
    Image.fromarray(COLOUR[0]).save(tmp_path / "cat" / "9.png")
    data = read(tmp_path)
    assert data.train.inputs.shape == (9, 3, 6, 5)
    assert (data.train.inputs[0, :] == GREY[0]).all()


def test_sixteen_bit_grey_keeps_its_range(tmp_path):
    write(tmp_path, GREY.astype(np.uint16) * 257)
    assert (read(tmp_path).train.inputs[:4, 0] == GREY).all()


def test_palettes_are_looked_up(tmp_path):
    write(tmp_path)
    Image.fromarray(COLOUR[0]).quantize(16).save(tmp_path / "cat" / "0.png")
    expected = np.asarray(Image.fromarray(COLOUR[0]).quantize(16).convert("RGB"))
    assert (read(tmp_path).train.inputs[0] == np.moveaxis(expected, -1, 0)).all()


def test_what_is_transparent_lies_on_white(tmp_path):
    drawing = np.zeros((4, 6, 5, 4), np.uint8)
    drawing[:, 2:4, :, 3] = 255
    write(tmp_path, drawing)
    out = read(tmp_path).train.inputs[0]
    assert (out[:, 2:4] == 0).all()
    assert (out[:, :2] == 255).all()


def test_turned_photographs_are_set_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    write(tmp_path, exif=exif)
    data = read(tmp_path)
    assert data.train.inputs.shape == (8, 1, 5, 6)
    assert (data.train.inputs[0, 0] == np.rot90(GREY[0], -1)).all()


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "Validation", "Testing")])
def test_given_parts_are_kept(tmp_path, names):
    for number, name in enumerate(names):
        write(tmp_path / name, GREY // (number + 1))
    data = read(tmp_path)
    for number, pile in enumerate((data.train, data.validation, data.test)):
        assert (pile.inputs[:4, 0] == GREY // (number + 1)).all()


def test_train_and_test_may_be_names_of_classes(tmp_path):
    write(tmp_path, classes=("train", "test"))
    assert read(tmp_path).classes == ("test", "train")


def test_different_sizes_become_their_median(tmp_path):
    for label in ("cat", "dog"):
        write(tmp_path / label, np.zeros((1, 20, 10), np.uint8), classes=())
        (tmp_path / label).mkdir()
        for height, width in ((20, 10), (30, 12), (50, 40)):
            Image.new("L", (width, height)).save(tmp_path / label / f"{height}.png")
    assert read(tmp_path).train.inputs.shape == (6, 1, 30, 12)


def test_large_images_are_shrunk_in_proportion_unless_a_size_is_given(tmp_path):
    write(tmp_path, np.zeros((2, 100, 200), np.uint8))
    assert read(tmp_path).train.inputs.shape == (4, 1, 32, 64)
    assert read(tmp_path, image_size=90).train.inputs.shape == (4, 1, 90, 90)


def test_clutter_is_left_out(tmp_path):
    write(tmp_path)
    for name in (".DS_Store", "Thumbs.db", "cat/.hidden.png", "cat/Thumbs.db"):
        (tmp_path / name).write_bytes(b"clutter")
    (tmp_path / ".git").mkdir()
    assert len(read(tmp_path).train) == 8


PNG = b"\x89PNG\r\n\x1a\n"


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


BOMB = (
    PNG + _chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)) + _chunk(b"IDAT", b"") + _chunk(b"IEND", b"")
)
LARGE = BOMB.replace(_chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)),
                     _chunk(b"IHDR", struct.pack(">IIBBBBB", 9_000, 9_000, 8, 0, 0, 0, 0)))  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", b"hello", "not an image that can be read; expected PNG, JPEG"),
        ("a.png", b"", "not an image that can be read"),
        ("a.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image that can be read"),
        ("a.png", BOMB, "a broken image.*decompression bomb"),
        ("a.png", LARGE, "9000 x 9000 pixels; expected 67,108,864 at most"),
        ("a.txt", b"hello", "not an image by its ending; expected images alone"),
        ("a", b"hello", "not an image by its ending"),
    ],
)
def test_files_that_are_no_images_are_named(tmp_path, name, content, message):
    write(tmp_path)
    (tmp_path / "dog" / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"dog/{name}: {message}"):
        read(tmp_path)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "gif", "webp", "bmp"])
def test_truncated_images_are_named(tmp_path, ending):
    write(tmp_path, GENERATOR.integers(0, 256, (3, 40, 40)).astype(np.uint8), ending=ending)
    path = tmp_path / "cat" / f"1.{ending}"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=rf"cat/1.{ending}: (a broken image|not an image)"):
        read(tmp_path)


def test_one_class_is_refused(tmp_path):
    write(tmp_path, classes=("cat",))
    with pytest.raises(DataError, match=r"all samples are of one class, 'cat'"):
        read(tmp_path)


def test_an_empty_class_folder_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "eel").mkdir()
    with pytest.raises(DataError, match=r"eel: an empty folder; expected images of the class 'eel'"):
        read(tmp_path)


def test_an_empty_part_is_named(tmp_path):
    write(tmp_path / "train")
    (tmp_path / "test").mkdir()
    with pytest.raises(DataError, match=r"test: holds no images"):
        read(tmp_path)


def test_a_file_beside_the_class_folders_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "labels.csv").write_text("a,b")
    with pytest.raises(DataError, match=r"labels.csv: beside the folders of the classes"):
        read(tmp_path)


def test_a_folder_beside_the_parts_is_named(tmp_path):
    write(tmp_path / "train")
    write(tmp_path / "extra")
    with pytest.raises(DataError, match=r"extra: beside the training images; expected folders train, validation and test"):
        read(tmp_path)


def test_a_folder_inside_of_a_class_is_named(tmp_path):
    write(tmp_path)
    write(tmp_path / "cat", classes=("siamese.png",))
    with pytest.raises(DataError, match=r"siamese.png: not a file"):
        read(tmp_path)


def test_a_class_that_is_only_tested_is_refused(tmp_path):
    write(tmp_path / "train")
    write(tmp_path / "test", classes=("cat", "wolf"))
    with pytest.raises(DataError, match=r"no training sample of 'wolf'"):
        read(tmp_path)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_links_out_of_the_folder_are_refused(tmp_path, what):
    write(tmp_path / "mine")
    write(tmp_path / "outside")
    if what == "file":
        (tmp_path / "mine" / "cat" / "secret.png").symlink_to(tmp_path / "outside" / "cat" / "0.png")
    else:
        (tmp_path / "mine" / "secret").symlink_to(tmp_path / "outside" / "cat")
    with pytest.raises(DataError, match=r"secret.*: a link out of"):
        read(tmp_path / "mine")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    write(tmp_path)
    os.mkfifo(tmp_path / "cat" / "a.png")
    with pytest.raises(DataError, match=r"a.png: not a file"):
        read(tmp_path)


def test_too_many_pixels_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(raw, "LARGEST_ARRAY", 200)
    monkeypatch.setattr(image_folder, "_pixels", None)
    write(tmp_path)
    with pytest.raises(DataError, match=r"240 values; expected at most 200"):
        read(tmp_path)
