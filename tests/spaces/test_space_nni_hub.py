"""Spaces of NNI's own hub: their networks are metered as any, and a search of one goes from samples to trained networks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nni")
pytest.importorskip("pytorch_lightning")

import torch
from torch import nn

import minas
from minas import config, seeds, spaces
from minas.api.request import Request, load_task
from minas.errors import MinasError
from minas.evolution.session import Progress
from minas.run.store import Store
from minas.trial import Status, Trial

pytestmark = pytest.mark.slow

HUB = "nni:nni.nas.hub.pytorch"
SMALL = f"{HUB}:NasBench201:stem_out_channels=4,num_modules_per_stack=1"


@dataclass(frozen=True)
class Sized:
    shape: tuple[int, ...] = (1, 32, 32)
    classes: tuple[str, ...] = tuple("0123456789")


@pytest.fixture(params=[SMALL, f"{HUB}:MobileNetV3Space", f"{HUB}:ShuffleNetSpace", f"{HUB}:DARTS:width=4,num_cells=3"])
def hub_space(request: pytest.FixtureRequest):
    return spaces.open_space(spaces.read(request.param, "vision"))


def test_networks_of_the_hub_are_counted_and_metered(hub_space) -> None:
    from fvcore.nn import FlopCountAnalysis

    architecture = hub_space.sample(seeds.generator(1, "hub"))
    network = hub_space.build(architecture, Sized(), 3).eval()
    x = torch.rand(4, 1, 32, 32)
    counted = FlopCountAnalysis(network, x[:1]).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    ours = ("conv", "linear", "addmm", "matmul")
    assert minas.count_flops(network, x[:1]) == sum(value for name, value in counted.by_operator().items() if name in ours)
    with torch.no_grad():
        bare = network(x)
        with minas.ActionMeter(network) as meter:
            metered = network(x)
    assert torch.equal(bare, metered)
    linear = {
        name.removeprefix("network.") for name, module in network.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)
    }
    steps = {row.step.removeprefix("network.") for row in meter.table() if row.potential > 0}
    assert linear <= steps
    assert float(meter.action()) == pytest.approx(sum(row.action for row in meter.table()), rel=1e-5)


def test_the_action_of_a_network_of_the_hub_can_be_trained(hub_space) -> None:
    """A whole pass, as training has it, and one of the general way, in double precision, have one action and one gradient."""
    network = hub_space.build(hub_space.sample(seeds.generator(2, "hub")), Sized(), 3).double().train()
    x = torch.rand(8, 1, 32, 32, dtype=torch.float64)
    found = []
    for fused in (True, False):
        meter = minas.ActionMeter(network, fraction=0.5, fused=fused)
        network.zero_grad()
        for _ in range(2):  # a fused pass follows what the first one found
            torch.manual_seed(0)
            with meter:
                network(x)
            action = meter.action()
        action.backward()
        gradient = torch.cat(
            [p.grad.flatten() if p.grad is not None else torch.zeros_like(p).flatten() for p in network.parameters()]
        )
        assert torch.isfinite(gradient).all()
        found.append((action.detach(), gradient))
    torch.testing.assert_close(found[0], found[1], rtol=1e-8, atol=1e-8)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred real digits."""
    from minas.domains.vision import digits

    pile = digits().train
    chosen = np.concatenate([np.flatnonzero(pile.targets == label)[:30] for label in range(10)])
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    np.savez(path, x=pile.inputs[chosen], y=pile.targets[chosen])
    return path


@pytest.fixture(scope="module")
def objectives(tmp_path_factory: pytest.TempPathFactory, digits: Path) -> Path:
    """The paper's objectives, with bounds, so that no untrained architectures are measured for them."""
    name = load_task(Request(data=str(digits), image_size=16))[1].name
    bounds = {"error": (0.0, 1.0), "action": (100.0, 1e6), "flops": (1e4, 1e7)}
    kinds = [{"measure": one} | ({} if one == "error" else {"scale": "log"}) for one in bounds]
    values = {"schema": 1, "name": "mine", "description": "With bounds.", "objectives": kinds}
    values["bounds"] = {name: {one: {"ideal": low, "reference": high} for one, (low, high) in bounds.items()}}
    path = tmp_path_factory.mktemp("objectives") / "mine.toml"
    path.write_text(config.dumps(values), encoding="utf-8")
    return path


@pytest.fixture
def nothing_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train no baselines and fit no lines: they are as for any space."""
    monkeypatch.setattr("minas.api.phases.of_domain", lambda domain: {})
    monkeypatch.setattr("minas.api.phases.fit_lines_within", lambda *arguments: [])


def timeless(run: minas.Run) -> list[tuple[object, ...]]:
    with Store(run.path / "run.db", read_only=True) as store:
        found: list[Trial] = [*store.trials("search"), *store.trials("confirmation")]
    return [(trial.candidate, trial.status, trial.reason, trial.measures) for trial in found]


def test_a_search_of_nasbench201_is_interrupted_and_goes_on_to_the_same_networks(
    digits: Path, objectives: Path, tmp_path: Path, nothing_beside: None, cli
) -> None:
    asked = {
        "data": digits,
        "image_size": 16,
        "space": SMALL,
        "objectives": objectives,
        "trials": 5,
        "population": 3,
        "window": 2,
        "epochs": 1,
        "lambda_": 1e-6,
        "members": 1,
        "confirmation_epochs": 2,
        "confirmation_seeds": 1,
        "workers": 1,
    }
    whole = minas.search("vision", out=tmp_path / "whole", **asked)

    def interrupt(progress: Progress) -> None:
        if progress.told == 3:
            raise KeyboardInterrupt

    with pytest.raises(MinasError, match="minas search --resume"):
        minas.search("vision", out=tmp_path / "again", listener=interrupt, **asked)
    again = minas.resume(tmp_path / "again")
    assert timeless(again) == timeless(whole)
    assert [trial.status for trial in whole.trials] == [Status.COMPLETE] * 5
    assert len({trial.candidate.key for trial in whole.trials}) == 5
    assert all(trial.measures["flops"] and trial.measures["action"] for trial in whole.trials)

    knee = whole.front.knee()
    network = knee.network()
    x = torch.rand(3, 1, 16, 16)
    assert network(x).shape == (3, 10)
    assert minas.count_flops(network, x[:1]) == knee.measures["flops"]
    shown = cli("front", whole.path, "--json")
    assert shown.code == 0, shown.err
    assert set(json.loads(shown.out)["members"][0]["architecture"]["choices"]) == {
        f"cell/{edge}" for edge in ("0_1", "0_2", "0_3", "1_2", "1_3", "2_3")
    }
    assert (whole.path / "front.png").is_file()
    command = whole.fact("repeat")
    assert f"--space {whole.path / 'search_space.toml'}" in command
    repeated = spaces.open_space(spaces.read(str(whole.path / "search_space.toml"), "vision"))
    assert repeated.key(repeated.load(knee.architecture)) == knee.chosen.candidate.key
