"""A folder of images by class, with train, validation and test folders above the classes or without."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from minas.data import files, raw
from minas.data.formats import Format, Options
from minas.errors import DataError

ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm"}
LARGEST_SIDE = 64
"""Pixels; the longer side of larger images is shrunk to this, unless an image size is given."""

_DECODERS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
_LARGEST_IMAGE = 1 << 26
_CLUTTER = {"thumbs.db", "desktop.ini", "__macosx"}
_PARTS = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


@dataclass(frozen=True)
class _Listed:
    """One image that is to be read, with its class and what its header says."""

    path: Path
    label: str
    height: int
    width: int
    colour: bool


def _recognises(path: Path) -> bool:
    if not path.is_dir():
        return False
    folders = _folders(path)
    below = [inner for folder in folders for inner in (_folders(folder) if folder.name.lower() in _PARTS else ())]
    return any(entry.suffix.lower() in ENDINGS for folder in (*folders, *below) for entry in folder.iterdir())


def _folders(path: Path) -> list[Path]:
    return [entry for entry in _entries(path) if entry.is_dir()]


def _entries(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if not entry.name.startswith(".") and entry.name.lower() not in _CLUTTER)


def _read(path: Path, options: Options) -> raw.Raw:
    listed = {part: _listed(folder, path) for part, folder in _part_folders(path).items()}
    everything = [image for part in listed.values() for image in part]
    height, width = _common_size(everything, options)
    colour = any(image.colour for image in everything)
    raw.check_size(len(everything) * height * width * (3 if colour else 1), str(path))
    classes, targets = raw.names([np.array([image.label for image in part]) for part in listed.values()], str(path))
    piles = {
        part: raw.Pile(_pixels(found, height, width, colour=colour), indices)
        for (part, found), indices in zip(listed.items(), targets, strict=True)
    }
    return raw.Raw(
        train=piles["train"], validation=piles.get("validation"), test=piles.get("test"), classes=classes, source=str(path)
    )


def _part_folders(path: Path) -> dict[str, Path]:
    """Return the folders that hold the class folders, by part; the folder itself where it holds them."""
    folders = _folders(path)
    if not any(_PARTS.get(folder.name.lower()) == "train" and _folders(folder) for folder in folders):
        return {"train": path}
    found: dict[str, Path] = {}
    for folder in folders:
        part = _PARTS.get(folder.name.lower())
        if part is None or part in found:
            raise DataError(f"{folder}: beside the training images; expected folders train, validation and test, one of each")
        found[part] = folder
    return found


def _listed(folder: Path, root: Path) -> list[_Listed]:
    found = [_inspected(file, label.name, root) for label in _entries(folder) for file in _files(label)]
    if not found:
        raise DataError(f"{folder}: holds no images; expected one folder for each class with images in it")
    return found


def _files(label: Path) -> list[Path]:
    if not label.is_dir():
        raise DataError(f"{label}: beside the folders of the classes; expected folders alone, one for each class")
    found = _entries(label)
    if not found:
        raise DataError(f"{label}: an empty folder; expected images of the class {label.name!r}")
    for file in found:
        if file.suffix.lower() not in ENDINGS:
            raise DataError(f"{file}: not an image by its ending; expected images alone: {', '.join(sorted(ENDINGS))}")
    return found


def _inspected(file: Path, label: str, root: Path) -> _Listed:
    with _opened(files.inside(file, root)) as image:
        width, height = image.size
        # A quarter turn in the Exif data swaps the sides.
        if image.getexif().get(0x0112, 1) >= 5:
            width, height = height, width
        return _Listed(file, label, height, width, _is_colour(image))


def _is_colour(image: Image.Image) -> bool:
    if image.mode == "P":
        palette = image.getpalette() or []
        return not palette[0::3] == palette[1::3] == palette[2::3]
    return image.mode not in ("1", "L", "LA", "La", "I", "F") and not image.mode.startswith("I;")


@contextmanager
def _opened(file: Path) -> Iterator[Image.Image]:
    """Open an image; what goes wrong, here or in the body, is told with the file's name."""
    try:
        with warnings.catch_warnings():
            # Pillow only warns of sizes that it finds suspicious; ours is checked below, and is lower.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=_DECODERS) as image:
                if image.width * image.height > _LARGEST_IMAGE:
                    raise DataError(f"{file}: {image.width} x {image.height} pixels; expected {_LARGEST_IMAGE:,} at most")
                yield image
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError(f"{file}: not an image that can be read; expected {', '.join(_DECODERS)}") from error
    except Exception as error:  # A broken file makes the decoders raise errors of any kind.
        raise DataError(f"{file}: a broken image, {error}; expected a whole one, {_LARGEST_IMAGE:,} pixels at most") from error


def _common_size(listed: Sequence[_Listed], options: Options) -> tuple[int, int]:
    """Return the height and width to which all images are brought: their medians, at most 64 unless a size is given."""
    if options.image_size:
        return options.image_size, options.image_size
    height = float(np.median([image.height for image in listed]))
    width = float(np.median([image.width for image in listed]))
    shrink = min(1.0, LARGEST_SIDE / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def _pixels(listed: Sequence[_Listed], height: int, width: int, *, colour: bool) -> NDArray[Any]:
    """Return images as (samples, channels, height, width), uint8."""
    out = np.empty((len(listed), height, width, 3 if colour else 1), np.uint8)
    for index, entry in enumerate(listed):
        with _opened(entry.path) as image:
            plain = _flattened(ImageOps.exif_transpose(image), colour=colour)
            if plain.size != (width, height):
                plain = plain.resize((width, height), Image.Resampling.BILINEAR)
            out[index] = np.asarray(plain).reshape(height, width, -1)
    return np.ascontiguousarray(np.moveaxis(out, -1, 1))


def _flattened(image: Image.Image, *, colour: bool) -> Image.Image:
    """Return an image with 8 bits a channel; what is transparent is laid on white, as a browser does."""
    if image.mode == "I" or image.mode.startswith("I;"):
        image = Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8))
    elif image.mode == "F":
        image = Image.fromarray(np.nan_to_num(np.asarray(image)).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        over = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    return image.convert("RGB" if colour else "L")


FORMAT = Format(
    name="image folder",
    description=(
        f"a folder with one folder for each class and images ({', '.join(sorted(ENDINGS))}) in them, grey or colour, of any "
        "size, or the same inside of folders named train, validation and test; images are brought to their median size, at "
        f"most {LARGEST_SIDE} pixels a side unless an image size is given"
    ),
    kind="image",
    recognises=_recognises,
    read=_read,
)
