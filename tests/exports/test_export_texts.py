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
from minas.errors import ArchitectureError, DataError
from minas.exports import Content, load, pytorch
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


def test_samples_takes_several_texts(tmp_path: Path) -> None:
    preprocessing = texts.fit(TRAINING, "here")
    model = exported(tmp_path / "network", preprocessing)
    with pytest.raises(TypeError, match=r"one text was given; samples takes several: samples\(\[text\]\)"):
        model.samples("one text")
    with pytest.raises(DataError, match="one text was given; expected several: put it in a list"):
        texts.apply(preprocessing, "one text")
    assert model.samples([]).shape == texts.apply(preprocessing, []).shape == (0, preprocessing["length"])
    assert model.samples([]).dtype == torch.int64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"length": -1}, r"preprocessing: length is -1, expected 6, the words of a sample"),
        ({"length": 5}, r"preprocessing: length is 5, expected 6"),
        ({"length": 6.0}, r"preprocessing: length is 6.0, expected 6"),
        ({"buckets": 0}, r"preprocessing: buckets is 0, expected a whole number of at least 1"),
        ({"buckets": True}, r"preprocessing: buckets is True"),
        ({"words": 0}, r"preprocessing: words is no list of texts"),
        ({"words": ["a", 1]}, r"preprocessing: words is no list of texts"),
        ({"words": ["a", "a"]}, r"preprocessing: a word stands twice among words"),
        ({"words": ["a"]}, r"preprocessing: ids is \d+, expected 4098: padding, the buckets and the words"),
        ({"words": [], "buckets": 10**6, "ids": 10**6 + 1}, r"preprocessing: it gives 1000001 different whole numbers"),
        ({"kind": None}, r"preprocessing: kind is None, expected 'text'"),
    ],
)
def test_preprocessing_that_no_text_can_go_through_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], message: str
) -> None:
    monkeypatch.setattr(pytorch, "same_outputs", lambda model, comparison: None)
    exported(tmp_path / "network", texts.fit(TRAINING, "here"))
    path = tmp_path / "network" / "architecture.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    load(path.parent)
    document["preprocessing"] |= change
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ArchitectureError, match=message):
        load(path.parent)
