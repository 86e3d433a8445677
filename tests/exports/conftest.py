"""Contents to export: sampled architectures with weights and running statistics that differ from the initial ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from minas import config, resources, seeds
from minas.exports import Content
from minas.graph.architecture import Architecture, Node, Stage
from minas.graph.space import from_document
from minas.graph.variation import sample
from minas.network import Network, build


def _small() -> Architecture:
    """Merges, squeeze and excitation, pooling, three stages."""
    first = Stage(
        8,
        2,
        (Node("conv3x3"), Node("sep3x3"), Node("squeeze_excitation"), Node("maxpool3x3")),
        ((0, 1), (0, 2), (0, 3), (1, 3), (1, 4), (2, 3), (3, 4)),
    )
    second = Stage(12, 2, (Node("dilated3x3"), Node("avgpool3x3"), Node("conv1x1")), ((0, 1), (0, 2), (1, 2), (1, 3), (2, 3)))
    third = Stage(16, 1, (Node("sep5x5"), Node("conv5x5")), ((0, 1), (0, 2), (1, 2)))
    return Architecture("image", (first, second, third), (("grid", 2),))


def _trained(network: Network, shape: tuple[int, ...]) -> Network:
    """Two steps of training, so that running statistics and biases are no longer the initial ones."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(3)
    for _ in range(2):
        optimiser.zero_grad()
        logits = network.train()(torch.randn(16, *shape, generator=generator))
        torch.nn.functional.cross_entropy(logits, torch.arange(16) % network.classes).backward()
        optimiser.step()
    optimiser.zero_grad()
    return network.eval()


@pytest.fixture(scope="session")
def trained() -> Callable[..., tuple[Network, Content]]:
    """`trained(seed=None, shape=...)`: a trained network, of a sampled architecture where a seed is given, and its content."""
    space = from_document(config.read(resources.find("search_spaces", "vision")))

    def make(seed: int | None = None, shape: tuple[int, ...] = (1, 28, 28)) -> tuple[Network, Content]:
        architecture = _small() if seed is None else sample(space, seeds.generator(seed, "export test"))
        network = _trained(build(architecture, shape=shape, classes=4, seed=0), shape)
        content = Content(
            architecture=architecture,
            state=network.state_dict(),
            shape=shape,
            classes=("nought", "one", "två", "many"),
            preprocessing={"mean": [0.1307], "standard deviation": [0.3081], "size": [28, 28]},
            measures={"error": 0.025, "joules": None},
            provenance={"run": "runs/digits", "seed": 7},
        )
        return network, content

    return make
