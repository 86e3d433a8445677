from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import picture_samples
import pytest
import subject_samples
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

from minas.analysis.topology import NodePicture
from minas.errors import UsageError
from minas.plots import SHELF
from minas.plots._labels import place
from minas.plots._lines import apart
from minas.plots._log_axis import ticks
from minas.plots.architecture import NO_ACTION
from minas.plots.front import AVERAGE, BASELINE, CONFIRMED, CONTROL, DOMINATED, FRONT, INITIAL, TESTED_BASELINE


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]  # type: ignore[attr-defined]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for one in figure.legends for text in one.get_texts()]


def points(figure: Figure, panel: int, label: str) -> np.ndarray:
    found = [c for c in figure.axes[panel].collections if isinstance(c, PathCollection) and c.get_label() == label]
    return np.asarray(found[0].get_offsets())


def test_front_draws_each_pair_with_everything_named() -> None:
    info = picture_samples.front()
    figure = SHELF.get("front").draw(info)
    assert [(a.get_ylabel(), a.get_xlabel()) for a in figure.axes] == [
        ("error", "action"),
        ("error", "FLOPs (multiply-accumulates)"),
        ("action", "FLOPs (multiply-accumulates)"),
    ]
    assert [(a.get_yscale(), a.get_xscale()) for a in figure.axes] == [("linear", "log"), ("linear", "log"), ("log", "log")]
    assert legend(figure) == [FRONT, CONFIRMED, DOMINATED, CONTROL, TESTED_BASELINE, BASELINE]
    written = texts(figure)
    for name in ("knee", "accurate", "frugal", "chain w 8", "chain w 16"):
        assert written.count(name) == 3
    assert "0a1b2c3d" not in written
    assert any("hypervolume 0.712" in text for text in written)
    assert points(figure, 0, FRONT).tolist() == [[2e3, 0.01], [200, 0.03], [20, 0.1], [90, 0.06]]
    assert len(points(figure, 1, DOMINATED)) == len(points(figure, 2, CONTROL)) == 40
    assert points(figure, 0, BASELINE).tolist() == [[3000, 0.02]]


@pytest.mark.parametrize("axes", [2, 3])
def test_lines_stand_in_a_column_beside_the_error_apart_from_one_another(axes) -> None:
    info = dataclasses.replace(picture_samples.front(axes=axes), lines=picture_samples.LINES)
    figure = SHELF.get("front").draw(info)
    column, beside = figure.axes[-1], figure.axes[0 if axes == 2 else 1]
    assert column.get_ylim() == beside.get_ylim() == info.axes[0].limits
    assert beside.get_position().x1 < column.get_position().x0
    assert axes == 2 or column.get_position().x1 < figure.axes[2].get_position().x0
    assert column.get_position().width < beside.get_position().width / 2
    names = [" ".join(text.get_text().split()) for text in column.texts]
    assert names == ["logistic regression 8.9%", "SVM 9.0%", "random kernels 10.2%", "Riemannian 46.4% (beyond)"]
    boxes = [text.get_window_extent() for text in column.texts]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])
        assert not any(box.overlaps(panel.bbox) for panel in figure.axes[:-1])
    marks = [float(container.lines[0].get_ydata()[0]) for container in column.containers]
    assert marks == [0.0887, 0.09, 0.1024]


@pytest.mark.parametrize("wanted", [[50.0], [10.0, 12.0, 90.0], [1.0, 2.0, 3.0], [97.0, 98.0, 99.0], [50.0, 50.0, 50.0, 66.0]])
def test_boxes_are_put_apart_within_the_frame(wanted) -> None:
    places = apart(wanted, [15.0] * len(wanted), low=0.0, high=100.0)
    assert all(later - earlier >= 15.0 - 1e-9 for earlier, later in itertools.pairwise(places))
    assert places[0] >= 7.5
    assert places[-1] <= 92.5
    assert wanted != [50.0] or places == [50.0]
    assert wanted != [10.0, 12.0, 90.0] or places == [7.5, 22.5, 90.0]


def test_the_random_line_and_its_average_are_named_for_what_they_are() -> None:
    average = np.array([0.15, 3e3, 3e5])
    info = dataclasses.replace(picture_samples.front(), random="initial population", average=average)
    figure = SHELF.get("front").draw(info)
    assert INITIAL in legend(figure)
    assert CONTROL not in legend(figure)
    assert points(figure, 0, AVERAGE).tolist() == [[3e3, 0.15]]
    assert points(figure, 2, AVERAGE).tolist() == [[3e5, 3e3]]
    far = dataclasses.replace(info, average=np.array([0.45, 3e3, 3e5]))
    title = SHELF.get("front").draw(far).legends[0].get_title().get_text()
    assert "the average random architecture, at 45.0% error" in title


def test_confirmed_members_have_error_bars() -> None:
    figure = SHELF.get("front").draw(picture_samples.front())
    bars = [c for c in figure.axes[0].containers if c.get_label() == CONFIRMED]
    assert len(bars) == 1
    line, _, (across, up) = bars[0].lines  # type: ignore[attr-defined]
    assert line.get_xydata().tolist() == [[2.1e3, 0.009], [210, 0.02]]
    assert up.get_segments()[1][:, 1].tolist() == pytest.approx([0.018, 0.022])
    assert across.get_segments()[1][:, 0].tolist() == pytest.approx([189, 231])


def test_a_front_without_control_baselines_or_points() -> None:
    assert legend(SHELF.get("front").draw(picture_samples.front(control=False, baselines=False, many=0, members=3))) == [
        FRONT,
        CONFIRMED,
    ]
    nothing = SHELF.get("front").draw(picture_samples.front(control=False, baselines=False, many=0, members=0))
    assert legend(nothing) == []
    assert len(nothing.axes) == 3


def test_two_objectives_have_one_panel_and_one_has_none() -> None:
    assert len(SHELF.get("front").draw(picture_samples.front(axes=2)).axes) == 1
    with pytest.raises(UsageError, match="only one objective"):
        SHELF.get("front").draw(picture_samples.front(axes=1))


def test_zero_and_missing_values() -> None:
    info = picture_samples.front(many=6, control=False)
    info.dominated[0, 2] = 0.0
    info.dominated[1, 2] = np.nan
    figure = SHELF.get("front").draw(info)
    assert len(points(figure, 1, DOMINATED)) == 5
    assert points(figure, 1, DOMINATED)[0, 0] == info.axes[2].limits[0]
    assert len(points(figure, 0, DOMINATED)) == 6
    title = figure.legends[0].get_title().get_text()
    assert "Points with 0 FLOPs stand at the start of the axis." in title


def test_trials_beyond_an_axis_are_mentioned() -> None:
    info = picture_samples.front(many=3, control=False)
    info.dominated[:, 0] = [0.05, 0.3, 0.5]
    assert SHELF.get("front").draw(info).legends[0].get_title().get_text() == "2 trials lie beyond an axis."


def test_hypervolume_curves_and_their_ends() -> None:
    info = picture_samples.hypervolume()
    figure = SHELF.get("hypervolume").draw(info)
    assert legend(figure) == ["initial population (random)", "search", "random architectures (control)"]
    search = next(line for line in figure.axes[0].lines if line.get_label() == "search")
    assert np.asarray(search.get_ydata()).tolist() == [0.0, *info.search]
    assert f"{info.search[-1]:.3f}" in texts(figure)
    assert f"{info.control[-1]:.3f}" in texts(figure)


@pytest.mark.parametrize(
    ("trials", "names"), [(0, []), (1, ["search"]), (20, ["search"]), (21, ["initial population (random)", "search"])]
)
def test_hypervolume_without_a_control(trials: int, names: list[str]) -> None:
    assert legend(SHELF.get("hypervolume").draw(picture_samples.hypervolume(trials=trials, control=False))) == names


def test_architecture_writes_operators_flops_and_action() -> None:
    figure = SHELF.get("architecture").draw(picture_samples.architecture())
    written = texts(figure)
    assert [text for text in written if text.startswith("stage")] == [f"stage {n}:  width 16, 14 × 14" for n in (1, 2, 3)]  # noqa: RUF001
    assert written.count("sep3x3") == 3
    assert written.count("squeeze") == written.count("excitation") == 3
    assert written.count("25k FLOPs") == 3
    assert written.count("no FLOPs") == 6
    assert written.count("action 50") == 3
    assert "10 classes" in written
    assert any(text.startswith("share of the network's action") for text in written)
    boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]
    assert len(boxes) == 3 * (7 + 1) + 2


def test_a_stem_stands_before_the_stages_and_says_what_it_is() -> None:
    stem = NodePicture(
        operator="token embedding",
        flops=0,
        action=40.0,
        share=0.9,
        details=("bag 0", "buckets 4096", "rows 12000", "width 16"),
    )
    info = dataclasses.replace(picture_samples.architecture(stages=1), stem=stem)
    figure = SHELF.get("architecture").draw(info)
    written = texts(figure)
    for line in ("token", "embedding", "bag 0", "buckets 4096", "rows 12000", "width 16", "action 40"):
        assert line in written
    boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]
    assert len(boxes) == 7 + 1 + 3
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    box = boxes[1].get_window_extent(renderer)
    for text in figure.axes[0].texts:
        if text.get_text() in stem.details:
            inner = text.get_window_extent(renderer)
            assert box.x0 <= inner.x0 < inner.x1 <= box.x1
            assert box.y0 <= inner.y0 < inner.y1 <= box.y1


def test_architecture_without_action_is_coloured_by_flops() -> None:
    written = texts(SHELF.get("architecture").draw(picture_samples.architecture(action=False, stages=1)))
    assert not any(text.startswith("action") for text in written)
    assert any(text.startswith("share of the network's FLOPs") for text in written)


def test_an_architecture_without_action_says_so_and_what_it_takes() -> None:
    plot = SHELF.get("architecture")
    without, known = (plot.figure(subject_samples.architecture(action=action)) for action in (False, True))
    assert [text for text in texts(without) if text.endswith(f"\n{NO_ACTION}")]
    assert not [text for text in texts(known) if NO_ACTION in text]
    assert "minas front" in NO_ACTION


def test_a_run_s_records_reach_its_plots() -> None:
    run = subject_samples.run()
    for name in ("front", "hypervolume"):
        assert run.title in texts(SHELF.get(name).figure(run))
    front, hypervolume = (SHELF.get(name).value(run) for name in ("front", "hypervolume"))
    assert [axis.label for axis in front.axes] == ["error", "action", "FLOPs (MAC)"]
    assert len(front.members) == len(run.front.members)
    assert len(front.dominated) == len(run.told) - len(run.front.members) - 1, "one failed"
    assert len(front.control) == len(run.control)
    assert [mark.name for mark in front.baselines] == ["chain w16"]
    assert sum(mark.test[0] is not None for mark in front.members) == 3
    assert (len(hypervolume.search), len(hypervolume.control), hypervolume.population) == (30, 25, 8)


@pytest.mark.parametrize("operator", ["conv3x3", "squeeze excitation", "transposed convolution dilation=2, heads=4", "x" * 30])
def test_text_in_a_box_stays_in_it(operator: str) -> None:
    info = picture_samples.architecture(stages=1)
    first, *others = info.stages[0].nodes
    stage = dataclasses.replace(info.stages[0], nodes=(dataclasses.replace(first, operator=operator), *others))
    figure = SHELF.get("architecture").draw(dataclasses.replace(info, stages=(stage,)))
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [patch.get_window_extent(renderer) for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]
    for text in figure.axes[0].texts:
        if text.get_text().startswith("stage"):
            continue
        inner = text.get_window_extent(renderer)
        assert any(b.x0 <= inner.x0 and inner.x1 <= b.x1 and b.y0 <= inner.y0 and inner.y1 <= b.y1 for b in boxes), text


@pytest.mark.parametrize(("low", "high"), [(8.0, 1.3e4), (120.0, 480.0), (1e-3, 1e12), (3.0, 30.0), (950.0, 1050.0)])
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    got = ticks(low, high)
    assert 1 <= len(got) <= 7
    assert all(low <= value <= high for value in got)
    assert all(float(f"{value:.2g}") == pytest.approx(value) for value in got)


def test_names_overlap_neither_each_other_nor_the_frame() -> None:
    anchors = np.array(
        [[100.0, 100.0], [104.0, 102.0], [98.0, 96.0], [395.0, 295.0], [2.0, 2.0], [220.0, 100.0], [260.0, 104.0]]
    )
    boxes = place([(60, 14)] * 7, anchors, np.empty((0, 2)), (0, 0, 400, 300))
    for one, (left, bottom, right, top) in enumerate(boxes):
        assert left >= 0
        assert bottom >= 0
        assert right <= 400
        assert top <= 300
        for other in boxes[:one]:
            assert right <= other[0] or other[2] <= left or top <= other[1] or other[3] <= bottom


def test_names_do_not_hide_points_where_there_is_room() -> None:
    points = np.array([[100.0, 100.0], [130.0, 108.0], [130.0, 100.0], [70.0, 108.0]])
    ((left, bottom, right, top),) = place([(60, 14)], points[:1], points, (0, 0, 400, 300))
    assert not ((points > [left, bottom]) & (points < [right, top])).all(axis=1).any()
