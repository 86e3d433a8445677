"""A new kind of state is its operators' files: from the search space to the export, nothing else needs to know of it.

Three kinds that no shipped operator serves, each of operator files that stand on the shelf for this test only: a signal, whose
samples are states; tokens, whose samples are ids that a stem turns into states; and frames, a signal at each of several steps.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from shelves import added

import minas
from minas import config, operators, seeds
from minas.analysis.topology import architecture_picture
from minas.data.task import Part, Task
from minas.errors import ArchitectureError, ConfigError
from minas.exports import EXPORTS, Content
from minas.graph.architecture import Architecture, Node, Stage, canonical, dump, key, load
from minas.graph.kinds import kinds
from minas.graph.prediction import features
from minas.graph.space import GraphSpace, contains, from_document
from minas.graph.variation import WEIGHTS, cross, mutate, sample
from minas.network import Network, build
from minas.spaces import SPACES
from minas.training.loop import train
from minas.training.settings import TrainingSettings

IMPORTS = """
from __future__ import annotations
import torch
from torch import Tensor, nn
"""

SIGNAL = (
    IMPORTS
    + """
SIGNATURES = {
    "toy_temporal": {
        "kind": ["toy_signal", "toy_tokens"],
        "place": "entry",
        "attributes": {"kernel": [3, 7]},
        "linear": [{"kernel": "kernel", "inputs": "in", "outputs": "out", "norm": True}],
    },
    "toy_mixing": {
        "kind": ["toy_signal", "toy_tokens"],
        "place": "inner",
        "attributes": {},
        "linear": [
            {"macs": ["positions", "positions", "out"], "activations": ["positions", "positions"]},
            {"macs": ["positions", "positions", "out"], "activations": ["positions", "out"]},
        ],
    },
    "toy_signal_head": {
        "kind": "toy_signal",
        "place": "head",
        "axes": {"channels": "features", "length": "position"},
        "attributes": {"pool": ["mean", "max"]},
        "linear": [{"macs": ["in", "out"], "params": ["in", "out"], "activations": ["out"]}, {"params": ["out"]}],
    },
    "toy_tokens_head": {
        "kind": "toy_tokens",
        "place": "head",
        "axes": {"width": "features", "tokens": "position"},
        "attributes": {},
        "linear": [{"kernel": 1, "inputs": "in", "outputs": "out", "positions": "one", "bias": True}],
    },
    "toy_embedding": {
        "kind": "toy_tokens",
        "place": "stem",
        "axes": {"tokens": "position"},
        "ids": "rows",
        "outputs": "width",
        "attributes": {"rows": {"least": 2, "most": 1000000}, "width": [4, 6]},
        "linear": [{"params": ["rows", "width"]}],
    },
}


class Temporal(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.inputs, self.outputs, self.kernel, self.stride = inputs, outputs, kernel, stride
        self.convolution = nn.Conv1d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.norm(self.convolution(x)))


class Mixing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        weights = torch.softmax(torch.matmul(x.transpose(1, 2), x) / x.shape[1] ** 0.5, -1)
        return torch.matmul(weights, x.transpose(1, 2)).transpose(1, 2)


class PooledHead(nn.Module):
    def __init__(self, inputs: int, outputs: int, pool: str) -> None:
        super().__init__()
        self.inputs, self.outputs, self.pool = inputs, outputs, pool
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.mean(2) if self.pool == "mean" else x.amax(2))


class Embedding(nn.Module):
    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.rows, self.width = rows, width
        self.table = nn.Embedding(rows, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.table(x).transpose(1, 2)


def build(name, *, inputs, outputs, stride, attributes):
    if name == "toy_temporal":
        return Temporal(inputs, outputs, attributes["kernel"], stride)
    if name == "toy_mixing":
        return Mixing()
    if name == "toy_embedding":
        return Embedding(attributes["rows"], attributes["width"])
    return PooledHead(inputs, outputs, attributes.get("pool", "mean"))
"""
)

FRAMES = (
    IMPORTS
    + """
SIGNATURES = {
    "toy_frame_conv": {
        "kind": "toy_frames",
        "place": "entry",
        "attributes": {},
        "linear": [{"kernel": 3, "inputs": "in", "outputs": "out", "bias": True}],
    },
    "toy_frames_head": {
        "kind": "toy_frames",
        "place": "head",
        "axes": {"time": "repeated", "channels": "features", "length": "position"},
        "attributes": {},
        "linear": [{"kernel": 1, "inputs": "in", "outputs": "out", "positions": "one", "bias": True}],
    },
}


class FrameConvolution(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.inputs, self.outputs, self.stride = inputs, outputs, stride
        self.convolution = nn.Conv1d(inputs, outputs, 3, stride, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.convolution(x.flatten(0, 1)).unflatten(0, x.shape[:2]))


class FramesHead(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.inputs, self.outputs = inputs, outputs
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.mean(3)).sum(1)


def build(name, *, inputs, outputs, stride, attributes):
    return FrameConvolution(inputs, outputs, stride) if name == "toy_frame_conv" else FramesHead(inputs, outputs)
"""
)

SPACE = """
[space]
schema = 1
name = "toy"
domain = "toy"
kind = "{kind}"
[[stages]]
name = "first"
widths = [4, 8]
strides = [2, 3]
nodes = [0, 2]
[[stages]]
name = "second"
widths = [6]
strides = [1, 2]
nodes = [0, 2]
optional = true
[operators]
entry = [{entry}]
inner = [{inner}]
{ends}
[limits]
flops_per_position = 100.0
"""

KINDS: dict[str, dict[str, Any]] = {
    "toy_signal": {
        "shape": (3, 50),
        "form": r"\(channels, length\)",
        "positions": 50,
        "space": {
            "entry": '"toy_temporal"',
            "inner": '"toy_temporal", "toy_mixing", "identity"',
            "ends": '[head]\npool = ["mean", "max"]',
        },
    },
    "toy_tokens": {
        "shape": (20,),
        "form": r"\(tokens,\)",
        "positions": 20,
        "space": {
            "entry": '"toy_temporal"',
            "inner": '"toy_temporal", "toy_mixing", "identity"',
            "ends": "[stem]\nrows = [30]\nwidth = [4, 6]\n[head]",
        },
    },
    "toy_frames": {
        "shape": (5, 2, 30),
        "form": r"\(time, channels, length\)",
        "positions": 150,
        "space": {"entry": '"toy_frame_conv"', "inner": '"toy_frame_conv", "identity"', "ends": "[head]"},
    },
}


@pytest.fixture(scope="module", autouse=True)
def toys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with added("minas.operators", {"toy_signal": SIGNAL, "toy_frames": FRAMES}, tmp_path_factory.mktemp("shelf")):
        yield
    assert not any(name.startswith("toy_") for name in kinds())


def document(kind: str) -> config.Document:
    return config.parse(SPACE.format(kind=kind, **KINDS[kind]["space"]), source="toy.toml")


def space_of(kind: str) -> GraphSpace:
    found = document(kind)
    space = from_document(found)
    found.finish()
    return space


def sampled(kind: str, number: int) -> Architecture:
    return sample(space_of(kind), seeds.generator(number, "toy"))


def samples(kind: str, count: int) -> torch.Tensor:
    shape, generator = (count, *KINDS[kind]["shape"]), torch.Generator().manual_seed(0)
    return torch.randint(30, shape, generator=generator) if kind == "toy_tokens" else torch.randn(shape, generator=generator)


def built(kind: str, number: int) -> Network:
    return build(sampled(kind, number), shape=KINDS[kind]["shape"], classes=3, seed=number)


def test_the_shelf_lists_them() -> None:
    assert {"image", "toy_frames", "toy_signal", "toy_tokens"} <= set(kinds())
    assert operators.names("toy_signal") == operators.names("toy_tokens") == ["identity", "toy_mixing", "toy_temporal"]
    assert operators.names("toy_frames") == ["identity", "toy_frame_conv"]
    assert "toy_temporal" not in operators.names("image")


@pytest.mark.parametrize("kind", KINDS)
def test_sampling_and_variation_stay_in_the_space(kind: str) -> None:
    space, rng = space_of(kind), seeds.generator(0, "toy")
    architectures = [sample(space, rng) for _ in range(30)]
    architectures += [mutate(space, architecture, rng) for architecture in architectures]
    architectures += [cross(space, *pair, rng) for pair in pairwise(architectures)]
    assert len({key(architecture) for architecture in architectures}) > 20
    for architecture in architectures:
        assert contains(space, architecture)
        again = load(json.loads(json.dumps(dump(architecture))))
        assert (again, key(again)) == (architecture, key(architecture))


def test_what_a_stem_leaves_open_varies_and_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    space, rng = space_of("toy_tokens"), seeds.generator(1, "toy")
    assert {dict(sample(space, rng).stem)["width"] for _ in range(20)} == {4, 6}
    first = sample(space, rng)
    monkeypatch.setattr("minas.graph.variation.WEIGHTS", {**dict.fromkeys(WEIGHTS, 0.0), "head": 1.0})
    other = mutate(space, first, rng)
    assert (other.stages, other.head) == (first.stages, first.head)
    assert dict(other.stem)["width"] != dict(first.stem)["width"]
    assert key(other) != key(first)
    assert dump(first)["stem"] == dict(first.stem)
    stems = {cross(space, first, other, rng).stem for _ in range(20)}
    assert stems <= {first.stem, other.stem}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(8))
def test_predicted_cost_is_the_networks(kind: str, number: int) -> None:
    network, shape = built(kind, number).eval(), KINDS[kind]["shape"]
    found = features(canonical(sampled(kind, number)), shape=shape, classes=3)
    assert found.macs == minas.count_flops(network, samples(kind, 1))
    assert found.params == sum(parameter.numel() for parameter in network.parameters())
    picture = architecture_picture(canonical(sampled(kind, number)), shape=shape, classes=3)
    assert found.macs == sum(node.flops for stage in picture.stages for node in stage.nodes) + picture.head.flops


@pytest.mark.parametrize("kind", KINDS)
def test_strides_divide_positions_alone(kind: str) -> None:
    network, seen = built(kind, 3).eval(), []
    network.stage0_node0.register_forward_hook(lambda module, inputs, output: seen.append(output.shape))
    assert network(samples(kind, 2)).shape == (2, 3)
    stage, length = network.architecture.stages[0], KINDS[kind]["shape"][-1]
    steps = KINDS[kind]["shape"][:1] if kind == "toy_frames" else ()
    assert seen == [(2, *steps, stage.width, math.ceil(length / stage.stride))]


@pytest.mark.parametrize("kind", KINDS)
def test_a_shape_of_another_kind_is_refused(kind: str) -> None:
    architecture = sampled(kind, 0)
    for shape in ((1, 28, 28, 28), (0,) * len(KINDS[kind]["shape"]), ()):
        with pytest.raises(
            ArchitectureError, match=rf"the shape of a sample is .*, expected {KINDS[kind]['form']}, each at least"
        ):
            build(architecture, shape=shape, classes=3, seed=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_of_training_changes_every_weight(kind: str) -> None:
    network = built(kind, 5)
    before = {name: tensor.clone() for name, tensor in network.named_parameters()}
    settings = TrainingSettings(batch_size=32, lambda_=1e-4)
    done = train(network, samples(kind, 32), torch.arange(32) % 3, settings, classes=3, epochs=1, seed=0)
    assert (done.steps, done.diverged) == (1, None)
    for name, tensor in network.named_parameters():
        assert tensor.isfinite().all(), name
        assert not torch.equal(tensor, before[name]), name


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_gives_the_same_outputs_with_and_without_minas(kind: str, tmp_path: Path) -> None:
    network = built(kind, 6)
    train(network, samples(kind, 32), torch.arange(32) % 3, TrainingSettings(lambda_=0.0), classes=3, epochs=1, seed=0)
    content = Content(
        architecture=network.architecture,
        state=network.state_dict(),
        shape=KINDS[kind]["shape"],
        classes=("a", "b", "c"),
    )
    EXPORTS.get("pytorch").write(content, tmp_path / "export", False)  # compares in a fresh process
    x = samples(kind, 4)
    assert torch.equal(minas.load(tmp_path / "export")(x), network.eval()(x))
    text = (tmp_path / "export" / "model.py").read_text(encoding="utf-8")
    assert ("channels_last" in text, "self.stem(x)" in text) == (False, kind == "toy_tokens")
    assert ("Samples: int64, from 0 to 29, of shape (batch, 20)." in text) == (kind == "toy_tokens")


@pytest.mark.parametrize("kind", KINDS)
def test_the_search_knows_it_as_any_space(kind: str) -> None:
    shape, space = KINDS[kind]["shape"], SPACES.get("graph").open(document(kind))
    assert space.limits(shape) == {"flops": 100 * KINDS[kind]["positions"]}
    part = Part(samples(kind, 4).numpy(), np.arange(4) % 3)
    task = Task("t", "toy", kind, shape, ("a", "b", "c"), part, part, part, {}, "", "", "")
    network = space.build(space.sample(seeds.generator(0, "toy")), task, 1)
    assert network(torch.from_numpy(part.inputs)).shape == (4, 3)


@pytest.mark.parametrize(
    ("kind", "old", "new", "message"),
    [
        (
            "toy_signal",
            '"toy_mixing"',
            '"conv3x3"',
            "operators.inner.operator: conv3x3 takes image states; expected toy_signal",
        ),
        ("toy_signal", '"toy_mixing"', '"toy_frame_conv"', "toy_frame_conv takes toy_frames states; expected toy_signal"),
        ("toy_signal", '"toy_mixing"', '"toy_signal_head"', "toy_signal_head is a head, which no node applies"),
        ("toy_signal", '["mean", "max"]', '["mean", "sum"]', "head.pool: 'sum'; expected one of 'mean', 'max'"),
        ("toy_signal", "[limits]", "[stem]\nrows = [3]\n[limits]", "unknown key 'stem'"),
        ("toy_tokens", '"toy_mixing"', '"toy_embedding"', "toy_embedding is a stem, which no node applies"),
        ("toy_tokens", "rows = [30]", "rows = [1]", "stem.rows: 1; expected a whole number in 2 to 1000000"),
        ("toy_tokens", "rows = [30]", "", "stem: has width; expected rows, width"),
        ("toy_tokens", "rows = [30]", "rows = [30]\nsize = [1]", "unknown key 'size' in stem"),
        ("toy_tokens", "[stem]\nrows = [30]\nwidth = [4, 6]", "", "the key 'stem' is missing"),
        (
            "toy_frames",
            'kind = "toy_frames"',
            'kind = "toy_frame"',
            "space.kind: no kind of state named 'toy_frame'; did you mean 'toy_frames'?",
        ),
    ],
)
def test_what_does_not_fit_the_kind_is_named(kind: str, old: str, new: str, message: str) -> None:
    text = document(kind).text
    assert old in text
    changed = config.parse(text.replace(old, new, 1), source="toy.toml")

    def opened() -> None:
        from_document(changed)
        changed.finish()

    with pytest.raises(ConfigError) as caught:
        opened()
    assert message in str(caught.value)
    assert str(caught.value).startswith("toy.toml")


def test_an_architecture_says_of_its_stem_what_its_kind_has() -> None:
    dumped = dump(sampled("toy_tokens", 0))
    for change, message in [
        ({"stem": {}}, "stem: has nothing; expected rows, width"),
        ({"stem": {"rows": 30, "width": 5}}, "stem.width: 5; expected one of 4, 6"),
        ({"stem": {"rows": 10**7, "width": 4}}, "stem.rows: 10000000; expected a whole number in 2 to 1000000"),
    ]:
        with pytest.raises(ArchitectureError, match=message):
            load({**dumped, **change})
    conv = Stage(4, 2, (Node("conv3x3"),), ((0, 1),))
    with pytest.raises(ArchitectureError, match="stem: has rows; expected nothing"):
        build(Architecture("image", (conv,), (("grid", 2),), (("rows", 3),)), shape=(1, 9, 9), classes=2, seed=0)


def test_a_second_head_of_one_kind_is_a_developers_mistake(tmp_path: Path) -> None:
    second = SIGNAL.replace("toy_signal_head", "other_head").replace('"toy_tokens', '"others')
    second = (
        second.replace('"toy_temporal"', '"other"').replace('"toy_mixing"', '"others"').replace('"toy_embedding"', '"more"')
    )
    with (
        added("minas.operators", {"second": second}, tmp_path),
        pytest.raises(TypeError, match="both 'other_head' and 'toy_signal_head' are the head of the kind of state"),
    ):
        kinds()
