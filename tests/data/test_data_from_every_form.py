"""Arrays, torch data sets and parts given apart, in every domain; and samples of unequal lengths."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, Subset, TensorDataset

from minas.data import arrays
from minas.domains import DOMAINS
from minas.errors import DataError

RNG = np.random.default_rng(0)
COUNT = 60
LABELS = np.arange(COUNT) % 3
SAMPLES = {
    "vision": RNG.random((COUNT, 1, 12, 12)).astype(np.float32),
    "physiological": RNG.normal(size=(COUNT, 4, 64)).astype(np.float32),
    "neuromorphic": (RNG.random((COUNT, 5, 2, 8, 8)) < 0.2).astype(np.uint8),
    "text": [f"word{place % 3} of the größte number {place}" for place in range(COUNT)],
}
WHOLE, APART, TEST_APART = (36, 12, 12), (30, 15, 15), (25, 5, 30)


class Pairs(Dataset):
    def __init__(self, samples, labels) -> None:
        self.samples, self.labels = samples, labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, place):
        sample = self.samples[place]
        return sample if isinstance(sample, str) else torch.from_numpy(sample), int(self.labels[place])


def cut(samples, ends, make):
    return [make(samples[low:high], LABELS[low:high]) for low, high in zip([0, *ends], [*ends, COUNT], strict=True)]


def pair(samples, labels):
    return samples, labels


FORMS = {
    "arrays": (lambda x: (x, LABELS), WHOLE),
    "lists": (lambda x: [list(x), LABELS.tolist()], WHOLE),
    "names of classes": (lambda x: (x, np.array(["low", "mid", "up"])[LABELS]), WHOLE),
    "a data set": (lambda x: Pairs(x, LABELS), WHOLE),
    "a subset": (lambda x: Subset(Pairs(x, LABELS), range(COUNT)), WHOLE),
    "three pairs": (lambda x: tuple(cut(x, [30, 45], pair)), APART),
    "two pairs": (lambda x: tuple(cut(x, [30], pair)), TEST_APART),
    "three data sets": (lambda x: cut(x, [30, 45], Pairs), APART),
    "two data sets": (lambda x: cut(x, [30], Pairs), TEST_APART),
}


@pytest.mark.parametrize("domain", SAMPLES)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_every_domain_a_task(domain, form, tmp_path):
    make, sizes = FORMS[form]
    task = DOMAINS.get(domain).load(arrays.store(make(SAMPLES[domain]), tmp_path))
    assert (len(task.train), len(task.validation), len(task.test)) == sizes
    assert len(task.classes) == 3
    usual = DOMAINS.get(domain).load(arrays.store((SAMPLES[domain], LABELS), tmp_path))
    assert (task.kind, task.shape) == (usual.kind, usual.shape)
    if sizes == WHOLE:
        assert np.array_equal(task.train.inputs, usual.train.inputs)


@pytest.mark.parametrize("domain", ["vision", "physiological", "neuromorphic"])
def test_tensors_are_the_same_task_as_arrays(domain, tmp_path):
    samples = torch.from_numpy(SAMPLES[domain])
    usual = DOMAINS.get(domain).load(arrays.store((SAMPLES[domain], LABELS), tmp_path))
    for data in (
        (samples, torch.from_numpy(LABELS)),
        TensorDataset(samples, torch.from_numpy(LABELS)),
        (list(samples), LABELS),
    ):
        assert DOMAINS.get(domain).load(arrays.store(data, tmp_path)).digest == usual.digest


def stored(data, domain, tmp_path):
    source = arrays.store(data, tmp_path, behind=DOMAINS.get(domain).behind)
    with np.load(source.path) as found:
        return {name: found[name] for name in found.files}


@pytest.mark.parametrize("make", [pair, Pairs])
def test_shorter_signals_stay_at_their_last_values(make, tmp_path):
    signals = [RNG.normal(size=(2, 5 + place % 3)) for place in range(6)]
    found = stored(make(signals, [0, 1] * 3), "physiological", tmp_path)["x_train"]
    assert found.shape == (6, 2, 7)
    for whole, signal in zip(found, signals, strict=True):
        assert whole[:, : signal.shape[1]] == pytest.approx(signal)
        assert (whole[:, signal.shape[1] :] == whole[:, signal.shape[1] - 1 : signal.shape[1]]).all()


@pytest.mark.parametrize("rest", [(3,), (2, 4, 4)])
def test_shorter_recordings_have_no_events_behind_their_end(rest, tmp_path):
    spikes = [np.ones((2 + place % 2, *rest), np.uint8) for place in range(6)]
    found = stored((spikes, [0, 1] * 3), "neuromorphic", tmp_path)["x_train"]
    assert found.shape == (6, 3, *rest)
    assert [int(recording.any(axis=tuple(range(1, recording.ndim))).sum()) for recording in found] == [2, 3] * 3


def test_the_longest_sample_of_all_parts_decides(tmp_path):
    parts = (np.zeros((4, 5)), [0, 1, 0, 1]), ([np.ones(3), np.ones(8)], [0, 1])
    found = stored(parts, "physiological", tmp_path)
    assert found["x_train"].shape == (4, 1, 8)
    assert found["x_test"].shape == (2, 1, 8)


@pytest.mark.parametrize(
    ("domain", "samples", "message"),
    [
        ("physiological", [np.zeros((2, 5)), np.zeros((3, 5))], "may differ in time alone"),
        ("physiological", [np.zeros((2, 5)), np.zeros((2, 0))], "may differ in time alone"),
        ("physiological", [np.zeros((1, 2, 5)), np.zeros((1, 2, 6))], "may differ in time alone"),
        ("neuromorphic", [np.zeros((2, 5)), np.zeros((2, 6))], "may differ in time alone"),
        ("vision", [np.zeros((5, 5)), np.zeros((5, 6))], "samples of one shape"),
    ],
)
def test_samples_that_differ_otherwise_are_refused(domain, samples, message, tmp_path):
    with pytest.raises(DataError, match=message):
        stored((samples, [0, 1]), domain, tmp_path)
