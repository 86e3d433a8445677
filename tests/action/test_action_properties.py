"""What must hold of the action as a whole."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from action_reference import action, measure, perceptron, rows
from torch import nn

from minas.action.loss import FUNCTIONALS, functional
from minas.action.meter import ActionMeter
from minas.action.operations import UnknownOperation
from minas.errors import UsageError


def rescaled(net, x, c, layer=0):
    with torch.no_grad():
        net[layer].weight *= c
        net[layer].bias *= c
        net[layer + 2].weight /= c
    meter = measure(net, x)
    with torch.no_grad():
        net[layer].weight /= c
        net[layer].bias /= c
        net[layer + 2].weight *= c
    return meter


def test_rescaling_one_layer():
    net, x = perceptron(), torch.randn(16, 6)
    energies = {c: rescaled(net, x, c).table()[0].activation_energy for c in (0.5, 1, 2)}
    assert energies[2] == pytest.approx(4 * energies[1])
    assert energies[0.5] == pytest.approx(energies[1] / 4)
    scales = [math.exp(step / 10) for step in range(-30, 31)]
    values = [float(rescaled(net, x, c).action().detach()) for c in scales]
    best = min(range(len(values)), key=values.__getitem__)
    assert 0 < best < len(values) - 1


def test_rescale_gap_is_what_the_best_scale_gains():
    net, x = perceptron(), torch.randn(16, 6)
    meter = measure(net, x)
    for place, layer in ((0, 0), (1, 2)):
        values = [float(rescaled(net, x, math.exp(step / 200), layer).action().detach()) for step in range(-500, 500)]
        gained = float(meter.action().detach()) - min(values)
        assert meter.table()[place].rescale_gap == pytest.approx(gained, rel=1e-3)
    assert meter.rescale_gap() == pytest.approx(max(row.rescale_gap for row in meter.table()))
    assert meter.table()[2].rescale_gap == 0


def test_rescale_gap_goes_over_pooling_and_into_a_normalised_layer():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(2, 3, 3), nn.Conv2d(3, 3, 3, bias=False)
            self.na, self.nb = nn.BatchNorm2d(3), nn.BatchNorm2d(3)

        def forward(self, x):
            return self.nb(self.b(F.max_pool2d(torch.relu(self.na(self.a(x))), 2)))

    net, x = Net().eval(), torch.randn(3, 2, 10, 10)
    meter = measure(net, x)
    values = []
    for step in range(-300, 300):
        c = math.exp(step / 100)
        with torch.no_grad():
            net.na.weight *= c
            net.na.bias += net.na.bias * (c - 1)
            net.b.weight /= c
        values.append(action(net, x))
        with torch.no_grad():
            net.na.weight /= c
            net.b.weight *= c
    assert meter.table()[0].rescale_gap == pytest.approx(float(meter.action().detach()) - min(values), rel=1e-3)


def test_duplicating_a_path_does_not_lower_the_action():
    class Once(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(6, 6), nn.Linear(6, 3)

        def path(self, x):
            return torch.relu(self.first(x))

        def forward(self, x):
            return self.last(self.path(x))

    class Twice(Once):
        def forward(self, x):
            return self.last((self.path(x) + self.path(x)) / 2)

    once, twice = Once(), Twice()
    twice.load_state_dict(once.state_dict())
    x = torch.randn(4, 6)
    assert action(twice, x) >= action(once, x)


def test_doing_nothing_is_free():
    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x):
            return self.fc((x + x.clone() + F.dropout(x, 0.0)) / 3)

    net, x = Mean(), torch.randn(2, 4)
    assert action(net, x) == pytest.approx(action(net.fc, x))


def test_functionals_by_name():
    meter = measure(perceptron(), torch.randn(3, 6))
    kinetic, potential = meter.kinetic(), meter.potential()
    assert float(functional(meter, "lagrangian").detach()) == pytest.approx(float((kinetic - potential).detach()))
    assert set(FUNCTIONALS) == {"action", "activation_energy", "kinetic", "potential", "lagrangian"}
    for name in FUNCTIONALS:
        value = functional(meter, name)
        assert value.dim() == 0
        assert value.requires_grad
    with pytest.raises(UsageError, match="did you mean 'action'"):
        functional(meter, "actoin")


def test_activation_energy_sums_hidden_states():
    net, x = perceptron(), torch.randn(3, 6)
    hidden = [torch.relu(net[0](x))]
    hidden.append(torch.relu(net[2](hidden[0])))
    expected = sum(float(state.detach().square().sum()) for state in hidden) / 3
    assert float(measure(net, x).activation_energy().detach()) == pytest.approx(expected)


def test_diagnostics_of_a_known_state():
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 1))
    with torch.no_grad():
        net[0].weight.copy_(torch.eye(4))
    meter = measure(net, torch.tensor([[1.0, 0, 0, 0], [1, 1, 0, 0]]))
    assert meter.table()[0].zero_fraction == pytest.approx(5 / 8)
    assert meter.table()[0].participation_ratio == pytest.approx((1 / 4 + 2 / 4) / 2)
    assert meter.zero_fraction() == pytest.approx(5 / 8)
    assert meter.table()[0].kinetic == 0


def test_unknown_parametrised_operations_are_refused():
    bilinear = nn.Bilinear(3, 3, 2)
    with pytest.raises(UnknownOperation, match=r"'bilinear' is not known .* 'weight'"):
        measure(bilinear, torch.randn(2, 3), torch.randn(2, 3))
    assert len(rows(perceptron(), torch.randn(2, 6))) == 3, "the meter must work after a failure"


def test_a_custom_function_does_not_hide_the_next_layer():
    class Straight(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.sign()

        @staticmethod
        def backward(ctx, grad):
            return grad

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 2)

        def forward(self, x):
            return self.b(Straight.apply(self.a(x)))

    assert [row.step for row in rows(Net(), torch.randn(2, 3))] == ["a", "b"]


def test_metering_changes_no_output_and_leaves_nothing_behind():
    net = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.ReLU(inplace=True), nn.Linear(4, 2))
    twin = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.ReLU(inplace=True), nn.Linear(4, 2))
    twin.load_state_dict(net.state_dict())
    x = torch.randn(5, 6)
    meter = ActionMeter(net)
    for _ in range(2):
        with meter:
            out = net(x)
        assert torch.equal(out, twin(x))
    assert len(meter.table()) == 2
    assert not net._forward_hooks
    assert not net._forward_pre_hooks
    assert all(torch.equal(a, b) for a, b in zip(net.buffers(), twin.buffers(), strict=True))


def test_wrong_use_is_named():
    with pytest.raises(UsageError, match=r"fraction is 1\.5; expected"):
        ActionMeter(perceptron(), fraction=1.5)
    with pytest.raises(UsageError, match="call the model itself"):
        ActionMeter(perceptron()).action()
    with pytest.raises(UsageError, match="steps=True"):
        measure(perceptron(), torch.randn(2, 6), steps=False).table()


def test_a_failing_forward_pass_leaves_the_meter_usable():
    net = perceptron()
    with pytest.raises(RuntimeError), ActionMeter(net):
        net(torch.randn(2, 5))
    assert not net._forward_hooks
    assert torch.relu(torch.zeros(1)) == 0
    assert len(rows(net, torch.randn(2, 6))) == 3
