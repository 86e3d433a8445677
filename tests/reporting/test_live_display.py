from __future__ import annotations

import time
from pathlib import Path

import pytest
from terminal import on_a_terminal

from minas import objectives
from minas.analysis.front import front_of
from minas.evolution.session import Progress
from minas.objectives import Bounds
from minas.reporting import live
from minas.trial import Candidate, Status, Trial

PAPER = objectives.load("paper", ["error", "action", "flops"])
BOUNDS = {
    "error": Bounds(ideal=0.0, reference=0.9),
    "action": Bounds(ideal=1.0, reference=1e4),
    "flops": Bounds(ideal=1e2, reference=1e6),
}


def trials(*rows: tuple[float, float, float]) -> list[Trial]:
    return [
        Trial(
            candidate=Candidate(role="search", number=number, key=f"{number:064x}"[::-1], architecture={}, seed=0, epochs=1),
            status=Status.COMPLETE,
            measures=dict(zip(PAPER.measures, row, strict=True)),
        )
        for number, row in enumerate(rows)
    ]


FRONT = front_of(trials((0.1, 100.0, 5e4), (0.2, 50.0, 4e4), (0.3, 20.0, 9e3)), PAPER, BOUNDS)
SEARCHING = Progress(phase="search", told=12, asked=20, of=40, left=125.0, spent=60.0, front=FRONT)


def test_a_line_says_phase_trials_front_hypervolume_and_time_left():
    assert live.line(SEARCHING) == (
        f"searching, 12 trials of 40, 3 on the front, hypervolume {FRONT.hypervolume:.3f}, 2m05s left"
    )
    assert live.line(Progress(phase="starting")) == "starting workers"


def test_every_phase_has_its_words():
    from typing import get_args

    from minas.evolution.session import Phase

    assert set(live.WORDS) == set(get_args(Phase))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0m00s"), (59.6, "1m00s"), (125, "2m05s"), (3600, "1h00m"), (5400, "1h30m")]
)
def test_spans_of_time(seconds, text):
    assert live.clock(seconds) == text


def test_time_left_by_the_pace_where_there_is_no_clock():
    assert live.time_left(Progress(phase="search", told=10, asked=12, of=40, spent=20.0)) == pytest.approx(60.0)
    assert live.time_left(Progress(phase="search", told=0, asked=2, of=40)) is None


def test_time_left_of_a_later_phase_or_sitting_is_by_its_own_pace():
    began = Progress(phase="control", told=5, asked=5, of=25, spent=300.0)
    assert live.time_left(began, began) is None
    assert live.time_left(Progress(phase="control", told=10, asked=12, of=25, spent=320.0), began) == pytest.approx(60.0)
    assert live.time_left(Progress(phase="control", told=10, of=25, left=7.0, spent=320.0), began) == 7.0


def test_the_pace_is_counted_from_where_a_phase_began(capsys, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with live.Live() as shown:
        for phase, told, spent in (("search", 40, 300.0), ("control", 0, 300.0), ("control", 10, 320.0)):
            shown(Progress(phase=phase, told=told, asked=20, of=40, spent=spent))
            now[0] += 20.0
    assert capsys.readouterr().err.splitlines()[-1] == "random control, 10 trials of 40, 1m00s left"


def test_where_there_is_no_terminal_a_line_now_and_then_on_standard_error(capsys, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with live.Live() as shown:
        shown.started(Path("results/run"))
        for _ in range(100):
            shown(SEARCHING)
            now[0] += 0.2
        shown(Progress(phase="finishing", note="a note"))
    found = capsys.readouterr()
    assert found.out == ""
    lines = found.err.splitlines()
    assert lines[0] == "writing to results/run"
    assert lines[-2:] == ["note: a note", "plots and tables"]
    assert len([line for line in lines if line.startswith("searching")]) == 2, "in 20 seconds"
    assert "\x1b" not in found.err


def test_quiet_says_nothing(capsys):
    with live.Live(quiet=True) as shown:
        shown.started(Path("results/run"))
        shown(SEARCHING)
        shown(Progress(phase="search", note="a note"))
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", "")


def test_on_a_terminal_a_bar_with_time_left_and_the_front_as_a_live_table():
    text = on_a_terminal(
        "from test_live_display import SEARCHING\nfrom minas.reporting.live import Live\n"
        "with Live() as live:\n    live(SEARCHING)"
    )
    assert "2m05s left" in text
    assert "━" in text, "no progress bar"
    for member in FRONT.members:
        assert member.id in text
    assert "error" in text
    assert "knee" in text
    assert text.rstrip().endswith("\x1b[2K") or "\x1b[1A" in text, "the display is taken away at the end"


def test_a_long_front_is_shown_in_part_with_all_labelled_members():
    many = front_of(trials(*[(0.01 * n, 1000.0 / n, 5e4) for n in range(1, 40)]), PAPER, BOUNDS)
    shown = live._chosen(many.members)
    assert len(shown) == live.MOST_ROWS
    assert {label for member in shown for label in member.labels} == {"knee", "accurate", "frugal"}
    assert [many.members.index(member) for member in shown] == sorted(many.members.index(member) for member in shown)
