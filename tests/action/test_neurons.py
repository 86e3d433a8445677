"""Modules that bring their own potential: a spiking neuron fed by several linear edges."""

from __future__ import annotations

import pytest
import torch
from action_reference import action, conv_matrix, half_square, measure, rows
from torch import nn

from minas.action.meter import ActionMeter


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad / (1 + 10 * x.abs()) ** 2


class LIF(nn.Module):
    """Leaky integrate and fire, hard reset; takes (batch, time, channels, ...), all time steps at once."""

    def __init__(self, channels, recurrent=False):
        super().__init__()
        self.threshold = nn.Parameter(torch.ones(channels))
        self.recurrent = nn.Parameter(torch.randn(channels, channels) / 4) if recurrent else None

    def forward(self, current):
        shape = [-1, *[1] * (current.dim() - 3)]
        voltage = spikes = torch.zeros_like(current[:, 0])
        out = []
        for step in current.unbind(1):
            if self.recurrent is not None:
                step = step + spikes @ self.recurrent.t()
            voltage = 0.5 * voltage * (1 - spikes) + step
            spikes = Spike.apply(voltage / self.threshold.reshape(shape) - 1)
            out.append(spikes)
        return torch.stack(out, 1)

    def potential(self, rows, current):
        squares = self.threshold.square().reshape(-1, *[1] * (current.dim() - 3))
        total = current.new_zeros(())
        if rows is not None:
            total = (rows / squares).expand(current.shape).sum() / 2
        if self.recurrent is not None:
            steps = current.shape[0] * current.shape[1]
            total = total + steps * (self.recurrent / self.threshold.unsqueeze(1)).square().sum() / 2
        return total


class Dense(nn.Module):
    """Two linear edges into one neuron, then a read-out."""

    def __init__(self, recurrent=False, norm=False):
        super().__init__()
        self.a, self.b, self.lif = nn.Linear(3, 4), nn.Linear(3, 4, bias=False), LIF(4, recurrent)
        self.out = nn.Linear(4, 2)

    def forward(self, x, y):
        return self.out(self.lif((self.a(x) + self.b(y)) / 2))


@pytest.mark.parametrize("recurrent", [False, True])
def test_one_step_for_all_edges(recurrent):
    net = Dense(recurrent)
    x, y = torch.randn(2, 5, 3) * 4, torch.randn(2, 5, 3) * 4
    neuron, _ = rows(net, x, y)
    whole = torch.cat([net.a.weight, net.b.weight] + ([net.lif.recurrent] if recurrent else []), 1)
    assert neuron.potential == pytest.approx(5 * half_square(whole))
    spikes = net.lif((net.a(x) + net.b(y)) / 2).detach()
    carried = torch.cat([(x + y) / 2, torch.zeros(2, 5, 1)], -1)
    assert neuron.kinetic == pytest.approx(half_square(spikes - carried) / 2)
    assert neuron.hidden
    assert 0 < neuron.zero_fraction < 1


@pytest.mark.parametrize("recurrent", [False, True])
def test_scaling_currents_biases_and_threshold_together_changes_nothing(recurrent):
    net = Dense(recurrent)
    x, y = torch.randn(2, 5, 3) * 4, torch.randn(2, 5, 3) * 4
    before, out = action(net, x, y), net(x, y)
    with torch.no_grad():
        for parameter in (
            net.a.weight,
            net.a.bias,
            net.b.weight,
            net.lif.threshold,
            *([net.lif.recurrent] if recurrent else []),
        ):
            parameter /= 8
    assert torch.allclose(net(x, y), out)
    assert action(net, x, y) == pytest.approx(before)


def test_threshold_has_a_gradient():
    net = Dense()
    measure(net, torch.randn(2, 5, 3), torch.randn(2, 5, 3)).action().backward()
    assert float(net.lif.threshold.grad.abs().sum()) > 0


def test_convolution_and_normalisation_before_a_neuron():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.bn, self.lif = nn.Conv2d(2, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), LIF(3)

        def forward(self, x):
            y = self.bn(self.conv(x.flatten(0, 1)))
            return self.lif(y.unflatten(0, x.shape[:2]))

    net = Net().eval()
    nn.init.uniform_(net.bn.weight, 0.5, 2)
    nn.init.uniform_(net.lif.threshold, 0.5, 2)
    x = torch.randn(2, 4, 2, 3, 3)
    (row,) = rows(net, x)
    scale = net.bn.weight / (1 + 1e-5) ** 0.5 / net.lif.threshold
    matrix = conv_matrix(net.conv, (2, 3, 3)) * scale.repeat_interleave(9).unsqueeze(1)
    assert row.potential == pytest.approx(4 * half_square(matrix))


def test_a_neuron_alone_is_metered():
    lif = LIF(3)
    assert [row.operator for row in rows(lif, torch.randn(2, 4, 3))] == ["LIF"]


def test_a_child_that_is_named_potential_is_read_like_any_other():
    class Named(nn.Module):
        def __init__(self, name):
            super().__init__()
            self.name = name
            self.add_module(name, nn.Linear(3, 4))
            self.out = nn.Linear(4, 2)

        def forward(self, x):
            return self.out(torch.relu(getattr(self, self.name)(x)))

    named, plain = Named("potential"), Named("layer")
    plain.load_state_dict({key.replace("potential", "layer"): value for key, value in named.state_dict().items()})
    x = torch.randn(5, 3)
    found = []
    for model in (named, plain):
        with torch.no_grad(), ActionMeter(model) as meter:
            model(x)
        found.append((float(meter.action()), [row.action for row in meter.table()]))
    assert found[0] == found[1]


def test_a_part_of_the_batch_is_never_a_part_of_time():
    model = nn.LSTM(3, 3)
    x = torch.randn(6, 6, 3)  # as many time steps as samples
    found = []
    for fraction in (1.0, 0.5):
        with torch.no_grad(), ActionMeter(model, batch_axis=1, fraction=fraction) as meter:
            model(x)
        found.append(float(meter.action()))
    assert found[0] == pytest.approx(found[1], rel=1e-6)
