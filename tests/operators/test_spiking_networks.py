"""Networks of the kind `spikes`: how states merge, what they cost, their action by hand, and what an export says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import minas
from minas import operators
from minas.exports import EXPORTS, Content
from minas.graph.architecture import Architecture, Node, Stage
from minas.graph.prediction import features
from minas.network import Network, build
from minas.training.loop import train
from minas.training.settings import TrainingSettings

SHAPE = (4, 2, 9, 8)
HEAD = (("decay", 1.0), ("grid", 2), ("phases", 1))
LIF = (("decay", 0.75), ("threshold", 0.5))


def lif(name: str = "lif_conv3x3") -> Node:
    return Node(name, LIF)


POOL, IF = Node("spike_maxpool3x3"), Node("if_conv3x3", (("threshold", 1.0),))
ENTRY_ALONE = Stage(3, 2, (lif(),), ((0, 1),))
DIAMOND = Stage(4, 1, (lif(), POOL, lif("lif_depthwise3x3"), IF), ((0, 1), (0, 2), (0, 3), (1, 3), (1, 4), (2, 3), (3, 4)))
RECURRENT = Stage(5, 2, (lif("recurrent_lif_conv3x3"), lif(), POOL), ((0, 1), (0, 2), (0, 3), (1, 2), (2, 3)))
ARCHITECTURES = {
    "chain": Architecture("spikes", (ENTRY_ALONE,), HEAD),
    "diamond": Architecture("spikes", (ENTRY_ALONE, DIAMOND), HEAD),
    "recurrent": Architecture("spikes", (DIAMOND, RECURRENT), (("decay", 0.875), ("grid", 1), ("phases", 1))),
    "phases": Architecture("spikes", (ENTRY_ALONE,), (*HEAD[:2], ("phases", 3))),
}


def events(samples: int, rate: float = 0.3) -> Tensor:
    return (torch.rand((samples, *SHAPE), generator=torch.Generator().manual_seed(5)) < rate).float()


def network(name: str, seed: int = 1) -> Network:
    """A network whose normalisations know the statistics of some events."""
    found = build(ARCHITECTURES[name], shape=SHAPE, classes=3, seed=seed)
    with torch.no_grad():
        for _ in range(20):
            found.train()(events(16))
    return found.eval()


def states_of(net: Network, x: Tensor) -> dict[str, Tensor]:
    """What each operator puts out, by its name."""
    found: dict[str, Tensor] = {}
    handles = [
        module.register_forward_hook(lambda _, given, out, name=name: found.__setitem__(name, out.detach()))
        for name, module in net.named_children()
    ]
    with torch.no_grad():
        net(x)
    for handle in handles:
        handle.remove()
    return found


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_all_states_are_spikes(name: str) -> None:
    found = states_of(network(name), events(6))
    logits = found.pop("head")
    assert logits.shape == (6, 3)
    for state in found.values():
        assert set(state.unique().tolist()) == {0.0, 1.0}


def test_states_meet_as_currents_inside_a_stage_and_as_a_maximum_between_stages() -> None:
    net = network("recurrent")
    taken: dict[str, tuple[Tensor, ...]] = {}
    for name, module in net.named_children():
        module.register_forward_pre_hook(lambda _, given, name=name: taken.__setitem__(name, given))
    found = states_of(net, events(6))
    applications = {application.name: application for application in net.plan.applications}
    order = ["", *applications]
    for name, application in applications.items():
        sources = [events(6) if number == 0 else found[order[number]] for number in application.sources]
        if application.merge == "currents":
            assert len(taken[name]) == len(sources) == len(getattr(net, name).convolutions)
            assert all(map(torch.equal, taken[name], sources))
        else:
            assert len(taken[name]) == 1
            assert torch.equal(taken[name][0], torch.stack(sources).amax(0))
    merges = {(application.merge, len(application.sources)) for application in applications.values()}
    assert {("currents", 3), ("maximum", 2)} <= merges


def test_a_current_is_the_sum_over_edges() -> None:
    net = network("diamond")
    last = net.plan.applications[-1]
    operator = getattr(net, last.name)
    states = [events(2)[:, :, :1].repeat(1, 1, 4, 1, 1), events(2)[:, :, 1:].repeat(1, 1, 4, 1, 1), torch.zeros(2, 4, 4, 9, 8)]
    whole = sum(conv(state.flatten(0, 1)) for conv, state in zip(operator.convolutions, states, strict=True))
    expected = operator.neuron(operator.norm(whole).unflatten(0, (2, 4)))
    assert torch.equal(operator(*states), expected)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_predicted_cost_is_the_networks(name: str) -> None:
    net = network(name)
    found = features(net.architecture, shape=SHAPE, classes=3)
    assert found.params == sum(parameter.numel() for parameter in net.parameters())
    assert found.macs == minas.count_flops(net, events(1))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_step_of_training_changes_every_weight(name: str) -> None:
    net = network(name)
    before = {key: tensor.clone() for key, tensor in net.named_parameters()}
    done = train(
        net, events(32), torch.arange(32) % 3, TrainingSettings(batch_size=32, lambda_=1e-4), classes=3, epochs=1, seed=0
    )
    assert (done.steps, done.diverged) == (1, None)
    for key, tensor in net.named_parameters():
        assert tensor.isfinite().all(), key
        assert not torch.equal(tensor, before[key]), key


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_export_gives_the_same_outputs_with_and_without_minas(name: str, tmp_path: Path) -> None:
    net = network(name)
    content = Content(architecture=net.architecture, state=net.state_dict(), shape=SHAPE, classes=("a", "b", "c"))
    EXPORTS.get("pytorch").write(content, tmp_path / "export", False)  # compares in a fresh process
    x = events(4)
    assert torch.equal(minas.load(tmp_path / "export")(x), net(x))
    text = (tmp_path / "export" / "model.py").read_text(encoding="utf-8")
    assert ("1).amax(1)" in text) == (name in ("diamond", "recurrent"))


@pytest.mark.parametrize(("steps", "phases"), [(4, 1), (6, 3), (7, 3), (4, 4), (2, 5)])
@pytest.mark.parametrize("decay", [1.0, 0.875])
def test_each_phase_of_a_recording_has_its_own_map_at_the_head(steps: int, phases: int, decay: float) -> None:
    head = operators.build("spiking_head", inputs=3, outputs=2, attributes={"grid": 2, "decay": decay, "phases": phases})
    x = (torch.rand((5, steps, 3, 4, 4), generator=torch.Generator().manual_seed(3)) < 0.4).float()
    ends = [steps * (phase + 1) // phases for phase in range(phases)]
    expected = torch.zeros(5, 2)
    for step in range(steps):
        linear = head.linears[next(phase for phase, end in enumerate(ends) if step < end)]
        expected = decay * expected + linear(nn.functional.max_pool2d(x[:, step], 2).flatten(1))
    torch.testing.assert_close(head(x), expected)
    assert minas.count_flops(head, x[:1]) == steps * 3 * 2 * 2 * 2


def carried(u: Tensor, shape: tuple[int, ...]) -> Tensor:
    """P u, by loops: average pooling over the windows of the definition, zeros for channels that u lacks."""
    out = torch.zeros(shape, dtype=torch.float64)
    high, wide = u.shape[-2:]
    for row in range(shape[-2]):
        for column in range(shape[-1]):
            rows = slice(row * high // shape[-2], -(-(row + 1) * high // shape[-2]))
            columns = slice(column * wide // shape[-1], -(-(column + 1) * wide // shape[-1]))
            out[:, :, : u.shape[2], row, column] = u[..., rows, columns].double().mean((-2, -1))[:, :, : shape[2]]
    return out


def test_the_action_worked_out_by_hand() -> None:
    """Every step of a network: the spiking neurons', the pooling's, the merge's and the head's."""
    net, x = network("diamond"), events(3)
    with minas.ActionMeter(net) as meter, torch.no_grad():
        net(x)
    found = {"x": x, **states_of(net, x)}
    names = ["x", *(application.name for application in net.plan.applications)]
    kinetic = potential = 0.0
    for application in net.plan.applications:
        operator, state = getattr(net, application.name), found[application.name]
        sources = [found[names[number]] for number in application.sources]
        if application.node == POOL:
            kinetic += float((state - sources[0]).double().square().sum()) / 2
            continue
        parts = torch.stack([carried(source, tuple(state.shape)) for source in sources])
        kinetic += float((state.double() - parts.mean(0)).square().sum()) / 2
        scale = operator.norm.weight / (operator.norm.running_var + operator.norm.eps).sqrt() / operator.threshold
        for convolution in operator.convolutions:  # once for each sample, time step and output position
            matrix = convolution.weight.detach() * scale.detach().reshape(-1, 1, 1, 1)
            potential += float(matrix.double().square().sum()) / 2 * state[:, :, 0].numel()
    ends = [found[names[number]] for number in net.plan.output]
    assert len(ends) == 2
    merged = torch.stack(ends).amax(0)
    kinetic += float((merged - torch.stack(ends).mean(0)).double().square().sum()) / 2
    pooled = torch.nn.functional.adaptive_max_pool2d(merged.flatten(0, 1), 2)
    kinetic += float((pooled.unflatten(0, x.shape[:2]).double() - carried(merged, (3, 4, 4, 2, 2))).square().sum()) / 2
    (linear,) = net.head.linears
    currents = linear(pooled.flatten(1)).detach()
    kinetic += float((currents - pooled.flatten(1)[:, :3]).double().square().sum()) / 2
    potential += float(linear.weight.detach().double().square().sum()) / 2 * len(currents)
    assert float(meter.kinetic()) == pytest.approx(kinetic / 3, rel=1e-5)
    assert float(meter.potential()) == pytest.approx(potential / 3, rel=1e-5)


def test_the_action_in_training_follows_the_batch_and_reaches_every_weight() -> None:
    net, x = network("recurrent").train(), events(8)
    with minas.ActionMeter(net, fraction=0.25) as part:
        net(x)
    part.action().backward()
    for name, parameter in net.named_parameters():
        if not name.endswith("bias"):
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name
    with minas.ActionMeter(net) as whole, torch.no_grad():
        net(x)
    assert float(part.potential().detach()) == pytest.approx(float(whole.potential()), rel=0.2)


@pytest.mark.parametrize("training", [False, True])
def test_a_share_of_the_batch_is_its_first_samples(training: bool) -> None:
    """T and the variance of a neuron's step come from the first samples, with all of their time steps."""
    net, x = network("chain").train(training), events(8)

    def neuron(inputs: Tensor, fraction: float) -> tuple[float, float]:
        with minas.ActionMeter(net, fraction=fraction) as meter, torch.no_grad():
            net(inputs)
        (row,) = [row for row in meter.table() if "SpikingNeuron" in row.operator]
        assert row.step == "stage0_node0.convolutions.0"
        return row.kinetic, row.potential

    part, whole = neuron(x, 0.25), neuron(x, 1.0)
    assert part != whole
    if not training:  # in training the normalisation itself sees the whole batch
        assert part == pytest.approx(neuron(x[:2], 1.0))
    else:
        operator = net.stage0_node0
        currents = operator.convolutions[0](x[:2].flatten(0, 1)).detach()
        scale = operator.norm.weight.detach() / (currents.var((0, 2, 3), correction=0) + 1e-5).sqrt() / operator.threshold
        matrix = operator.convolutions[0].weight.detach() * scale.reshape(-1, 1, 1, 1)
        assert part[1] == pytest.approx(float(matrix.square().sum()) / 2 * 4 * 5 * 4, rel=1e-5)
