"""Steps of convolutional networks against dense matrices."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from action_reference import action, conv_matrix, dense, half_square, kinetic_images, kinetic_last, measure, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from minas.action.meter import ActionMeter


@settings(max_examples=25, deadline=None)
@given(
    groups=st.sampled_from([1, 2]),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 2),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    outputs=st.sampled_from([2, 4, 6]),
)
def test_convolution(groups, kernel, stride, padding, dilation, outputs):
    conv = nn.Conv2d(4, outputs, kernel, stride, padding, dilation, groups)
    x = torch.randn(3, 4, 6, 5)
    (row,) = rows(conv, x)
    assert row.potential == pytest.approx(half_square(conv_matrix(conv, (4, 6, 5))))
    assert row.kinetic == pytest.approx(kinetic_images(x, conv(x).detach()))
    assert not row.hidden


@pytest.mark.parametrize(
    ("stride", "padding", "groups", "dilation", "output_padding"), [(1, 0, 1, 1, 0), (2, 1, 2, 1, 1), (2, 0, 1, 2, 0)]
)
def test_transposed_convolution(stride, padding, groups, dilation, output_padding):
    conv = nn.ConvTranspose2d(2, 4, 3, stride, padding, output_padding, groups, True, dilation)
    x = torch.randn(2, 2, 3, 4)
    (row,) = rows(conv, x)
    matrix = dense(
        lambda e: F.conv_transpose2d(e, conv.weight, None, stride, padding, output_padding, groups, dilation), (2, 3, 4)
    )
    assert row.potential == pytest.approx(half_square(matrix))
    assert row.kinetic == pytest.approx(kinetic_images(x, conv(x).detach()))


@pytest.mark.parametrize("side", [1, 3])
def test_convolutions_of_other_dimensions(side):
    line, cube = nn.Conv1d(2, 3, 3, 2, 1), nn.Conv3d(2, 3, 2)
    assert rows(line, torch.randn(2, 2, 7))[0].potential == pytest.approx(half_square(conv_matrix(line, (2, 7))))
    assert rows(cube, torch.randn(2, 2, 3, 3, 2))[0].potential == pytest.approx(half_square(conv_matrix(cube, (2, 3, 3, 2))))


def conv_bn(width=4):
    return nn.Sequential(nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())


def awake(net):
    """Give normalisations something to do."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
            module.running_var.uniform_(0.3, 2.0)
            module.running_mean.normal_()
    return net


@pytest.mark.parametrize("training", [True, False])
def test_batch_normalisation_is_folded(training):
    net = awake(conv_bn()).train(training)
    x = torch.randn(5, 3, 4, 4)
    raw = net[0](x)
    variance = raw.var((0, 2, 3), correction=0) if training else net[1].running_var.clone()
    matrix = conv_matrix(net[0], (3, 4, 4)).reshape(4, 16, -1)
    folded = matrix * (net[1].weight / (variance + net[1].eps).sqrt()).reshape(4, 1, 1)
    (row,) = rows(net, x)
    assert row.potential == pytest.approx(half_square(folded))
    assert row.kinetic == pytest.approx(kinetic_images(x, net(x).detach()))
    assert row.operator == "conv2d + batch_norm + relu"


def test_fusing_leaves_the_action_as_it_is():
    net = awake(conv_bn()).eval()
    x = torch.randn(3, 3, 4, 4)
    fused = nn.Sequential(torch.nn.utils.fusion.fuse_conv_bn_eval(net[0], net[1]), nn.ReLU())
    assert action(fused, x) == pytest.approx(action(net, x), rel=1e-9)


@pytest.mark.parametrize("training", [True, False])
def test_scaling_weights_before_a_normalisation_changes_nothing(training):
    net = awake(conv_bn()).train(training)
    net[1].eps = 1e-12
    x = torch.randn(4, 3, 5, 5)
    before = action(net, x)
    with torch.no_grad():
        net[1].running_mean.normal_()
        net[1].running_var.uniform_(0.3, 2)
        before = before if training else action(net, x)
        net[0].weight *= 7
        net[1].running_mean *= 7
        net[1].running_var *= 49
    assert action(net, x) == pytest.approx(before, rel=1e-6)


def test_modules_and_functional_calls_agree():
    net = awake(
        nn.Sequential(*conv_bn(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 3))
    ).eval()

    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            conv, bn, linear = self.net[0], self.net[1], self.net[7]
            x = F.conv2d(F.pad(x, (1, 1, 1, 1)), conv.weight)
            x = torch.batch_norm(x, bn.weight, bn.bias, bn.running_mean, bn.running_var, False, 0.1, bn.eps, False)
            x = torch.relu_(x)
            x = torch.max_pool2d(x, 2)
            x = x.mean((2, 3)).view(len(x), -1)
            return x @ linear.weight.t() + linear.bias

    x = torch.randn(3, 3, 6, 6)
    assert torch.allclose(net(x), Functional()(x))
    assert action(Functional(), x) == pytest.approx(action(net, x), rel=1e-9)


def test_in_place_operations_do_not_overwrite_states():
    class Residual(nn.Module):
        def __init__(self, inplace):
            super().__init__()
            self.a, self.b = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
            self.inplace = inplace

        def forward(self, x):
            y = self.a(x)
            z = self.b(F.relu(y, inplace=self.inplace))
            if self.inplace:
                z += x
                return z.relu_()
            return torch.relu(z + x)

    plain, inplace = Residual(False), Residual(True)
    inplace.load_state_dict(plain.state_dict())
    x = torch.randn(2, 3, 4, 4)
    assert action(inplace, x) == pytest.approx(action(plain, x))
    first, second, third = rows(inplace, x)
    assert (first.operator, second.operator, third.operator) == ("conv2d + relu", "conv2d", "relu")
    hidden = torch.relu(plain.a(x)).detach()
    assert second.kinetic == pytest.approx(kinetic_images(hidden, plain.b(hidden).detach()))
    assert third.potential == 0


def test_a_bare_non_linearity_and_pooling_are_steps_without_potential():
    x = torch.randn(2, 3, 6, 4)
    pool, relu = rows(nn.Sequential(nn.MaxPool2d(2), nn.ReLU()), x)
    pooled = F.max_pool2d(x, 2)
    assert pool.potential == relu.potential == 0
    assert pool.kinetic == pytest.approx(kinetic_images(x, pooled))
    assert relu.kinetic == pytest.approx(half_square(torch.relu(pooled) - pooled) / 2)


def test_squeeze_and_excitation():
    class Squeeze(nn.Module):
        def __init__(self):
            super().__init__()
            self.down, self.up = nn.Conv2d(4, 2, 1), nn.Conv2d(2, 4, 1)

        def forward(self, x):
            gate = torch.sigmoid(self.up(torch.relu(self.down(F.adaptive_avg_pool2d(x, 1)))))
            return x * gate

    net, x = Squeeze(), torch.randn(2, 4, 3, 3)
    pool, down, up, product = rows(net, x)
    mean = x.mean((2, 3), keepdim=True)
    inner = torch.relu(net.down(mean))
    gate = torch.sigmoid(net.up(inner)).detach()
    assert pool.kinetic == pytest.approx(0)
    assert down.potential == pytest.approx(half_square(net.down.weight))
    assert up.kinetic == pytest.approx(kinetic_images(inner.detach(), gate))
    assert product.potential == pytest.approx(half_square(gate.expand(2, 4, 3, 3)) / 2)
    assert product.kinetic == pytest.approx(half_square(x * gate - x) / 2)
    assert net(x).shape == x.shape
    assert [row.hidden for row in (pool, down, up, product)] == [True, True, True, False]


def test_depthwise_block():
    class Inverted(nn.Module):
        def __init__(self):
            super().__init__()
            self.expand = nn.Sequential(nn.Conv2d(3, 6, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU6())
            self.deep = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False), nn.BatchNorm2d(6), nn.ReLU6())
            self.project = nn.Sequential(nn.Conv2d(6, 3, 1, bias=False), nn.BatchNorm2d(3))

        def forward(self, x):
            return x + self.project(self.deep(self.expand(x)))

    net, x = awake(Inverted()).eval(), torch.randn(2, 3, 4, 4)
    found = rows(net, x)
    assert [row.step for row in found] == ["expand.0", "deep.0", "project.0"]
    state = x
    for row, block in zip(found, (net.expand, net.deep, net.project), strict=True):
        scale = (block[1].weight / (block[1].running_var + 1e-5).sqrt()).repeat_interleave(16).unsqueeze(1)
        matrix = conv_matrix(block[0], tuple(state.shape[1:])) * scale
        after = block(state).detach()
        assert row.potential == pytest.approx(half_square(matrix))
        assert row.kinetic == pytest.approx(kinetic_images(state, after))
        state = after


class Basic(nn.Module):
    """A residual block as published networks write it."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2)
        )
        self.blocks = nn.Sequential(Basic(4, 4, 1), Basic(4, 6, 2))
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        return self.fc(torch.flatten(self.pool(self.blocks(self.stem(x))), 1))


def by_hand(net, x):
    """T, V and E of `Residual` in eval mode, written out."""
    total = {"T": 0.0, "V": 0.0, "E": 0.0}

    def step(conv, bn, u, relu):
        q = bn(conv(u))
        q = torch.relu(q) if relu else q
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        matrix = conv_matrix(conv, tuple(u.shape[1:])).reshape(len(scale), -1)
        total["V"] += half_square(matrix * scale.unsqueeze(1))
        total["T"] += kinetic_images(u, q)
        total["E"] += 2 * half_square(q) / len(q)
        return q

    def plain(u, q):
        total["T"] += kinetic_images(u, q)
        total["E"] += 2 * half_square(q) / len(q)
        return q

    state = step(net.stem[0], net.stem[1], x, relu=True)
    state = plain(state, F.max_pool2d(state, 2))
    for block in net.blocks:
        identity = state if block.downsample is None else step(*block.downsample, state, relu=False)
        out = step(block.conv2, block.bn2, step(block.conv1, block.bn1, state, relu=True), relu=False)
        state = plain(out + identity, torch.relu(out + identity))
    pooled = plain(state, F.adaptive_avg_pool2d(state, 1)).flatten(1)
    total["V"] += half_square(net.fc.weight)
    total["T"] += kinetic_last(pooled, net.fc(pooled))
    return total


def test_residual_network_by_hand():
    net, x = awake(Residual()).eval(), torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        expected = by_hand(net, x)
        meter = measure(net, x)
    assert float(meter.kinetic()) == pytest.approx(expected["T"])
    assert float(meter.potential()) == pytest.approx(expected["V"])
    assert float(meter.activation_energy()) == pytest.approx(expected["E"])
    assert float(meter.action()) == pytest.approx(expected["T"] + expected["V"])


def test_shared_modules_count_each_time():
    conv = nn.Conv2d(3, 3, 3, padding=1)
    once, twice = rows(conv, torch.randn(1, 3, 4, 4)), rows(nn.Sequential(conv, nn.ReLU(), conv), torch.randn(1, 3, 4, 4))
    assert [row.operator for row in twice] == ["conv2d + relu", "conv2d"]
    assert sum(row.potential for row in twice) == pytest.approx(2 * once[0].potential)


@pytest.mark.parametrize("norm", [nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True), nn.GroupNorm(1, 4)])
def test_normalisations_by_sample_are_folded(norm):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), norm, nn.ReLU()).double()
    nn.init.uniform_(norm.weight, 0.5, 2)
    x = torch.randn(3, 3, 5, 5)
    raw = net[0](x).detach()
    matrix = conv_matrix(net[0], (3, 5, 5)).reshape(4, 9, -1)
    groups = getattr(norm, "num_groups", 4)
    expected = 0.0
    for sample in raw:
        sigma = (sample.reshape(groups, -1).var(1, correction=0) + norm.eps).sqrt().repeat_interleave(4 // groups)
        expected += half_square(matrix * (norm.weight / sigma).reshape(4, 1, 1)) / 3
    assert rows(net, x)[0].potential == pytest.approx(expected)


def test_lone_batch_normalisation():
    net = awake(nn.Sequential(nn.MaxPool2d(2), nn.BatchNorm2d(3))).eval()
    x = torch.randn(2, 3, 4, 4)
    _, row = rows(net, x)
    gamma = net[1].weight / (net[1].running_var + 1e-5).sqrt()
    assert row.potential == pytest.approx(4 * half_square(gamma))
    assert row.kinetic == pytest.approx(half_square(net(x) - F.max_pool2d(x, 2)) / 2)


def test_dead_channel_leaves_training_finite():
    net = nn.Sequential(*conv_bn(), nn.Flatten(), nn.Linear(4 * 16, 3))
    with torch.no_grad():
        net[0].weight[0] = 0
    optimiser = torch.optim.SGD(net.parameters(), 1e-3)
    for _ in range(3):
        loss = measure(net, torch.randn(4, 3, 4, 4)).action()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        assert torch.isfinite(loss)
    assert all(torch.isfinite(parameter).all() for parameter in net.parameters())


def test_two_halves_give_the_mean_in_eval():
    net, x = awake(Residual()).eval(), torch.randn(6, 3, 8, 8)
    whole = action(net, x)
    assert (action(net, x[:3]) + action(net, x[3:])) / 2 == pytest.approx(whole)
    with ActionMeter(net) as meter:
        net(x[:2])
        net(x[2:])
    assert float(meter.action().detach()) == pytest.approx(whole)
    assert sum(row.action for row in meter.table()) == pytest.approx(whole)


def test_fraction_takes_the_first_samples():
    net, x = awake(Residual()).eval(), torch.randn(8, 3, 8, 8)
    assert action(net, x, fraction=1 / 4) == pytest.approx(action(net, x[:2]))


@pytest.mark.parametrize("training", [True, False])
def test_gradient_agrees_with_finite_differences(training):
    net = awake(Residual()).train(training)
    x = torch.randn(2, 3, 8, 8)
    measure(net, x).action().backward()
    step = 1e-6
    for name, parameter in net.named_parameters():
        if name.endswith("conv1.weight") or name in ("stem.1.weight", "stem.1.bias", "fc.weight", "stem.0.weight"):
            place = tuple(side // 2 for side in parameter.shape)
            values = []
            for sign in (1, -1):
                with torch.no_grad():
                    parameter[place] += sign * step
                values.append(action(net, x))
                with torch.no_grad():
                    parameter[place] -= sign * step
            assert float(parameter.grad[place]) == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-4, abs=1e-6), (
                name
            )
