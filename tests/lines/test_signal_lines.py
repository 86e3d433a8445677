"""The lines of signals: what each of them tells apart, and their mathematics against obvious computations."""

from __future__ import annotations

import numpy as np
import pytest

from minas import seeds
from minas.data.task import Part, Task
from minas.lines import LINES, judge
from minas.lines.random_kernels import drawn, features
from minas.lines.riemannian import covariances, mean, tangents

pytest.importorskip("sklearn")
TIME = 40


def task(signals) -> Task:
    """A task of two classes; `signals` gives (samples, 3, TIME) from classes and a generator."""

    def part(samples: int, seed: int) -> Part:
        targets = np.arange(samples) % 2
        return Part(signals(targets, np.random.default_rng(seed)).astype(np.float32), targets)

    return Task(
        name="waves", domain="physiological", kind="signal", shape=(3, TIME), classes=("a", "b"),
        train=part(80, 0), validation=part(40, 1), test=part(60, 2), preprocessing={}, source="", licence="", digest="",
    )  # fmt: skip


def levels(targets, rng):
    """One channel stands a little higher, all the time."""
    out = rng.normal(size=(len(targets), 3, TIME))
    out[:, 1] += 0.8 * targets[:, None]
    return out


def waves(targets, rng):
    """A short wave in one channel, slow or fast, at any time."""
    out = 0.3 * rng.normal(size=(len(targets), 3, TIME))
    for sample, label in enumerate(targets):
        start = rng.integers(0, TIME - 16)
        out[sample, 0, start : start + 16] += 1.5 * np.sin(np.arange(16) * (2.4 if label else 0.8))
    return out


def coupled(targets, rng):
    """Two channels go along with each other, or against each other; each alone is noise."""
    out = rng.normal(size=(len(targets), 3, TIME))
    out[:, 1] = 0.6 * out[:, 1] + (0.8 * (2 * targets - 1))[:, None] * out[:, 0]
    return out


@pytest.mark.parametrize(
    ("name", "signals", "most"),
    [("logistic_regression", levels, 0.1), ("random_kernels", waves, 0.15), ("riemannian", coupled, 0.05)],
)
def test_each_line_tells_apart_what_it_is_made_for(name, signals, most):
    judged = judge(LINES.get(name), task(signals))
    assert judged.test["error"].mean <= most


def test_a_line_gives_the_same_answers_each_time():
    data = task(waves)
    first, second = (LINES.get("random_kernels").fit(data)(data.test.inputs) for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize(("channels", "time"), [(1, 5), (3, 40), (22, 300)])
def test_features_are_the_largest_answer_and_the_share_above_0(channels, time):
    rng = seeds.generator(1, "test")
    kernels = [drawn(channels, time, rng) for _ in range(20)]
    signal = rng.normal(size=(1, channels, time)).astype(np.float32)
    for place, kernel in enumerate(kernels):
        padded = np.pad(signal[0, kernel.channels].astype(np.float64), ((0, 0), (kernel.padding, kernel.padding)))
        reach = (kernel.weights.shape[1] - 1) * kernel.dilation
        answers = np.array([
            sum((padded[:, at + step * kernel.dilation] * kernel.weights[:, step]).sum() for step in range(kernel.weights.shape[1]))
            for at in range(padded.shape[1] - reach)
        ])  # fmt: skip
        found = features(signal, kernels)[0, 2 * place : 2 * place + 2]
        assert found == pytest.approx([answers.max() + kernel.bias, (answers + kernel.bias > 0).mean()], abs=1e-4)


def positive(samples: int, size: int, seed: int) -> np.ndarray:
    mixed = np.random.default_rng(seed).normal(size=(samples, size, 3 * size))
    return mixed @ mixed.transpose(0, 2, 1)


def test_the_mean_of_matrices_that_share_their_axes_is_geometric():
    scales = np.random.default_rng(0).uniform(0.1, 10, (6, 4))
    matrices = np.array([np.diag(row) for row in scales])
    np.testing.assert_allclose(mean(matrices), np.diag(np.exp(np.log(scales).mean(0))), rtol=1e-9)


def test_the_mean_follows_any_mixing_of_the_channels_and_its_tangents_add_up_to_nothing():
    matrices, mixing = positive(12, 4, 1), np.random.default_rng(2).normal(size=(4, 4))
    point = mean(matrices)
    np.testing.assert_allclose(mean(mixing @ matrices @ mixing.T), mixing @ point @ mixing.T, rtol=1e-6)
    np.testing.assert_allclose(tangents(matrices, point).mean(0), 0.0, atol=1e-8)


def test_the_length_of_a_tangent_is_the_distance_from_the_mean():
    """Forstner and Moonen: the root of the sum of squared logarithms of the generalised eigenvalues."""
    linalg = pytest.importorskip("scipy.linalg")
    first, second = positive(2, 5, 3)
    wanted = np.sqrt((np.log(linalg.eigh(second, first, eigvals_only=True)) ** 2).sum())
    assert np.linalg.norm(tangents(second[None], first)) == pytest.approx(wanted)


def test_covariances_are_positive_even_where_a_channel_is_flat():
    flat = np.zeros((2, 3, 10))
    flat[:, 0] = np.random.default_rng(0).normal(size=(2, 10))
    assert (np.linalg.eigvalsh(covariances(flat)) > 0).all()
    assert np.isfinite(tangents(covariances(flat), mean(covariances(flat)))).all()
