"""The plot of a sweep: what it shows, and that it can be drawn whatever came of the sweep."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from minas.analysis.cells import Cell
from minas.analysis.sweep import sweep_rows
from minas.analysis.sweep_picture import SweepSubject, sweep_picture
from minas.errors import UsageError
from minas.plots import ENDINGS, save
from minas.plots.studies import SHELF

LAMBDAS = (0.0, 1e-5, 1e-3, 1e-2)


def subject(
    *,
    instances: Sequence[str] = ("MLP", "LeNet-5"),
    functionals: Sequence[str] = ("activation_energy", "action"),
    seeds: int = 3,
    lambdas: Sequence[float] = LAMBDAS,
    diverged: float | None = 1e-2,
) -> SweepSubject:
    """A sweep in which E falls and V rises tenfold from one lambda to the next; a training at `diverged` broke down."""
    cells = []
    for instance, functional, (step, weight), seed in itertools.product(
        instances, functionals, enumerate(lambdas), range(seeds)
    ):
        if weight == 0 and functional != functionals[0]:
            continue
        energy = (1000.0 + seed) / 10**step
        measures = {"test_error": 0.05 + 0.1 * step + 0.01 * seed, "error": 0.05, "activation_energy": energy}
        measures |= {"kinetic": energy / 2, "potential": (50.0 - seed) * 10**step, "action": 60.0}
        broken = weight == diverged and seed == 0
        cells.append(
            Cell(
                domain="vision",
                family="conventional",
                instance=instance,
                lambda_=weight,
                functional="none" if weight == 0 else functional,
                strategy="default",
                seed=seed,
                status="diverged" if broken else "complete",
                measures={} if broken else measures,
            )
        )
    return SweepSubject(name="sweep-vision", task="mnist-5k", rows=sweep_rows(cells))


def drawn(**options: object) -> Figure:
    return SHELF.get("sweep").figure(subject(**options))  # type: ignore[arg-type]


def panels(figure: Figure) -> list[object]:
    return [axes for axes in figure.axes if axes.get_visible()]


def test_every_plot_of_a_study_says_what_it_is() -> None:
    for name, plot in SHELF.all().items():
        assert plot.name == name
        assert plot.description.endswith(".")


def test_each_network_has_a_row_and_each_functional_a_column() -> None:
    figure = drawn()
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    words = ("activation energy in the loss", "action in the loss")
    assert titles == [f"{name}, {loss}" for name in ("MLP", "LeNet-5") for loss in words]
    assert len(panels(figure)) == 8


def test_zero_stands_apart_from_the_other_lambdas_and_is_named() -> None:
    lower = panels(drawn(instances=("MLP",), functionals=("action",)))[1]
    ticks = list(lower.get_xticks())
    assert [label.get_text() for label in lower.get_xticklabels()] == ["0", "1e-5", "1e-3", "1e-2"]
    assert ticks == pytest.approx([-6, -5, -3, -2])
    assert "//" in [text.get_text() for text in lower.texts]


def test_the_lines_are_the_ratios_and_the_accuracies() -> None:
    upper, lower = panels(drawn(instances=("MLP",), functionals=("action",), diverged=None))[:2]
    solid = {line.get_label(): line.get_ydata() for line in lower.lines if not line.get_label().startswith("_")}
    assert list(solid["activation energy E"]) == pytest.approx([0.1, 0.01, 0.001])
    assert list(solid["potential energy V"]) == pytest.approx([10, 100, 1000])
    errors = upper.lines[0].get_ydata()
    assert list(errors) == pytest.approx([0.16, 0.26, 0.36])
    assert upper.yaxis_inverted(), "accuracy grows upwards"


def test_what_did_not_complete_is_said_where_it_is_missing() -> None:
    upper = panels(drawn(instances=("MLP",), functionals=("action",)))[0]
    assert [(text.get_text(), text.xy[0]) for text in upper.texts] == [("1 not\ncomplete", pytest.approx(-2))]


def test_the_picture_is_worked_out_without_drawing() -> None:
    picture = sweep_picture(subject())
    panel = picture.panels["LeNet-5", "action"]
    assert panel.lambdas == LAMBDAS
    assert panel.short == (0, 0, 0, 1)
    energy = panel.ratios["activation_energy"]
    assert [found.mean for found in energy if found] == pytest.approx([1, 0.1, 0.01, 0.001], rel=1e-9)
    assert picture.title.endswith("over 3 seeds")
    assert picture.ratio_limits[0] < 1e-3 < 1e3 < picture.ratio_limits[1]


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_are_the_same_each_time(ending: str, tmp_path: Path) -> None:
    options = {"instances": ("MLP",), "functionals": ("activation_energy",)}
    first = save(drawn(**options), tmp_path / f"one{ending}").read_bytes()
    assert first == save(drawn(**options), tmp_path / f"two{ending}").read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"instances": ("MLP",), "functionals": ("action",), "seeds": 1},
        {"instances": ("MLP",), "functionals": ("action",), "lambdas": (1e-4, 1e-2)},
        {"instances": ("a network with a very long name indeed",), "lambdas": (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1)},
    ],
)
def test_nothing_is_clipped(options, tmp_path: Path) -> None:
    with Image.open(save(drawn(**options), tmp_path / "one.png")) as image:
        assert image.width >= 1200
        pixels = np.asarray(image.convert("L"))
        assert all((edge == 255).all() for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))


def test_a_sweep_of_which_nothing_is_complete_says_so() -> None:
    with pytest.raises(UsageError, match="the sweep has no completed training to draw"):
        drawn(seeds=1, lambdas=(1e-2,))
    with pytest.raises(UsageError, match="the sweep has no completed training to draw"):
        drawn(lambdas=(0.0,))


def test_drawing_needs_no_torch_and_no_pyplot() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/plots'); import test_sweep_plot as t; t.drawn()\n"
        "assert not {'torch', 'matplotlib.pyplot'} & set(sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env={"PYTHONPATH": str(root), "PATH": ""})
