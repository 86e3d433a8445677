"""NNI's model spaces: their choices, their networks, and what is wrong with some."""

from __future__ import annotations

import itertools
import json
import sys
from dataclasses import dataclass
from types import ModuleType

import pytest

pytest.importorskip("nni")
pytest.importorskip("pytorch_lightning")

import torch
from torch import nn

import minas
from minas import config, resources, seeds, spaces
from minas.api.request import Request, configuration_of, load_task, search_space
from minas.domains import DOMAINS
from minas.errors import ArchitectureError, MissingExtraError, UsageError
from minas.spaces import _nni_class

TINY = "nni:tiny_model_spaces:Tiny"


@dataclass(frozen=True)
class Sized:
    shape: tuple[int, ...] = (1, 8, 8)
    classes: tuple[str, ...] = ("a", "b", "c")


def opened(reference: str, domain: str = "vision"):
    """Return the space of a reference as a worker opens it: from the text of its document."""
    document = spaces.read(reference, domain)
    return spaces.open_space(config.parse(config.dumps(document.values), source="run"))


def rng(number: int):
    return seeds.generator(number, "nni")


def named(space, **choices: str):
    return space.load({"choices": choices})


def test_the_document_says_all_without_the_class() -> None:
    values = spaces.read(f"{TINY}:widths=[2,4,6]", "vision").values
    assert (values["space_kind"], values["nni"]["class"]) == ("nni", "tiny_model_spaces:Tiny")
    assert values["nni"]["arguments"] == {"widths": [2, 4, 6]}
    assert values["nni"]["choices"] == {
        "block0": ["same", "max", "average"],
        "block1": ["same", "max", "average"],
        "block2": ["same", "max", "average"],
        "depth": ["1", "2", "3"],
        "width": ["2", "4", "6"],
    }
    own = config.read(resources.find("search_spaces", "vision")).values
    assert values["training"] == {**own["training"], "lambda": pytest.approx(own["training"]["lambda"] / 10)}
    assert values["confirmation"] == own["confirmation"]


@pytest.mark.parametrize("domain", DOMAINS.names())
def test_every_domain_lends_its_training(domain: str) -> None:
    """Where a foreign network's words start is its own affair."""
    found, space = search_space(Request(domain=domain, space=TINY, epochs=3), DOMAINS.get(domain))
    own, _ = search_space(Request(domain=domain, epochs=3), DOMAINS.get(domain))
    assert found["training"] == {**own["training"], "vectors": "none", "lambda": pytest.approx(own["training"]["lambda"] / 10)}
    assert found["confirmation"] == own["confirmation"]
    assert (space.name, space.domain) == ("Tiny", domain)


def test_every_architecture_is_sampled_and_survives_json() -> None:
    space = opened(TINY)
    seen = {}
    for number in range(2000):
        architecture = space.sample(rng(number))
        assert space.sample(rng(number)) == architecture
        dumped = json.loads(json.dumps(space.dump(architecture)))
        assert space.load(dumped) == architecture
        seen[space.key(architecture)] = dumped
    assert len(seen) == len({json.dumps(one, sort_keys=True) for one in seen.values()}) == 2 * (3 + 9 + 27)


def test_what_lies_beyond_the_depth_makes_no_other_architecture() -> None:
    space = opened(TINY)
    short = [named(space, depth="1", width="2", block0="max", block2=kind) for kind in ("same", "max", "average")]
    assert len({space.key(one) for one in short}) == 1
    assert space.dump(short[1]) == {"choices": {"depth": "1", "width": "2", "block0": "max"}}
    deep = [named(space, depth="3", width="2", block0="max", block2=kind) for kind in ("same", "max", "average")]
    assert len({space.key(one) for one in deep}) == 3
    one, other = (space.build(found, Sized(), 5).state_dict() for found in short[:2])
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_variation_stays_inside_and_changes_something() -> None:
    space = opened(TINY)
    for number in range(100):
        first, second = space.sample(rng(number)), space.sample(rng(number + 1000))
        mutant, child = space.mutate(first, rng(1)), space.cross(first, second, rng(2))
        assert space.key(mutant) != space.key(first)
        assert (mutant, child) == (space.mutate(first, rng(1)), space.cross(first, second, rng(2)))
        for found in (mutant, child):
            assert space.load(space.dump(found)) == found


def test_neighbours_are_all_other_architectures_one_choice_away() -> None:
    space = opened(TINY)
    architecture = named(space, depth="2", width="2", block0="max", block1="same")
    near = [space.dump(found)["choices"] for found in space.neighbours(architecture)]
    own = {"depth": "2", "width": "2", "block0": "max", "block1": "same"}
    changed = [{**own, "width": "4"}, {**own, "depth": "3", "block2": "same"}]
    changed += [{**own, "block0": kind} for kind in ("same", "average")] + [
        {**own, "block1": kind} for kind in ("max", "average")
    ]
    changed += [{"depth": "1", "width": "2", "block0": "max"}]
    assert sorted(map(str, map(sorted, map(dict.items, near)))) == sorted(map(str, map(sorted, map(dict.items, changed))))


def test_choices_of_every_kind_keep_their_constraint() -> None:
    space = opened("nni:tiny_model_spaces:Kinds")
    values = space.heading.choices
    assert values["subset"] == ("[]", "[0]", "[1]", "[2]", "[0, 1]", "[0, 2]", "[1, 2]", "[0, 1, 2]")
    assert values["mixed"] == ("[1, 2]", "None", "True", "0.5", "text")
    assert values["odd"] == ("#0", "#1")
    assert values["input"] == ("[0]", "[1]", "[2]")
    assert len(values["number"]) == 15
    assert "sum" not in values
    architecture = space.sample(rng(0))
    for number in range(60):
        architecture = space.mutate(architecture, rng(number))
        child = space.cross(architecture, space.sample(rng(number + 500)), rng(number))
        for found in (architecture, child, *itertools.islice(space.neighbours(child), 3)):
            chosen = space.dump(found)["choices"]
            assert int(chosen["one"]) + int(chosen["other"]) == 4
            assert set(chosen) == set(values)
    with pytest.raises(ArchitectureError, match="break a constraint of Kinds"):
        space.dump(named(space, one="1", other="1"))


@pytest.mark.parametrize(
    ("dumped", "message"),
    [
        ({}, "expected"),
        ({"choices": []}, "expected"),
        ({"choices": {}, "stages": 3}, "expected"),
        ({"choices": {"widht": "2"}}, "Tiny has no choice 'widht'; did you mean 'width'?"),
        ({"choices": {"width": "3"}}, "Tiny has no '3' for 'width'; there are: 2, 4"),
        ({"choices": {"width": ["2"]}}, "for 'width'"),
    ],
)
def test_what_is_no_architecture_is_refused(dumped: dict, message: str) -> None:
    with pytest.raises(ArchitectureError) as caught:
        opened(TINY).load(dumped)
    assert message in str(caught.value)


def test_the_network_is_the_one_that_nni_freezes_drawn_by_the_seed() -> None:
    from tiny_model_spaces import Tiny

    space = opened(TINY)
    architecture = named(space, width="4", depth="2", block0="max", block1="average")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    built = space.build(architecture, Sized(), 7)
    assert torch.equal(torch.get_rng_state(), before)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        sample = {"width": 4, "depth": 2, "block0": "max", "block1": "average"}
        frozen = Tiny(in_channels=1, num_classes=3).freeze(sample)
    x = torch.rand(5, 1, 8, 8)
    assert torch.equal(built.eval()(x), frozen.eval()(x))
    other = space.build(architecture, Sized(), 8).eval()
    assert other(x).shape == (5, 3)
    assert not torch.equal(other(x), built(x))


def test_action_and_flops_are_those_of_the_same_network_by_hand() -> None:
    space = opened(TINY)
    built = space.build(named(space, width="2", depth="1", block0="max"), Sized(), 7).eval()

    class Hand(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.head = nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.Conv2d(2, 3, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(nn.functional.max_pool2d(self.stem(x).relu(), 3, 1, 1)).mean((2, 3))

    hand = Hand().eval()
    hand.load_state_dict(dict(zip(hand.state_dict(), built.state_dict().values(), strict=True)))
    x = torch.rand(6, 1, 8, 8)
    actions = []
    for network in (built, hand):
        with torch.no_grad(), minas.ActionMeter(network) as meter:
            network(x)
        actions.append(float(meter.action()))
    assert actions[0] == pytest.approx(actions[1], rel=1e-6)
    assert minas.count_flops(built, x[:1]) == minas.count_flops(hand, x[:1]) == 16 * (9 * 2 + 2 * 3)


def test_images_of_one_channel_are_shown_three_times_to_a_network_for_colours() -> None:
    space = opened("nni:tiny_model_spaces:Coloured")
    ten = tuple("0123456789")
    grey = space.build(space.load({"choices": {"stem": "1"}}), Sized((1, 8, 8), ten), 3).eval()
    coloured = space.build(space.load({"choices": {"stem": "1"}}), Sized((3, 8, 8), ten), 3).eval()
    x = torch.rand(4, 1, 8, 8)
    assert torch.equal(grey(x), coloured(x.repeat(1, 3, 1, 1)))
    actions = []
    for network, shown in ((grey, x), (coloured, x.repeat(1, 3, 1, 1))):
        with torch.no_grad(), minas.ActionMeter(network) as meter:
            network(shown)
        actions.append(float(meter.action()))
    assert actions[0] == actions[1]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (
            Sized((1, 8, 8), ("a", "b")),
            "a network for samples of shape (1, 8, 8) gives (1, 10); expected logits of shape (1, 2)",
        ),
        (Sized((2, 8, 8), tuple("0123456789")), "a network for samples of shape (2, 8, 8) ended in RuntimeError: "),
    ],
)
def test_a_task_that_the_networks_cannot_take_is_refused(task: Sized, message: str) -> None:
    space = opened("nni:tiny_model_spaces:Coloured")
    with pytest.raises(ArchitectureError) as caught:
        space.build(space.sample(rng(0)), task, 0)
    assert str(caught.value).startswith("nni:tiny_model_spaces:Coloured: ")
    assert message in str(caught.value)


def test_a_search_that_could_train_nothing_does_not_begin(thousand_digits) -> None:
    request = Request(data=str(thousand_digits), image_size=4, space="nni:tiny_model_spaces:Coloured", trials=2)
    with pytest.raises(UsageError, match=r"a network for samples of shape \(1, 4, 4\) ended in"):
        configuration_of(request, *load_task(request))


def test_shipped_bounds_are_not_those_of_foreign_networks() -> None:
    request = Request(space=TINY, trials=2)
    found = load_task(request)
    assert configuration_of(request, *found)[0].bounds == {}
    asked = Request(space=TINY, trials=2, objectives="paper")
    assert set(configuration_of(asked, *found)[0].bounds) == {"error", "action", "flops"}


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("nni:", "expected nni:PACKAGE:CLASS, such as nni:nni.nas.hub.pytorch:NasBench201"),
        ("nni:NasBench201", "expected nni:PACKAGE:CLASS"),
        ("nni:/home/me/space.py:Space", "expected nni:PACKAGE:CLASS"),
        ("nni:..tiny_model_spaces:Tiny", "expected nni:PACKAGE:CLASS"),
        (
            "nni:no_such_package:Space",
            "no module named 'no_such_package'; install it, or put the folder that holds it on PYTHONPATH",
        ),
        ("nni:tiny_model_spaces:Tyni", "tiny_model_spaces has no Tyni; did you mean 'Tiny'?"),
        ("nni:tiny_model_spaces:NoSpace", "NoSpace is no ModelSpace of NNI; there are: Broken, Coloured, Fixed, Kinds, Tiny"),
        ("nni:tiny_model_spaces:ModelSpace", "ModelSpace is no ModelSpace"),
        ("nni:subprocess:Popen:args=['true']", "Popen is no ModelSpace of NNI"),
        ("nni:tiny_model_spaces:Fixed", "the space has nothing to choose"),
        ("nni:tiny_model_spaces:Broken", "Broken() ended in RuntimeError: no such thing"),
        (f"{TINY}:width=[2]", "no argument named 'width'; did you mean 'widths'?"),
        (f"{TINY}:widths", "the arguments 'widths' can't be read"),
        (f"{TINY}:widths=[2]}}\nmore={{a=1", "can't be read"),
        (f"{TINY}:widths=3", "ended in TypeError"),
    ],
)
def test_what_names_no_model_space_is_told(reference: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        spaces.read(reference, "vision")
    assert message in str(caught.value)


def test_an_argument_without_a_value_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_nni_class, "CHANNELS", ())
    with pytest.raises(UsageError, match=r"the argument 'in_channels' is missing: put :in_channels=VALUE behind the class"):
        _nni_class.make("tiny_model_spaces:Tiny", {}, _nni_class.Samples())


def test_a_package_that_is_missing_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nni.nas.nn.pytorch", None)
    with pytest.raises(MissingExtraError, match=r"needs the package nni: pip install 'minas\[nni\]'"):
        spaces.read(f"{TINY}:widths=[3,5]", "vision")


def test_a_class_that_has_changed_since_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    space = opened(f"{TINY}:widths=[2,4]")
    values = spaces.read(f"{TINY}:widths=[2,4]", "vision").values
    heading = {**values["nni"], "choices": {**values["nni"]["choices"], "width": ["2", "8"]}}
    older = spaces.open_space(config.Document(source="run", text="", values={**values, "nni": heading}))
    assert space.sample(rng(0))
    with pytest.raises(UsageError, match="the choice 'width' is not what it was when the run was made"):
        older.sample(rng(0))


def test_nothing_in_a_runs_folder_is_imported(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.toml").write_text("", encoding="utf-8")
    (tmp_path / "planted_module.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UsageError, match="lies in a run's folder, from which nothing is imported"):
        spaces.read("nni:planted_module:Space", "vision")


def test_what_a_module_of_the_user_fails_with_is_told(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "failing_module.py").write_text("1 / 0", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UsageError, match="importing failing_module ended in ZeroDivisionError"):
        spaces.read("nni:failing_module:Space", "vision")
    assert not isinstance(sys.modules.get("failing_module"), ModuleType)
