"""The line of event recordings: a readout of when and where something happened."""

from __future__ import annotations

import numpy as np
import pytest

from minas.data.task import Part, Task
from minas.lines import LINES, judge

pytest.importorskip("sklearn")


def part(samples: int, seed: int) -> Part:
    """Recordings of one row that moves down or up: summed over time they are alike."""
    rng = np.random.default_rng(seed)
    targets = np.arange(samples) % 2
    spikes = (rng.random((samples, 4, 2, 4, 4)) < 0.1).astype(np.float32)
    for sample, label in enumerate(targets):
        for step in range(4):
            spikes[sample, step, 0, 3 - step if label else step] = 1.0
    return Part(spikes, targets)


def test_the_readout_sees_the_order_in_time_and_not_only_sums():
    task = Task(
        name="rows", domain="neuromorphic", kind="spikes", shape=(4, 2, 4, 4), classes=("down", "up"),
        train=part(60, 0), validation=part(30, 1), test=part(40, 2), preprocessing={}, source="", licence="", digest="",
    )  # fmt: skip
    assert judge(LINES.get("linear_readout"), task).test["error"].mean == 0.0
