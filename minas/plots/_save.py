"""Writing a figure to a file: PNG, SVG or PDF by its ending, the same bytes for the same figure."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minas.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS = (".png", ".svg", ".pdf")
DOTS_PER_INCH = 150
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": "minas"},
    ".svg": {"Date": None, "Creator": "minas"},
    ".pdf": {"CreationDate": None, "Creator": "minas", "Producer": None},
}


def check_ending(path: str | os.PathLike[str]) -> Path:
    """Return the path, if a figure can be written to it.

    Raises:
        UsageError: it has another ending, or its folder does not exist.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            f"can't draw to '{path}': the ending says the format, so write a name that ends in .png, .svg or .pdf"
        )
    if not path.parent.is_dir():
        raise UsageError(f"can't draw to '{path}': there is no folder '{path.parent}'; make it first")
    return path


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure, whole or not at all, and return the path.

    Args:
        figure: what a plot's `draw` returned.
        path: a file that ends in .png, .svg or .pdf; one that exists is replaced.

    Raises:
        UsageError: another ending, no such folder, or a file that cannot be written.
    """
    path = check_ending(path)
    ending = path.suffix.lower()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _write(figure, part, ending)
        os.replace(part, path)
    except OSError as error:
        raise UsageError(f"can't draw to '{path}': {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):  # on a read-only disk even a file that is not there can't be removed
            part.unlink()
    return path


def _write(figure: Figure, path: Path, ending: str) -> None:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    # Ids in an SVG are random unless they are salted; text is drawn as paths, so that it looks the same without the font.
    with matplotlib.rc_context({"svg.hashsalt": "minas", "svg.fonttype": "path", "pdf.fonttype": 42}):
        figure.savefig(path, format=ending[1:], dpi=DOTS_PER_INCH, metadata=_METADATA[ending])
