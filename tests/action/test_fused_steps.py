"""The quick way for training gives the same S and the same gradients as the general one."""

from __future__ import annotations

import copy
import gc
import weakref

import pytest
import torch
import torch.nn.functional as F
from action_reference import measure
from torch import nn

from minas.action.loss import FUNCTIONALS, functional
from minas.action.meter import ActionMeter
from minas.errors import UsageError


class Convolution(nn.Module):
    def __init__(self, inputs, outputs, stride=1, inplace=False, **options):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False, **options)
        self.norm, self.relu = nn.BatchNorm2d(outputs), nn.ReLU(inplace)
        nn.init.uniform_(self.norm.weight, 0.5, 1.5)

    def forward(self, x):
        return self.relu(self.norm(self.conv(x)))


class Net(nn.Module):
    """Chains, merges, a stem and an entry that change width and resolution, bare convolutions, pooling, a gate, a head."""

    def __init__(self, inplace=False):
        super().__init__()
        self.stem = Convolution(1, 4, 2, inplace)
        self.a, self.b = Convolution(4, 4), Convolution(4, 4, inplace=inplace)
        self.deep, self.point = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), nn.Conv2d(4, 4, 1)
        self.entry, self.narrow = Convolution(4, 6, 2), Convolution(6, 3)
        self.down, self.up = nn.Conv2d(3, 2, 1), nn.Conv2d(2, 3, 1)
        self.last = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3))
        self.head = nn.Linear(3 * 4, 5)

    def forward(self, x):
        x = self.stem(x)
        x = (self.a(x) + self.b(x) + F.max_pool2d(x, 3, 1, 1)) / 3
        x = self.entry(self.point(self.deep(x)))
        x = self.narrow(x)
        x = x * torch.sigmoid(self.up(torch.relu(self.down(F.adaptive_avg_pool2d(x, 1)))))
        x = (self.last(x) + x) / 2
        return self.head(F.adaptive_avg_pool2d(x, 2).flatten(1))


def gradients(model, x, y, name, weight, meter, passes=2):
    """The figures and gradients of the last of some passes; the first one is always read in general."""
    for _ in range(passes):
        model.zero_grad()
        with meter:
            logits = model(x)
        value = functional(meter, name)
        loss = value if weight is None else F.cross_entropy(logits, y) + weight * value
        loss.backward()
    return value.detach(), loss.detach(), {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("fraction", [1.0, 1 / 4])
@pytest.mark.parametrize("name", sorted(FUNCTIONALS))
@pytest.mark.parametrize("weight", [None, 0.01])
def test_equals_the_general_way(inplace, fraction, name, weight):
    model = Net(inplace)
    twin = copy.deepcopy(model)
    x, y = torch.randn(8, 1, 12, 12), torch.randint(5, (8,))
    quick = ActionMeter(model, fraction=fraction, fused=True)
    found = gradients(model, x, y, name, weight, quick)
    expected = gradients(twin, x, y, name, weight, ActionMeter(twin, fraction=fraction))
    assert all(quick._plans.values()), "nothing was fused"
    assert float(found[0]) == pytest.approx(float(expected[0]), rel=1e-12)
    assert float(found[1]) == pytest.approx(float(expected[1]), rel=1e-12)
    for key, gradient in expected[2].items():
        if gradient is None:
            assert found[2][key] is None or not found[2][key].any(), key
        else:
            assert torch.allclose(found[2][key], gradient, rtol=1e-9, atol=1e-12), key
    for mine, theirs in zip(model.buffers(), twin.buffers(), strict=True):
        assert torch.allclose(mine, theirs)


def test_the_input_has_its_gradient_too():
    model = nn.Sequential(Convolution(2, 3), Convolution(3, 2, 2))
    results = []
    for fused in (True, False):
        x = torch.linspace(-1, 2, 4 * 2 * 36).reshape(4, 2, 6, 6).requires_grad_()
        meter = ActionMeter(model, fraction=0.5, fused=fused)
        for _ in range(2):
            with meter:
                out = model(x)
        (gradient,) = torch.autograd.grad(meter.action() + out.square().sum(), x)
        results.append(gradient)
    assert torch.allclose(*results)


def test_outputs_are_those_of_the_bare_model_to_the_bit():
    torch.set_default_dtype(torch.float32)
    model = Net().to(memory_format=torch.channels_last)
    twin = copy.deepcopy(model)
    x = torch.randn(8, 1, 12, 12)
    meter = ActionMeter(model, fused=True)
    for _ in range(3):
        with meter:
            out = model(x)
        expected = twin(x)
        assert torch.equal(out, expected)
    out.sum().backward()
    expected.sum().backward()
    for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(mine.grad, theirs.grad)


def test_a_shared_gradient_is_not_changed():
    """An addition hands one gradient tensor to both of its terms: neither step may write into it."""

    class Twins(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(2, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1)

        def forward(self, x):
            return self.a(x) + self.b(x)

    model = Twins()
    twin = copy.deepcopy(model)
    x, y = torch.randn(4, 2, 3, 3), None
    grads = []
    for net, fused in ((model, True), (twin, False)):
        meter = ActionMeter(net, fused=fused)
        for _ in range(2):
            net.zero_grad()
            with meter:
                out = net(x)
            (out.square().sum() + meter.action()).backward()
        grads.append([parameter.grad for parameter in net.parameters()])
    assert y is None
    assert all(torch.allclose(a, b) for a, b in zip(*grads, strict=True))


def test_a_scale_of_zero_and_a_dead_channel_stay_finite():
    model = Net()
    with torch.no_grad():
        model.a.norm.weight[0] = 0
        model.b.conv.weight[1] = 0
    x, y = torch.randn(8, 1, 12, 12), torch.randint(5, (8,))
    _, loss, grads = gradients(model, x, y, "action", 0.1, ActionMeter(model, fraction=1 / 8, fused=True))
    assert torch.isfinite(loss)
    assert all(torch.isfinite(grad).all() for grad in grads.values())


def test_nothing_of_a_step_outlives_it():
    model = Net()
    live: dict[int, torch.Tensor] = {}
    for module in model.modules():
        if isinstance(module, nn.ReLU | nn.MaxPool2d | nn.BatchNorm2d):
            module.register_forward_hook(lambda module, args, out: live.__setitem__(id(out), out))
    meter = ActionMeter(model, fraction=1 / 4, fused=True)
    seen = []
    gc.disable()
    try:
        for _ in range(3):
            with meter:
                out = model(torch.randn(4, 1, 12, 12))
            for reference in (out, *live.values()):
                seen.append(weakref.ref(reference))
            live.clear()
            meter.action().backward()
        del out, reference
        with meter:
            pass
        assert len(seen) > 20
        assert all(reference() is None for reference in seen)
    finally:
        gc.enable()


def test_evaluation_is_read_in_general():
    model = Net()
    meter = ActionMeter(model, fused=True)
    x = torch.randn(4, 1, 12, 12)
    for _ in range(2):
        with meter:
            model(x)
    model.eval()
    with torch.no_grad(), meter:
        model(x)
    assert float(meter.action()) == pytest.approx(float(measure(model, x).action().detach()))


def test_a_model_that_changes_its_way_is_refused():
    class Fickle(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm, self.bare = nn.Conv2d(2, 2, 3), nn.BatchNorm2d(2), False

        def forward(self, x):
            x = self.conv(x)
            return torch.tanh(x) if self.bare else torch.relu(self.norm(x))

    model = Fickle()
    meter = ActionMeter(model, fused=True)
    x = torch.randn(2, 2, 5, 5)
    with meter:
        model(x)
    model.bare = True
    with pytest.raises(UsageError, match="fused=False"), meter:
        model(x)
    model.bare = False
    with meter:
        model(x)
    assert torch.isfinite(meter.action())


def test_the_weights_of_one_backward_pass_do_not_reach_the_next():
    model = Net()
    twin = copy.deepcopy(model)
    x, y = torch.randn(4, 1, 12, 12), torch.randint(5, (4,))
    meter = ActionMeter(model, fused=True)
    for _ in range(2):
        with meter:
            logits = model(x)
        loss = F.cross_entropy(logits, y)
    loss.backward(retain_graph=True)
    meter.action().backward(retain_graph=True)
    model.zero_grad()
    loss.backward()
    twin(x)
    F.cross_entropy(twin(x), y).backward()
    for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad)


def test_training_in_single_precision_follows_the_general_way():
    torch.set_default_dtype(torch.float32)
    model = Net().to(memory_format=torch.channels_last)
    twin = copy.deepcopy(model)
    ends = []
    for net, fused in ((model, True), (twin, False)):
        meter, optimiser = ActionMeter(net, fraction=1 / 4, fused=fused), torch.optim.SGD(net.parameters(), 0.01)
        generator = torch.Generator().manual_seed(1)
        for _ in range(20):
            x = torch.randn(8, 1, 12, 12, generator=generator)
            y = torch.randint(5, (8,), generator=generator)
            with meter:
                logits = net(x)
            optimiser.zero_grad()
            (F.cross_entropy(logits, y) + 1e-3 * meter.action()).backward()
            optimiser.step()
        ends.append(float(meter.action().detach()))
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)
