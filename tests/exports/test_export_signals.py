"""An exported network for signals turns raw ones into samples, without MINAS."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from minas.data import signals
from minas.data.signals import Settings
from minas.exports import Content
from minas.exports.pytorch import write
from minas.graph import architecture as graph
from minas.network import build

RAW = np.random.default_rng(0).normal(3.0, 2.0, (12, 2, 90)).cumsum(axis=2).astype(np.float32)


def exported(folder: Path, preprocessing: dict[str, object]) -> ModuleType:
    stages = [{"width": 4, "stride": 1, "nodes": [{"operator": "spatial"}], "edges": [[0, 1]]}]
    architecture = graph.load({"schema": 1, "kind": "signal", "stages": stages, "head": {"spans": 2}})
    shape = tuple(preprocessing["shape"])  # type: ignore[arg-type, var-annotated]
    network = build(architecture, shape=shape, classes=2, seed=0)
    content = Content(
        architecture=architecture, state=network.state_dict(), shape=shape, classes=("n", "y"), preprocessing=preprocessing
    )
    write(content, folder)
    spec = importlib.util.spec_from_file_location("exported_signals", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(average=8),
        Settings(baseline=10, standardise="trial"),
        Settings(rate=100.0, band=(5.0, 20.0), average=2, standardise="none"),
        Settings(rate=100.0, band=(0.0, 20.0)),
        Settings(points=13),
        Settings(points=120),
    ],
)
def test_a_signal_becomes_the_same_sample(tmp_path: Path, settings: Settings) -> None:
    preprocessing = signals.fit(RAW[:8], settings, "here")
    model = exported(tmp_path / "network", preprocessing)
    wanted = signals.apply(preprocessing, RAW)
    found = model.samples(torch.from_numpy(RAW))
    assert (found.dtype, tuple(found.shape)) == (torch.float32, wanted.shape)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-4, atol=1e-4)
    assert model.load()(found).shape == (12, 2)


def test_signals_of_another_shape_are_refused(tmp_path: Path) -> None:
    model = exported(tmp_path / "network", signals.fit(RAW, Settings(), "here"))
    with pytest.raises(ValueError, match=r"signals of shape \(12, 2, 89\); expected \(signals, 2, 90\)"):
        model.samples(torch.from_numpy(RAW[:, :, 1:]))
