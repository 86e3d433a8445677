"""The shelf of measures: its contract, and each measure against an obvious computation."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from minas.action.meter import ActionMeter
from minas.errors import UsageError
from minas.measures import MEASURES, Measure, Trained, Unavailable, _counters, known_before_training, measure
from minas.measures.flops import count_flops

ALWAYS = [
    "action",
    "activation_energy",
    "activations",
    "balanced_accuracy",
    "cross_entropy",
    "error",
    "flops",
    "kappa",
    "kinetic",
    "macro_f1",
    "params",
    "participation_ratio",
    "potential",
    "rescale_gap",
    "roc_auc",
    "zero_fraction",
]
FIGURES = ("action", "kinetic", "potential", "activation_energy")


def small_network() -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()]
    layers += [nn.Conv2d(4, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU()]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 5))
    with torch.no_grad():
        model.train()(torch.randn(64, 1, 8, 8))
    return model.eval()


def trained(network: nn.Module | None = None, *, samples: int = 50, shape: tuple[int, ...] = (1, 8, 8)) -> Trained:
    generator = torch.Generator().manual_seed(1)
    return Trained(
        network=network or small_network(),
        inputs=torch.randn(samples, *shape, generator=generator),
        targets=torch.randint(5, (samples,), generator=generator),
        classes=5,
    )


@pytest.mark.parametrize("name", MEASURES.names())
def test_contract(name: str) -> None:
    part = MEASURES.get(name)
    assert part.name == name
    assert part.unit
    assert part.description[0].islower()
    assert not part.description.endswith(".")
    with pytest.raises(FrozenInstanceError):
        part.name = "other"  # type: ignore[misc]


def test_listing_measures_needs_no_torch() -> None:
    code = "import sys; from minas.measures import MEASURES; MEASURES.all(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_public_names_are_there_and_no_others() -> None:
    import minas.measures

    assert all(hasattr(minas.measures, name) for name in minas.measures.__all__)
    with pytest.raises(AttributeError, match=r"module 'minas\.measures' has no attribute 'trained'"):
        _ = minas.measures.trained


def test_what_is_known_before_training_changes_neither_with_weights_nor_with_samples() -> None:
    assert known_before_training() == ["activations", "flops", "params"]
    before, other = trained(), trained(samples=9)
    with torch.no_grad():
        for parameter in other.network.parameters():
            parameter.mul_(3.0)
    values, others = measure(before).values, measure(other).values
    same = {name for name, value in values.items() if value == others[name]}
    assert same == set(known_before_training())


def test_by_default_everything_but_what_takes_seconds_is_measured() -> None:
    measured = measure(trained())
    assert sorted(measured.values) == ALWAYS
    assert measured.reasons == {}
    assert all(isinstance(value, float) for value in measured.values.values())


def test_names_choose_measures() -> None:
    assert list(measure(trained(), ["flops", "error"]).values) == ["flops", "error"]
    with pytest.raises(UsageError, match="no measure named 'flop'; did you mean 'flops'"):
        measure(trained(), ["flop"])


class Fixed(nn.Module):
    """Gives its input as logits."""

    def forward(self, x: Tensor) -> Tensor:
        return x


def judged(logits: Tensor, targets: Tensor) -> dict[str, float | None]:
    given = Trained(network=Fixed().eval(), inputs=logits, targets=targets, classes=logits.shape[1])
    return measure(given, ["error", "cross_entropy"]).values


def test_error_and_cross_entropy() -> None:
    logits = torch.tensor([[2.0, 1, 0], [0, 1, 2], [0, 3, 1], [1, 0, 0]])
    targets = torch.tensor([0, 2, 0, 1])
    values = judged(logits, targets)
    assert values["error"] == 0.5
    assert values["cross_entropy"] == pytest.approx(functional.cross_entropy(logits, targets).item(), rel=1e-6)


def test_outputs_that_are_not_finite_are_no_result() -> None:
    given = Trained(network=Fixed().eval(), inputs=torch.full((3, 2), torch.nan), targets=torch.zeros(3).long(), classes=2)
    measured = measure(given, ["error", "params"])
    assert measured.values == {"error": None, "params": 0.0}
    assert measured.reasons == {"error": "the network's outputs are not finite"}


def test_numbers_that_are_not_finite_are_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    part = Measure(name="odd", unit="1", description="odd", compute=lambda _: float("inf"))
    monkeypatch.setattr(type(MEASURES), "get", lambda shelf, name: part)
    assert measure(trained(), ["odd"]).reasons == {"odd": "not a finite number: inf"}


@pytest.mark.parametrize("samples", [1, 50, 7000])
def test_figures_are_means_over_samples(samples: int) -> None:
    given = trained(samples=samples)
    with torch.no_grad(), ActionMeter(given.network) as meter:
        given.network(given.inputs)
    values = measure(given, FIGURES).values
    assert len(given.batches()) == (1 if samples < 1000 else 2)
    for name in FIGURES:
        assert values[name] == pytest.approx(float(getattr(meter, name)()), rel=1e-4), name


def test_metering_leaves_the_outputs_as_they_are() -> None:
    given = trained()
    assert torch.equal(given.logits, given.forward_all())
    with torch.no_grad():
        assert torch.allclose(given.logits, given.network(given.inputs), atol=1e-6)


def test_shares_are_shares() -> None:
    values = measure(trained()).values
    for name in ("zero_fraction", "participation_ratio"):
        value = values[name]
        assert value is not None
        assert 0 < value < 1
    assert values["rescale_gap"] is not None


def test_counts_are_for_one_sample() -> None:
    given = trained()
    values = measure(given).values
    assert values["flops"] == count_flops(given.network, given.inputs[:1]) == 4 * 16 * 9 + 6 * 4 * 16 * 9 + 24 * 5
    assert values["activations"] == 4 * 16 + 6 * 16 + 5
    assert values["params"] == 4 * 9 + 8 + 6 * 4 * 9 + 12 + 24 * 5 + 5


def test_shared_parameters_count_once() -> None:
    layer = nn.Linear(5, 5, bias=False)
    network = nn.Sequential(layer, nn.ReLU(), layer).eval()
    assert measure(trained(network, shape=(5,)), ["params"]).values["params"] == 25


class Distances(nn.Module):
    """Compares with learnt centres: an operator that no count is known for."""

    def __init__(self) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(5, 5))

    def forward(self, x: Tensor) -> Tensor:
        return -torch.cdist(x, self.centres)


def test_an_operator_without_a_count_makes_flops_unavailable_and_nothing_else() -> None:
    measured = measure(trained(Distances().eval(), shape=(5,)), ["flops", "activations", "error", "action"])
    assert [name for name, value in measured.values.items() if value is None] == ["flops", "activations"]
    assert "aten::cdist" in measured.reasons["flops"]


def test_an_operator_without_a_known_map_makes_the_figures_unavailable_and_nothing_else() -> None:
    network = nn.Sequential(Solved(), nn.ReLU()).eval()
    measured = measure(trained(network, shape=(5,)), [*FIGURES, "rescale_gap", "error", "params"])
    assert [name for name, value in measured.values.items() if value is None] == [*FIGURES, "rescale_gap"]
    assert "the action of the operation" in measured.reasons["action"]


class Solved(nn.Module):
    """Applies the inverse of a learnt matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(5) * 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.linalg.solve(self.weight, x.T).T


def test_joules_are_unavailable_where_nothing_can_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(_counters, "powercap", lambda: (_ for _ in ()).throw(Unavailable("no readable counter: none")))
    measured = measure(trained(), ["joules"])
    assert measured.values == {"joules": None}
    assert measured.reasons == {"joules": "no readable counter: none"}


def test_joules_are_for_one_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    from minas.measures import joules

    ticking = SimpleNamespace(source="fake", joules=iter(range(0, 10_000, 100)).__next__)
    monkeypatch.setattr(joules, "find_counter", lambda device, index: ticking)
    monkeypatch.setattr(joules, "WINDOW", 0.0)
    monkeypatch.setattr(joules.joules_of, "__kwdefaults__", {**joules.joules_of.__kwdefaults__, "seconds": 0.0})
    assert measure(trained(samples=50), ["joules"]).values["joules"] == 100 / 50


def test_networks_in_training_mode_are_refused() -> None:
    with pytest.raises(ValueError, match=r"call network\.eval\(\) first"):
        trained(small_network().train())


def test_unequal_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="3 inputs, 2 targets"):
        Trained(network=Fixed().eval(), inputs=torch.zeros(3, 2), targets=torch.zeros(2).long(), classes=2)
