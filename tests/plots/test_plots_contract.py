"""Every plot of the shelf, whichever there are: each is worked out and drawn from plain records alone."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import subject_samples
from matplotlib.figure import Figure
from PIL import Image

from minas.analysis.subjects import ArchitectureSubject, RunSubject
from minas.errors import UsageError
from minas.plots import ENDINGS, SHELF, Plot, check_ending, save

SAMPLES: dict[type, list[Any]] = {
    RunSubject: [subject_samples.run(), subject_samples.run(beside=False)],
    ArchitectureSubject: [subject_samples.architecture(), subject_samples.architecture(action=False)],
}
BARE = {RunSubject: subject_samples.run(many=0, beside=False), ArchitectureSubject: subject_samples.architecture(action=False)}
PLOTS = pytest.mark.parametrize("name", SHELF.names())


def drawn(name: str, sample: int = 0) -> Figure:
    plot = SHELF.get(name)
    return plot.figure(SAMPLES[plot.of][sample])


@PLOTS
def test_a_plot_says_what_it_is_and_of_what(name: str) -> None:
    plot = SHELF.get(name)
    assert isinstance(plot, Plot)
    assert plot.name == name
    assert plot.description.endswith(".")
    assert plot.of in SAMPLES


@PLOTS
def test_numbers_come_before_pictures(name: str) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/plots')\n"
        "import subject_samples; from minas.analysis.subjects import RunSubject; from minas.plots import SHELF\n"
        f"plot = SHELF.get('{name}')\n"
        "plot.value(subject_samples.run() if plot.of is RunSubject else subject_samples.architecture())\n"
        "assert not {'torch', 'matplotlib'} & set(sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env={"PYTHONPATH": str(root), "PATH": ""})


@PLOTS
@pytest.mark.parametrize("ending", ENDINGS)
def test_files_are_valid_and_the_same_each_time(name: str, ending: str, tmp_path: Path) -> None:
    first = save(drawn(name), tmp_path / f"one{ending}").read_bytes()
    second = save(drawn(name), tmp_path / f"two{ending}").read_bytes()
    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"one{ending}", f"two{ending}"]
    if ending == ".png":
        with Image.open(tmp_path / "one.png") as image:
            assert image.width >= 1200
            pixels = np.asarray(image.convert("L"))
            assert pixels.std() > 5
            # Nothing is clipped: the outermost pixels are paper.
            assert all((edge == 255).all() for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))
    elif ending == ".svg":
        assert ElementTree.fromstring(first).tag.endswith("svg")
        assert b"date" not in first.lower()
    else:
        assert first.startswith(b"%PDF-")
        assert first.rstrip().endswith(b"%%EOF")
        assert b"CreationDate" not in first


@PLOTS
@pytest.mark.parametrize("sample", [0, 1])
def test_no_text_leaves_the_figure(name: str, sample: int) -> None:
    figure = drawn(name, sample)
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    names = [text.get_window_extent(renderer) for axes in figure.axes for text in axes.texts]
    for box in [figure.get_tightbbox(renderer).transformed(figure.dpi_scale_trans), *names]:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1


@PLOTS
def test_where_there_is_nothing_to_show_it_is_drawn_empty_or_said(name: str, tmp_path: Path) -> None:
    plot = SHELF.get(name)
    figure, refusal = None, ""
    try:
        figure = plot.figure(BARE[plot.of])
    except UsageError as error:
        refusal = str(error)
    if figure is None:
        assert len(refusal.split()) > 3, "what is missing is said in words"
    else:
        assert save(figure, tmp_path / "empty.png").is_file()


def test_drawing_needs_no_pyplot_and_leaves_no_settings() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/plots')\n"
        "import matplotlib; m = matplotlib.rcParams; settings = lambda: {k: m[k] for k in m if k != 'backend'}; before = settings()\n"
        "import subject_samples as s; from minas.analysis.subjects import RunSubject; from minas.plots import SHELF, save\n"
        "import tempfile, os; folder = tempfile.mkdtemp()\n"
        "for name, plot in SHELF.all().items():\n"
        "    figure = plot.figure(s.run() if plot.of is RunSubject else s.architecture())\n"
        "    save(figure, os.path.join(folder, f'{name}.svg'))\n"
        "assert 'matplotlib.pyplot' not in sys.modules and 'torch' not in sys.modules\n"
        "assert settings() == before"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env={"PYTHONPATH": str(root), "PATH": ""})


def test_another_ending_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"can't draw to '.*front\.jpg'.*ends in \.png, \.svg or \.pdf"):
        save(drawn("hypervolume"), tmp_path / "front.jpg")
    with pytest.raises(UsageError, match=r"there is no folder '.*nowhere'; make it first"):
        check_ending(tmp_path / "nowhere" / "front.png")
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(UsageError, match=r"can't draw to '.*taken\.png': "):
        save(drawn("hypervolume"), tmp_path / "taken.png")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]


def test_capital_endings(tmp_path: Path) -> None:
    assert save(drawn("hypervolume"), tmp_path / "A.PNG").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_plot_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="no plot named 'hypervolum'; did you mean 'hypervolume'"):
        SHELF.get("hypervolum")
