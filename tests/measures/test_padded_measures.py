"""What is measured of a network of texts counts no padding, in training as afterwards."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from minas.action.meter import ActionMeter
from minas.measures import Trained, measure
from minas.training.loop import train
from minas.training.settings import TrainingSettings

LENGTHS = [1, 3, 7, 12, 5, 9]
FIGURES = ["kinetic", "potential", "action", "activation_energy"]


class Words(nn.Module):
    """Somebody's own network: it knows nothing of masks but for its pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.conv, self.fc = nn.Embedding(20, 4, padding_idx=0), nn.Conv1d(4, 6, 3, padding=1), nn.Linear(6, 2)

    def forward(self, ids: Tensor) -> Tensor:
        states = torch.relu(self.conv(self.embed(ids).transpose(1, 2))) * (ids != 0).unsqueeze(1)
        return self.fc(states.amax(2))


def texts(count: int = len(LENGTHS)) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    words = torch.randint(1, 20, (count, 12), generator=generator)
    return words * (torch.arange(12) < torch.tensor([LENGTHS[row % len(LENGTHS)] for row in range(count)]).unsqueeze(1))


def network() -> Words:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Words().eval()


def trained(inputs: Tensor) -> Trained:
    return Trained(network=network(), inputs=inputs, targets=torch.arange(len(inputs)) % 2, classes=2, padding=0)


def test_figures_are_those_of_each_text_alone() -> None:
    found = measure(trained(texts()), FIGURES).values
    alone = [measure(trained(texts()[row : row + 1, :length]), FIGURES).values for row, length in enumerate(LENGTHS)]
    for name in FIGURES:
        assert found[name] == pytest.approx(sum(one[name] for one in alone) / len(alone), rel=1e-5)  # type: ignore[misc]


def test_batches_of_other_lengths_make_no_difference() -> None:
    given = trained(texts(1200))
    assert len(given.batches()) == 3
    with torch.no_grad(), ActionMeter(given.network, mask=lambda ids: ids != 0) as meter:
        given.network(given.inputs)
    assert measure(given, ["action"]).values["action"] == pytest.approx(float(meter.action()), rel=1e-5)


def test_the_action_in_the_loss_is_that_of_the_words() -> None:
    """Where the padding is told, training on padded texts is training on the same texts cut shorter; else it is not."""
    settings = TrainingSettings(batch_size=4, lambda_=1.0, fraction=0.5)
    inputs, targets = texts(4)[[0, 1, 1, 0]], torch.tensor([0, 1, 0, 1])
    states = []
    for samples, padding in ((inputs, 0), (inputs[:, :3], 0), (inputs, None)):
        module = copy.deepcopy(network())
        train(module, samples, targets, settings, classes=2, epochs=5, seed=0, padding=padding)
        states.append(torch.cat([tensor.flatten() for tensor in module.state_dict().values()]))
    assert torch.allclose(states[0], states[1], atol=1e-4)
    assert not torch.allclose(states[0], states[2], atol=1e-3)
