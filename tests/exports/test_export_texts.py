"""An exported network for texts says how a text becomes a sample, without MINAS."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from minas.data import texts
from minas.exports import Content
from minas.exports.pytorch import write
from minas.graph import architecture as graph
from minas.network import build

TRAINING = [
    "Good day, isn't it?",
    "good night!",
    "ένα καλό βιβλίο",
    "一本好书",
    "मौसम अच्छा है",
    "a day, a night",
    "good book",
] * 2
OTHERS = [
    "Isn\u2019t that a GOOD day",
    "",
    "?!",
    "一本 unknown 书",
    "मौसम",
    "word " * 40,
    "\ud800 half",
    "naïvee\u0301",
    "'t",
    "😀 day",
]


def dumped(rows: int) -> dict[str, object]:
    stages = [{"width": 4, "stride": 1, "nodes": [{"operator": "token_pass"}], "edges": [[0, 1]]}]
    stem = {"rows": rows, "buckets": 50, "width": 4, "grams": 2, "bag": 1}
    return {"schema": 1, "kind": "text", "stem": stem, "stages": stages, "head": {"pool": "mean"}}


def exported(folder: Path, preprocessing: dict[str, object]) -> ModuleType:
    architecture = graph.load(dumped(texts.IDS))
    shape = (int(str(preprocessing["length"])),)
    network = build(architecture, shape=shape, classes=2, seed=0)
    write(
        Content(
            architecture=architecture,
            state=network.state_dict(),
            shape=shape,
            classes=("n", "y"),
            preprocessing=preprocessing,
            measures={},
            provenance={},
        ),
        folder,
    )
    spec = importlib.util.spec_from_file_location("exported_model", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("size", [0, 9000])
def test_a_text_becomes_the_same_sample(tmp_path: Path, size: int) -> None:
    # With 9,000 words the vocabulary is read from architecture.json, else it stands in model.py.
    preprocessing = texts.fit([*TRAINING, *(f"w{number} w{number}" for number in range(size))], "here")
    model = exported(tmp_path / "network", preprocessing)
    assert json.loads(json.dumps(preprocessing)) == model.PREPROCESSING
    wanted = texts.apply(preprocessing, [*TRAINING, *OTHERS])
    given = model.samples([*TRAINING, *OTHERS])
    assert given.dtype == torch.int64
    assert np.array_equal(given.numpy(), wanted)
    assert model.load()(given).shape == (len(wanted), 2)
    source = (tmp_path / "network" / "model.py").read_text(encoding="utf-8")
    assert "import minas" not in source
    assert "from minas" not in source
    assert len(source) < 40_000
