"""A study's architectures: named, drawn or taken from a front, and never the same twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minas import spaces
from minas.baselines import instances as known
from minas.domains import DOMAINS
from minas.errors import UsageError
from minas.factorial.design import FAMILIES, FamilyDesign, TaskDesign
from minas.factorial.instances import instances

SHAPES = {
    "vision": ((1, 28, 28), 10),
    "text": ((64,), 2),
    "neuromorphic": ((10, 2, 17, 17), 10),
    "physiological": ((6, 224), 2),
}


def found(domain: str, families, **changes):
    shape, classes = SHAPES[domain]
    space = spaces.open_space(spaces.read(DOMAINS.get(domain).space, domain))
    return instances(TaskDesign(domain=domain), families, space, **{"seed": 0, "shape": shape, "classes": classes, **changes})


@pytest.mark.parametrize("domain", DOMAINS.names())
def test_every_domain_has_five_architectures_of_each_family(domain: str) -> None:
    all_ = found(domain, FAMILIES)
    for family in FAMILIES:
        assert len([one for one in all_ if one.family == family]) == 5
    assert len({one.key for one in all_}) == 20
    for one in all_:
        if one.family in ("random", "front"):
            assert one.architecture is not None
            assert one.baseline is None
            assert one.key.startswith(one.name)
        else:
            assert one.name == one.baseline
            assert one.name in known(domain, one.family)


def test_draws_depend_on_the_seed_alone() -> None:
    family = {"random": FamilyDesign(source="random", instances=4)}
    assert found("vision", family) == found("vision", family)
    assert not {one.key for one in found("vision", family)} & {one.key for one in found("vision", family, seed=1)}


def test_baselines_are_taken_by_their_names() -> None:
    chosen = found("vision", {"few": FamilyDesign(names=("LeNet-5", "chain w8"))})
    assert [(one.family, one.name, one.baseline) for one in chosen] == [("few", n, n) for n in ("LeNet-5", "chain w8")]
    with pytest.raises(UsageError, match=r"no baseline named 'LeNet-6'.*LeNet-5"):
        found("vision", {"few": FamilyDesign(names=("LeNet-6",))})


def test_more_than_there_are_is_refused() -> None:
    with pytest.raises(UsageError, match="the family many is to have 500 instances, and there are"):
        found("vision", {"many": FamilyDesign(instances=500)})
    with pytest.raises(UsageError, match=r"is to have 500 instances, and the front in .*front\.json has"):
        found("vision", {"many": FamilyDesign(source="front", instances=500)})


def test_one_architecture_is_of_one_family() -> None:
    with pytest.raises(UsageError, match="LeNet-5 is in the family one and in two"):
        found("vision", {"one": FamilyDesign(names=("LeNet-5",)), "two": FamilyDesign(names=("LeNet-5",))})


def test_confirmed_members_of_a_run_s_front_come_first(tmp_path: Path) -> None:
    chosen = found("vision", {"front": FamilyDesign(source="front", instances=8)})
    shipped = json.loads((Path(__file__).parents[2] / "results/reference/vision/front.json").read_text())["members"]
    confirmed = [member["id"] for member in shipped if member["test"] is not None]
    assert [one.name for one in chosen][: min(8, len(confirmed))] == confirmed[:8]
    (tmp_path / "front.json").write_text(json.dumps({"members": shipped[::-1]}))
    for where in (str(tmp_path), str(tmp_path / "front.json")):
        own = found("vision", {"front": FamilyDesign(source="front", front=where, instances=2)})
        assert [one.name for one in own] == confirmed[::-1][:2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"members": [1]}',
        '{"members": [{"test": null, "architecture": {"kind": 3}}]}',
        '{"members": [{"test": null}]}',
        '{"members": [{"test": null, "architecture": {}, "id": "a", "labels": null}]}',
    ],
)
def test_what_is_no_front_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "front.json").write_text(text)
    with pytest.raises(UsageError, match=r"front\.json"):
        found("vision", {"front": FamilyDesign(source="front", front=str(tmp_path), instances=1)})
    with pytest.raises(UsageError, match="no front at"):
        found("vision", {"front": FamilyDesign(source="front", front=str(tmp_path / "nothing"), instances=1)})


def test_members_of_a_front_are_taken_by_their_ids_and_labels_each_once() -> None:
    shipped = json.loads((Path(__file__).parents[2] / "results/reference/vision/front.json").read_text())["members"]
    knee = next(member["id"] for member in shipped if "knee" in member["labels"])
    names = (shipped[1]["id"], "knee", knee)
    chosen = found("vision", {"front": FamilyDesign(source="front", names=names)})
    assert [one.name for one in chosen] == [shipped[1]["id"], knee]
    with pytest.raises(UsageError, match=r"front\.json: no member of the front named 'kneee'; did you mean 'knee'?"):
        found("vision", {"front": FamilyDesign(source="front", names=("kneee",))})


def test_a_front_of_another_domain_is_refused() -> None:
    path = Path(__file__).parents[2] / "results/reference/text"
    with pytest.raises(UsageError, match=r"a front of the domain text, whose networks take no samples of the domain vision"):
        found("vision", {"front": FamilyDesign(source="front", front=str(path))})
