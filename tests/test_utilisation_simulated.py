"""The simulation of the ordered window, against one that is slow and obvious."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

FILE = Path(__file__).resolve().parents[1] / "benchmarks" / "utilisation.py"


@pytest.fixture(scope="module")
def simulation():
    spec = importlib.util.spec_from_file_location("utilisation_benchmark", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def second_by_second(lengths: list[int], workers: int, window: int) -> int:
    """Return when the last trial ends, looking at everything once a second."""
    left, waiting, running, told, asked, second = list(lengths), [], [], 0, 0, 0
    while True:
        while told < asked and left[told] == 0:
            told += 1
        if told == len(lengths):
            return second
        while asked < len(lengths) and asked - told < window:
            waiting.append(asked)
            asked += 1
        while waiting and len(running) < workers:
            running.append(waiting.pop(0))
        for number in running:
            left[number] -= 1
        running = [number for number in running if left[number]]
        second += 1


@settings(max_examples=200, deadline=None)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=25), workers=st.integers(1, 5), window=st.integers(1, 12))
def test_the_simulation_is_the_ordered_windows_rule(simulation, lengths, workers, window):
    assert simulation.makespan(lengths, workers, window) == second_by_second(lengths, workers, window)


def test_without_a_window_only_the_end_is_idle(simulation):
    assert simulation.utilisation([3, 1, 1, 1], 2, None) == 1.0
    assert simulation.utilisation([1, 1, 1, 3], 2, None) == pytest.approx(6 / 8)
    assert simulation.utilisation([1, 1, 1, 3], 2, 1) == 0.5, "one trial at a time"
