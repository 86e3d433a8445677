"""Architectures pass through JSON unchanged; what is malformed is refused, and its place named."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Callable
from typing import Any

import graph_strategies as shared
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minas.errors import ArchitectureError
from minas.graph.architecture import dump, key, load, loads, validate
from minas.graph.canonical import canonical
from minas.graph.variation import sample

GOOD: dict[str, Any] = {
    "schema": 1,
    "kind": "image",
    "stages": [
        {
            "width": 8,
            "stride": 2,
            "nodes": [{"operator": "conv3x3"}, {"operator": "sep3x3"}, {"operator": "maxpool3x3"}],
            "edges": [[0, 1], [1, 2], [2, 3]],
        }
    ],
    "head": {"grid": 3},
}


@settings(deadline=None)
@given(shared.seeds)
def test_json_gives_back_what_was_dumped(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = sample(shared.VISION, rng)
    for value in (found, shared.renumbered(found, rng)):
        text = json.dumps(dump(value))
        assert loads(text) == load(json.loads(text)) == value
        assert key(loads(text)) == key(found)


def test_the_form_is_the_documented_one() -> None:
    assert dump(load(GOOD)) == GOOD
    explicit = copy.deepcopy(GOOD)
    explicit["stages"][0]["nodes"][0]["attributes"] = {}
    assert dump(load(explicit)) == GOOD


def set_(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(values: dict[str, Any]) -> None:
        inside: Any = values
        for step in path[:-1]:
            inside = inside[step]
        inside[path[-1]] = to

    return change


NESTED: list[Any] = []
for _ in range(10_000):
    NESTED = [NESTED]

STAGE = ("stages", 0)
HOSTILE = {
    "no schema": (lambda values: values.pop("schema"), "architecture: needs 'schema'"),
    "later schema": (set_("schema", to=2), "architecture: schema is 2; this version of MINAS reads 1"),
    "schema true": (set_("schema", to=True), "schema is True"),
    "more keys": (set_("extra", to=1), "architecture: unknown name 'extra'"),
    "misspelt key": (set_(*STAGE, "widht", to=1), "stages[0]: unknown name 'widht'; did you mean 'width'?"),
    "long key": (set_("k" * 10**6, to=1), "architecture: expected a text of at most 100 characters"),
    "kind": (set_("kind", to="sound"), "kind: no kind of state named 'sound'"),
    "kind list": (set_("kind", to=["image"]), "kind: expected a text"),
    "stages object": (set_("stages", to={}), "stages: expected a list, not an object"),
    "no stages": (set_("stages", to=[]), "stages: there are 0; expected 1 to 16"),
    "many stages": (lambda values: set_("stages", to=values["stages"] * 10**6)(values), "stages: has 1,000,000 items"),
    "stage null": (set_(*STAGE, to=None), "stages[0]: expected an object, not None"),
    "negative width": (set_(*STAGE, "width", to=-8), "stages[0].width: -8; expected a whole number in 1 to 65536"),
    "zero width": (set_(*STAGE, "width", to=0), "stages[0].width: 0"),
    "huge width": (set_(*STAGE, "width", to=10**4000), "stages[0].width: expected a small whole number, not a huge number"),
    "width text": (set_(*STAGE, "width", to="8"), "stages[0].width: expected a small whole number, not '8'"),
    "width true": (set_(*STAGE, "width", to=True), "stages[0].width: expected a small whole number, not True"),
    "width float": (set_(*STAGE, "width", to=8.0), "stages[0].width: expected a small whole number, not 8.0"),
    "width nan": (set_(*STAGE, "width", to=math.nan), "stages[0].width: expected a small whole number, not nan"),
    "stride": (set_(*STAGE, "stride", to=0), "stages[0].stride: 0"),
    "no nodes": (set_(*STAGE, "nodes", to=[]), "stages[0].edges: has 3 items; expected 0"),
    "millions of nodes": (
        set_(*STAGE, "nodes", to=[{}] * 2_000_000),
        "stages[0].nodes: has 2,000,000 items; expected 0 to 64",
    ),
    "millions of edges": (set_(*STAGE, "edges", to=[[0, 1]] * 2_000_000), "stages[0].edges: has 2,000,000 items"),
    "unknown operator": (
        set_(*STAGE, "nodes", 1, "operator", to="conv3x4"),
        "stages[0].nodes[1].operator: no operator named 'conv3x4'; did you mean 'conv3x3'?",
    ),
    "operator number": (set_(*STAGE, "nodes", 1, "operator", to=3), "stages[0].nodes[1].operator: expected a text"),
    "entry": (set_(*STAGE, "nodes", 0, "operator", to="maxpool3x3"), "stages[0].nodes[0].operator: maxpool3x3 can't be"),
    "identity entry": (set_(*STAGE, "nodes", 0, "operator", to="identity"), "stages[0].nodes[0].operator: identity can't be"),
    "attribute": (set_(*STAGE, "nodes", 1, "attributes", to={"beta": 1}), "stages[0].nodes[1].attributes: sep3x3 has none"),
    "attribute list": (set_(*STAGE, "nodes", 1, "attributes", to=[]), "stages[0].nodes[1].attributes: expected an object"),
    "attribute nested": (
        set_(*STAGE, "nodes", 1, "attributes", to={"a": NESTED}),
        "stages[0].nodes[1].attributes.a: expected",
    ),
    "edge text": (set_(*STAGE, "edges", 0, to="01"), "stages[0].edges[0]: expected a list, not '01'"),
    "edge of three": (set_(*STAGE, "edges", 0, to=[0, 1, 2]), "stages[0].edges[0]: has 3 items; expected 2"),
    "edge float": (set_(*STAGE, "edges", 0, to=[0, 1.0]), "stages[0].edges[0]: expected a small whole number"),
    "edge negative": (set_(*STAGE, "edges", 0, to=[-1, 1]), "stages[0].edges: [-1, 1]; expected a source in 0 to 2"),
    "edge too far": (set_(*STAGE, "edges", 2, to=[2, 4]), "stages[0].edges: [2, 4]; expected a source in 0 to 2"),
    "edge to itself": (set_(*STAGE, "edges", 1, to=[1, 1]), "stages[0].edges: [1, 1]"),
    "edge into the entry": (set_(*STAGE, "edges", 1, to=[1, 0]), "stages[0].edges: [1, 0]"),
    "edge twice": (set_(*STAGE, "edges", to=[[0, 1], [0, 1], [1, 2], [2, 3]]), "stages[0].edges: must be sorted, each"),
    "cycle": (set_(*STAGE, "edges", to=[[0, 1], [1, 2], [2, 1], [2, 3]]), "stages[0].edges: there is a cycle"),
    "dead end": (set_(*STAGE, "edges", to=[[0, 1], [0, 2], [2, 3]]), "stages[0].nodes[1]: lies on no path"),
    "unfed": (set_(*STAGE, "edges", to=[[0, 2], [1, 2], [2, 3]]), "stages[0].nodes[1]: lies on no path"),
    "no edges": (set_(*STAGE, "edges", to=[]), "stages[0].nodes[0]: lies on no path"),
    "head list": (set_("head", to=[3]), "head: expected an object"),
    "head empty": (set_("head", to={}), "head: has nothing; expected grid"),
    "head zero": (set_("head", to={"grid": 0}), "head.grid: 0; expected a whole number in 1 to 32"),
    "head huge": (set_("head", to={"grid": 10**4000}), "head.grid: a huge number"),
    "head true": (set_("head", to={"grid": True}), "head.grid: True"),
    "head nan": (set_("head", to={"grid": math.nan}), "head.grid: nan"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_malformed_is_refused_and_its_place_named(name: str) -> None:
    change, message = HOSTILE[name]
    values = copy.deepcopy(GOOD)
    change(values)
    with pytest.raises(ArchitectureError) as caught:
        load(values)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("values", [None, 1, "x", [], [GOOD], True, NESTED])
def test_what_is_no_object_is_refused(values: Any) -> None:
    with pytest.raises(ArchitectureError, match="architecture: expected an object"):
        load(values)


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, '{"schema": ' + "9" * 10_000 + "}", '{"a": 1e999, "b": ' + '{"b": ' * 50_000, " " * 2**21]
)
def test_texts_that_are_no_json_are_refused(text: str) -> None:
    with pytest.raises(ArchitectureError, match=r"^architecture: "):
        loads(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.sampled_from(["conv3x3", "image"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["operator", "width", "grid", "x"]), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.data())
def test_nothing_but_an_architecture_error_is_raised(data: st.DataObject) -> None:
    values = copy.deepcopy(GOOD)
    inside: Any = values
    while True:  # replace one value anywhere inside
        steps = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        step = data.draw(st.sampled_from(steps))
        if not isinstance(inside[step], dict | list) or not inside[step] or data.draw(st.booleans()):
            inside[step] = data.draw(json_values)
            break
        inside = inside[step]
    found, refusal = None, ""
    try:
        found = load(values)
    except ArchitectureError as error:
        refusal = str(error)
    if found is None:
        assert re.match(r"(architecture|kind|stages|head)\b.*: ", refusal)
        return
    assert loads(json.dumps(dump(found))) == found
    validate(found)
    validate(canonical(found))
    assert key(canonical(found)) == key(found)
