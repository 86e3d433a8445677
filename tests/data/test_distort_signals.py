"""Signals with channels that record nothing, and noisy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from minas.data import distort_signals
from minas.data.task import DataSource, Task
from minas.domains import physiological


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def own(folder: Path, preprocessing: str | None = None, channels: int = 8) -> Task:
    """Signals about a level of 100, of the deviations 1, 2, 3, ..."""
    rng = np.random.default_rng(0)
    x = 100 + rng.normal(size=(100, channels, 200)) * np.arange(1, channels + 1)[:, None]
    np.savez(folder / "mine.npz", x=x, y=np.arange(100) % 2)
    return physiological.load(DataSource(path=str(folder / "mine.npz"), preprocessing=preprocessing))


@pytest.mark.parametrize(("channels", "count"), [(8, 2), (3, 1), (1, 1), (6, 1)])
def test_a_quarter_of_the_channels_falls_silent_and_no_fewer_than_one(tmp_path: Path, channels: int, count: int) -> None:
    task = own(tmp_path, channels=channels)
    inputs = torch.from_numpy(task.train.inputs)
    changed = distort_signals.dropped_channels(task, inputs, generator()) != inputs
    assert torch.equal(changed.any(2), changed.all(2)), "a channel is silent all the time or never"
    assert (changed.any(2).sum(1) == count).all()
    assert changed.any(2).any(0).all(), "each channel in some samples"


@pytest.mark.parametrize(
    ("preprocessing", "silence"),
    [
        ("standardise=channel", lambda task: -np.array(task.preprocessing["mean"]) / task.preprocessing["standard_deviation"]),
        ("standardise=trial", lambda _: np.zeros(8)),
        ("standardise=none", lambda _: np.zeros(8)),
        (
            "standardise=channel,baseline=20",
            lambda task: -np.array(task.preprocessing["mean"]) / task.preprocessing["standard_deviation"],
        ),
    ],
)
def test_silence_is_what_preprocessing_makes_of_no_voltage(tmp_path: Path, preprocessing: str, silence) -> None:
    task = own(tmp_path, preprocessing)
    inputs = torch.from_numpy(task.test.inputs)
    outputs = distort_signals.dropped_channels(task, inputs, generator())
    expected = torch.from_numpy(silence(task)).float().view(1, 8, 1).expand_as(inputs)
    silent = outputs != inputs
    assert silent.any()
    torch.testing.assert_close(outputs[silent], expected[silent], rtol=1e-4, atol=1e-4)
    if preprocessing == "standardise=channel":
        assert float(expected[:, 0].max()) < -50, "far from the level about which the signals are"


@pytest.mark.parametrize("preprocessing", ["standardise=channel", "standardise=none"])
def test_noise_is_in_proportion_to_what_a_channel_records(tmp_path: Path, preprocessing: str) -> None:
    task = own(tmp_path, preprocessing)
    inputs = torch.from_numpy(task.train.inputs)
    added = (distort_signals.noisy(task, inputs, generator()) - inputs).std((0, 2))
    share = added / inputs.std((0, 2))
    assert share.tolist() == pytest.approx([distort_signals.NOISE] * 8, rel=0.05)
