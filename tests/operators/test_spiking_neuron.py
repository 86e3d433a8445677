"""The spiking neuron against snnTorch, spike by spike and gradient by gradient, and against its own equations."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from minas.operators._spiking_neuron import SpikingNeuron


def currents(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3)) + 0.2


def as_snntorch(current: Tensor, decay: float, threshold: float, matrix: Tensor | None) -> Tensor:
    """The same neurons by snnTorch's `Leaky`, one time step after the other; its spikes come in single precision."""
    snntorch = pytest.importorskip("snntorch", reason="snntorch is not installed: pip install 'minas[test]'")
    numbers = {"beta": torch.tensor(decay).double(), "threshold": torch.tensor(threshold).double()}
    neuron = snntorch.Leaky(**numbers, reset_mechanism="zero")
    snntorch.SpikingNeuron.instances.clear()  # it keeps every neuron that was ever made
    membrane = fired = torch.zeros_like(current[:, 0])
    out = []
    for now in current.unbind(1):
        fed = 0 if matrix is None else torch.einsum("cd,bd...->bc...", matrix, fired)
        fired, membrane = neuron(now + fed, membrane)
        fired = fired.double()
        out.append(fired)
    return torch.stack(out, 1)


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("threshold", [0.5, 1.0])
@pytest.mark.parametrize("decay", [0.5, 0.875, 1.0])
def test_spikes_and_gradients_are_those_of_snntorch(decay: float, threshold: float, recurrent: bool) -> None:
    neuron = SpikingNeuron(decay, threshold, 4 if recurrent else 0).double()
    ours, theirs = currents(3, 7, 4, 5, 2).requires_grad_(), currents(3, 7, 4, 5, 2).requires_grad_()
    matrix = None if neuron.matrix is None else neuron.matrix.detach().clone().requires_grad_()
    spikes, expected = neuron(ours), as_snntorch(theirs, decay, threshold, matrix)
    assert torch.equal(spikes, expected)
    assert 0.05 < float(spikes.detach().mean()) < 0.95
    weights = torch.randn(spikes.shape, dtype=torch.float64)
    (spikes * weights).sum().backward()
    (expected * weights).sum().backward()
    pairs = [(ours.grad, theirs.grad)] + ([(neuron.matrix.grad, matrix.grad)] if matrix is not None else [])
    for found, wanted in pairs:
        assert float(wanted.abs().max()) > 0.1
        assert float((found - wanted).abs().max()) < 2e-6  # snnTorch's step from spikes to gradients is in single precision


def test_worked_out_by_hand() -> None:
    neuron = SpikingNeuron(decay=0.5, threshold=1.0)
    current = torch.tensor([[[0.75], [0.75], [0.75], [1.0], [0.5]]])
    # membranes: .75, .375 + .75 = 1.125 (fires), 0 + .75, .375 + 1 = 1.375 (fires), 0 + .5
    assert neuron(current).flatten().tolist() == [0, 1, 0, 1, 0]
    assert SpikingNeuron(1.0, 1.0)(torch.full((1, 4, 1), 0.5)).flatten().tolist() == [0, 0, 1, 0]  # at the threshold: none


def test_a_recurrent_spike_arrives_one_step_later() -> None:
    neuron = SpikingNeuron(0.5, 1.0, recurrent=2)
    with torch.no_grad():
        neuron.matrix.copy_(torch.tensor([[0.0, 0.0], [4.0, 0.0]]))  # from channel 0 to channel 1
    current = torch.zeros(1, 3, 2)
    current[0, 0, 0] = 2.0
    assert neuron(current)[0].tolist() == [[1, 0], [0, 1], [0, 0]]


@pytest.mark.parametrize("layout", ["channels last", "time last", "expanded"])
def test_the_layout_in_memory_changes_nothing(layout: str) -> None:
    plain = currents(2, 5, 3, 4, 4).float()
    given = {
        "channels last": plain.movedim(2, -1).contiguous().movedim(-1, 2),
        "time last": plain.movedim(1, -1).contiguous().movedim(-1, 1),
        "expanded": plain[:, :, :, :, :1].expand(plain.shape),
    }[layout]
    neuron = SpikingNeuron(0.75, 0.5, recurrent=3)
    assert torch.allclose(neuron(given), neuron(given.contiguous()))


@pytest.mark.parametrize("recurrent", [0, 3])
def test_scaling_currents_and_threshold_together_changes_no_spike_and_no_potential(recurrent: int) -> None:
    current, rows = currents(2, 5, 3, 4, 4), torch.rand(3, 1, 1, dtype=torch.float64)
    neuron, other = SpikingNeuron(0.75, 1.0, recurrent).double(), SpikingNeuron(0.75, 0.25, recurrent).double()
    if recurrent:
        with torch.no_grad():
            other.matrix.copy_(neuron.matrix / 4)
    assert torch.equal(neuron(current), other(current / 4))
    assert torch.allclose(neuron.potential(rows, current), other.potential(rows / 16, current / 4))
    assert float(neuron.potential(rows, current).detach()) > 0


def test_only_what_the_recurrent_matrix_does_is_counted() -> None:
    current = currents(2, 5, 3, 4, 4)
    neuron = SpikingNeuron(0.75, 1.0, 3).double()
    with torch.no_grad():
        neuron.matrix[0] = 0.0  # two rows are left: every spike reaches two weights
    spikes = neuron(current)
    assert neuron.flops((current,), spikes) == spikes.numel() * 3
    assert neuron.synops(spikes) == 2 * float(spikes[:, :-1].sum())
    assert SpikingNeuron(0.75).flops((current,), spikes) == SpikingNeuron(0.75).synops(spikes) == 0
