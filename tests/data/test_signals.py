"""Preprocessing of signals, against slow and obvious ways to the same numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minas.data import signals
from minas.data.signals import Settings
from minas.errors import DataError, UsageError


def noise(samples: int = 20, channels: int = 3, time: int = 64, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scale, level = rng.uniform(1, 50, (1, channels, 1)), rng.normal(0, 20, (samples, channels, 1))
    return (level + scale * rng.normal(size=(samples, channels, time))).astype(np.float32)


def test_by_channel_the_training_part_gets_mean_zero_and_deviation_one_and_keeps_levels() -> None:
    train, other = noise(), noise(seed=1) + 30
    found = signals.fit(train, Settings(), "x")
    out = signals.apply(found, train)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.mean(axis=(0, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(out.std(axis=(0, 2)), 1, atol=1e-5)
    assert out.mean(axis=2).std() > 0.1  # a trial's level is still there
    mean, deviation = train.astype(float).mean(axis=(0, 2)), train.astype(float).std(axis=(0, 2))
    expected = (other - mean[:, None]) / deviation[:, None]
    np.testing.assert_allclose(signals.apply(found, other), expected, rtol=1e-4, atol=1e-4)


def test_by_trial_the_level_of_each_goes() -> None:
    train = noise()
    out = signals.apply(signals.fit(train, Settings(standardise="trial"), "x"), train)
    np.testing.assert_allclose(out.mean(axis=2), 0, atol=1e-5)
    np.testing.assert_allclose(out.std(axis=2), 1, atol=1e-4)
    constant = np.full((1, 3, 64), 7, np.float32)
    assert not signals.apply(signals.fit(train, Settings(standardise="trial"), "x"), constant).any()


def test_without_standardisation_values_stay() -> None:
    train = noise()
    assert (signals.apply(signals.fit(train, Settings(standardise="none"), "x"), train) == train).all()


def test_each_channel_of_each_sample_is_seen_from_its_baseline() -> None:
    train, found = noise(), signals.fit(noise(), Settings(baseline=16, average=4, standardise="none"), "x")
    out = signals.apply(found, train)
    np.testing.assert_allclose(out[:, :, :4].mean(axis=2), 0, atol=1e-4)
    level = train[:, :, :16].astype(float).mean(axis=2, keepdims=True)
    expected = (train - level).reshape(20, 3, 16, 4).mean(axis=3)
    np.testing.assert_allclose(out, expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(signals.apply(found, train + 1000), out, atol=1e-2)  # a level that stays says nothing
    del found["baseline"]  # as in what was written before there were any
    assert np.abs(signals.apply(found, train)).max() > np.abs(out).max()


@given(st.integers(1, 9), st.integers(9, 40))
@settings(deadline=None, max_examples=30)
def test_averages_are_those_of_points_one_after_the_other(average: int, time: int) -> None:
    train = noise(samples=4, time=time)
    found = signals.fit(train, Settings(average=average, standardise="none"), "x")
    out = signals.apply(found, train)
    assert found["shape"] == [3, time // average] == list(out.shape[1:])
    for place in range(out.shape[2]):
        expected = train[:, :, place * average : (place + 1) * average].mean(axis=2)
        np.testing.assert_allclose(out[:, :, place], expected, rtol=1e-4, atol=1e-4)


@given(st.integers(1, 40), st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_samples_come_to_any_number_of_points_in_their_place_in_time(points: int, length: int) -> None:
    rise = np.arange(length, dtype=np.float32) + 0.5  # the middle of each point of time
    train = np.stack([np.stack([rise, 3 - 2 * rise]), np.zeros((2, length), np.float32)])
    found = signals.fit(train, Settings(points=points, standardise="none"), "x")
    out = signals.apply(found, train)[0]
    assert found["shape"] == [2, points] == list(out.shape)
    middles = (np.arange(points) + 0.5) * length / points
    expected = middles.clip(rise[0], rise[-1])
    # A share that cuts a point of time takes the cut part of its value, which moves a mean by a quarter of a point at most.
    cut = 0.0 if points >= length or length % points == 0 else 0.25
    np.testing.assert_allclose(out[0], expected if points > length else middles, rtol=1e-4, atol=cut + 1e-4)
    np.testing.assert_allclose(out[1], 3 - 2 * out[0], rtol=1e-4, atol=1e-3)


def test_fewer_points_are_means_over_equal_shares() -> None:
    train = noise(time=60)
    out = signals.apply(signals.fit(train, Settings(points=8, standardise="none"), "x"), train)
    finer = np.repeat(train.astype(float), 8, axis=2)  # 8 shares of 60 points are 60 finer points each
    np.testing.assert_allclose(out, finer.reshape(20, 3, 8, 60).mean(axis=3), rtol=1e-4, atol=1e-3)
    averages = signals.apply(signals.fit(train, Settings(average=5, standardise="none"), "x"), train)
    same = signals.apply(signals.fit(train, Settings(points=12, standardise="none"), "x"), train)
    np.testing.assert_allclose(same, averages, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("band", "kept", "lost"),
    [((8.0, 12.0), [10], [0, 2, 30]), ((0.0, 12.0), [0, 2, 6], [30]), ((20.0, 60.0), [30], [0, 2, 10])],
)
def test_a_band_keeps_its_frequencies_and_their_place_in_time(
    band: tuple[float, float], kept: list[int], lost: list[int]
) -> None:
    time = np.arange(512) / 128
    found = signals.fit(noise(time=512), Settings(rate=128.0, band=band, standardise="none"), "x")
    middle = slice(128, 384)
    for hertz in (*kept, *lost):
        wave = np.cos(2 * np.pi * hertz * time).astype(np.float32)
        out = signals.apply(found, np.broadcast_to(wave, (1, 3, 512)))[0, 0]
        expected = wave if hertz in kept else 0 * wave
        np.testing.assert_allclose(out[middle], expected[middle], atol=0.06)


def test_nothing_but_the_training_part_is_fitted_and_json_carries_it() -> None:
    train = noise()
    found = signals.fit(train, Settings(rate=128.0, band=(1.0, 30.0), average=2), "x")
    again = json.loads(json.dumps(found))
    assert again == found
    assert (signals.apply(again, noise(seed=3)) == signals.apply(found, noise(seed=3))).all()


def test_one_channel_needs_no_axis() -> None:
    flat = noise(channels=1)[:, 0]
    assert signals.values(flat, "x").shape == (20, 1, 64)
    found = signals.fit(signals.values(flat, "x"), Settings(), "x")
    assert signals.apply(found, flat).shape == (20, 1, 64)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3, 4, 5)), r"x: signals of shape \(2, 3, 4, 5\); expected \(samples, channels, time\)"),
        (np.zeros((2, 0, 4)), r"x: signals of shape \(2, 0, 4\)"),
        (np.zeros((2, 3, 4), complex), "x: signals of dtype complex128; expected real numbers"),
        (np.array([[[1.0, np.nan]], [[1.0, 2.0]]]), "x: NaN, infinite or huge values in 1 samples, sample 0 first"),
        (np.array([[[1.0, 2.0]], [[1e300, 2.0]]]), "x: NaN, infinite or huge values in 1 samples, sample 1 first"),
    ],
)
def test_what_is_no_signal_is_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        signals.values(array, "x")


def test_signals_of_another_form_than_in_training_are_refused() -> None:
    found = signals.fit(noise(), Settings(), "x")
    with pytest.raises(DataError, match=r"signals of shape \(3, 32\); expected 3 channels and 64 points of time"):
        signals.apply(found, noise(time=32))
    with pytest.raises(DataError, match="all values of all training signals are alike"):
        signals.fit(np.ones((4, 2, 8), np.float32), Settings(), "x")
    with pytest.raises(DataError, match="signals of 64 points of time; expected more than 64, which are the baseline"):
        signals.fit(noise(), Settings(baseline=64), "x")
    with pytest.raises(DataError, match="signals of 64 points of time; expected at least 65"):
        signals.fit(noise(), Settings(average=65), "x")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"average": 0}, "average over 0 points"),
        ({"points": 0}, "0 points of time from averages over 1; expected 1 or more"),
        ({"points": 8, "average": 2}, "8 points of time from averages over 2"),
        ({"baseline": -1}, "baseline of -1 points of time; expected 0, which is none, or more"),
        ({"standardise": "sample"}, "standardise = 'sample'; expected none, channel or trial"),
        ({"band": (1.0, 30.0)}, "needs the rate"),
        ({"band": (1.0, 64.0), "rate": 128.0}, "expected 0 <= lowest < highest < 64.0, half the rate"),
        ({"band": (8.0, 4.0), "rate": 128.0}, "from 8.0 to 4.0 Hz"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Settings(**options)
