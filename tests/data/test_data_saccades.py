"""Simulated events from real images: calibrated to N-MNIST, repeatable to the bit, and against a pixel by pixel simulation."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from minas.data import saccades, simulated
from minas.domains.vision import digits


@pytest.fixture(scope="module")
def some() -> np.ndarray:
    return digits().train.inputs[::25, 0]


def test_calibrated_to_n_mnist(some: np.ndarray) -> None:
    spikes, events = saccades.simulate(some, steps=10)
    assert spikes.shape == (200, 10, 2, 34, 34)
    assert set(np.unique(spikes)) == {0, 1}
    assert events.mean() == pytest.approx(4200, rel=0.03)
    assert spikes[:, :, 1].sum() / spikes.sum() == pytest.approx(0.5, abs=0.02)
    assert (events > 1000).all()


def test_the_trajectory_is_a_triangle_of_three_eased_moves() -> None:
    places = np.array(saccades.trajectory())
    reach = 181  # 64ths of a pixel
    assert len(places) == 61
    assert places[[0, 20, 40, 60]].tolist() == [[-reach, -reach], [reach, 0], [-reach, reach], [-reach, -reach]]
    speed = np.hypot(*np.diff(places, axis=0).T)
    for leg in range(3):
        within = speed[20 * leg : 20 * leg + 20]
        assert within[0] < within[10] / 3 > within[-1]


def test_against_one_pixel_at_a_time(some: np.ndarray) -> None:
    """Double precision, loops, and the definition of an event; whole-number rounding may move single events."""
    image = np.pad(some[3].astype(float), 7)
    spikes, count = saccades.simulate(some[3:4], steps=10)

    def level(row: int, column: int, place: tuple[int, int]) -> float:
        y, x = row + 4 - place[0] / 64, column + 4 - place[1] / 64
        top, left = math.floor(y), math.floor(x)
        down, right = y - top, x - left
        corners = image[top : top + 2, left : left + 2]
        shade = np.array([1 - down, down]) @ corners @ np.array([1 - right, right])
        return math.log(0.1 + shade / 255) / saccades.THRESHOLD

    places, total, expected = saccades.trajectory(), 0, np.zeros((10, 2, 34, 34))
    for row in range(8, 26):
        for column in range(8, 26):
            last = level(row, column, places[0])
            for move, place in enumerate(places[1:]):
                change = level(row, column, place) - last
                emitted = math.floor(abs(change))
                if emitted:
                    expected[move // 6, int(change > 0), row, column] = 1
                    last += math.copysign(emitted, change)
                    total += emitted
    inside = (slice(None), slice(None), slice(8, 26), slice(8, 26))
    assert (spikes[0][inside] != expected[inside]).mean() < 0.01
    assert total > 1000
    assert count[0] > total


def test_nothing_moves_nothing_fires() -> None:
    spikes, events = saccades.simulate(np.zeros((2, 28, 28), np.uint8), steps=6)
    assert not spikes.any()
    assert not events.any()


def test_finer_bins_hold_the_same_events(some: np.ndarray) -> None:
    fine, coarse = (saccades.simulate(some[:5], steps=steps)[0] for steps in (20, 10))
    assert np.array_equal(fine.reshape(5, 10, 2, 2, 34, 34).max(2), coarse)


def test_pooled() -> None:
    spikes = np.zeros((1, 1, 4, 4), np.uint8)
    spikes[0, 0, 1, 2] = spikes[0, 0, 0, 3] = 1
    assert saccades.pooled(spikes).tolist() == [[[[0, 1], [0, 0]]]]


@pytest.mark.parametrize(("shape", "steps"), [((1, 28, 28), 7), ((1, 40, 28), 10)])
def test_what_does_not_fit_is_refused(shape: tuple[int, ...], steps: int) -> None:
    with pytest.raises(ValueError, match="expected a divisor of 60, and at most 34"):
        saccades.simulate(np.zeros(shape, np.uint8), steps=steps)


def test_they_are_kept_in_the_cache_and_made_anew_when_damaged(some: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    images, calls = some[:7], []
    real = saccades.simulate
    monkeypatch.setattr(saccades, "simulate", lambda *given, **named: calls.append(named) or real(*given, **named))
    first = simulated.events_of(images, steps=10, halved=True)
    assert first.shape == (7, 10, 2, 17, 17)
    assert np.array_equal(simulated.events_of(images, steps=10, halved=True), first)
    assert len(calls) == 1
    path = simulated.place(images, steps=10, halved=True)
    content = bytearray(path.read_bytes())
    content[-5] ^= 8
    path.write_bytes(content)
    assert np.array_equal(simulated.events_of(images, steps=10, halved=True), first)
    assert len(calls) == 2
    assert simulated.events_of(images, steps=5, halved=False).shape == (7, 5, 2, 34, 34)
    assert simulated.events_of(images[:6], steps=10, halved=True).shape == (6, 10, 2, 17, 17)
    assert len(calls) == 4


def test_without_a_cache_that_can_be_written_it_is_done_without(
    some: np.ndarray, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(simulated, "place", lambda *_, **named: tmp_path / "file" / "x.bits")
    assert simulated.events_of(some[:2], steps=10, halved=True).any()
