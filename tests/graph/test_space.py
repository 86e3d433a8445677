"""Search spaces are read from TOML, and what is wrong in one is named."""

from __future__ import annotations

import re
from dataclasses import replace

import graph_strategies as shared
import pytest

from minas import resources
from minas.errors import ConfigError
from minas.graph.canonical import canonical
from minas.graph.space import Limits, contains
from minas.graph.structure import Architecture, Node, Stage


def chain(width: int, inner: int) -> Architecture:
    """Return a hand-made chain: convolutions with stride 2, `inner` convolutions after each."""
    nodes = (Node("conv3x3"),) * (1 + inner)
    edges = tuple((index, index + 1) for index in range(1 + inner))
    stages = tuple(Stage(size, 2, nodes, edges) for size in (width, 2 * width))
    return Architecture("image", stages, (("grid", 3),))


@pytest.mark.parametrize(("width", "inner"), [(8, 0), (8, 1), (16, 1)])
def test_the_vision_space_holds_the_hand_made_chains(width: int, inner: int) -> None:
    assert contains(shared.VISION, canonical(chain(width, inner)))


@pytest.mark.parametrize(
    "change",
    [
        lambda a: replace(a, head=(("grid", 5),)),
        lambda a: replace(a, stages=a.stages[:1]),
        lambda a: replace(a, stages=a.stages * 2),
        lambda a: replace(a, stages=(replace(a.stages[0], width=9), a.stages[1])),
        lambda a: replace(a, stages=(replace(a.stages[0], stride=1), a.stages[1])),
        lambda a: replace(a, stages=(replace(a.stages[0], nodes=(Node("conv1x1"), *a.stages[0].nodes[1:])), a.stages[1])),
        lambda a: replace(a, stages=(chain(8, 4).stages[0], a.stages[1])),
    ],
)
def test_what_lies_outside_the_space_is_told(change: object) -> None:
    assert callable(change)
    assert not contains(shared.VISION, change(chain(8, 1)))


def test_a_limit_on_nodes_holds_for_all_stages_together() -> None:
    limited = replace(shared.VISION, limits=Limits(nodes=3))
    assert contains(limited, chain(8, 0))
    assert not contains(limited, chain(8, 1))


def test_the_limit_on_flops_follows_the_size_of_the_data() -> None:
    assert Limits().largest_flops(28 * 28) is None
    assert Limits(flops_per_position=2.5).largest_flops(28 * 28) == 1960
    assert Limits(flops_per_position=2.5, flops=1000).largest_flops(28 * 28) == 1000
    assert shared.VISION.limits.largest_flops(28 * 28) == 1_960_000


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema = 1", "schema = 2", "line 3: space.schema must be one of 1, not 2"),
        ('kind = "image"', 'kind = "sound"', "line 6: space.kind: no kind of state named 'sound'; there are: image"),
        ("widths = [4, 8]", "widths = [8, 4]", "line 7: stages[0]: widths must be ascending, each value once"),
        ("widths = [4, 8]", "widths = []", "line 7: stages[0]: widths must be ascending"),
        ("widths = [4, 8]", "widths = [0, 8]", "line 9: stages[0].widths[0] must be an integer, at least 1 and at most 65536"),
        ("widths = [4, 8]", "width = [4, 8]", "line 9: unknown key 'width' in stages[0]; did you mean 'widths'?"),
        ("nodes = [1, 2]", "nodes = [2, 1]", "line 7: stages[0]: nodes must be [least, largest], not [2, 1]"),
        ("nodes = [1, 2]", "nodes = [0, 1000000]", "line 11: stages[0].nodes[1] must be an integer"),
        ("strides = [2]", "optional = true\nstrides = [2]", "optional stages must come last, after at least one"),
        ('entry = ["conv3x3"]', "entry = []", "line 18: operators: entry must name at least one operator"),
        ('entry = ["conv3x3"]', 'entry = ["conv3x4"]', "line 19: no operator named 'conv3x4'; did you mean 'conv3x3'?"),
        (
            'entry = ["conv3x3"]',
            'entry = ["maxpool3x3"]',
            "line 19: operators.entry.operator: maxpool3x3 can't be a stage's entry",
        ),
        (
            'inner = ["conv3x3", "maxpool3x3", "identity"]',
            'inner = ["identity"]',
            "line 20: operators.inner must name an operator other",
        ),
        ("grid = [1, 2]", "grid = []", "line 22: head.grid must list at least one value"),
        ("grid = [1, 2]", "grid = [0]", "line 22: head.grid: 0; expected a whole number in 1 to 32"),
        ("grid = [1, 2]", "size = [1]", "line 22: unknown key 'size' in head; there are: grid"),
        ("[head]\ngrid = [1, 2]", "", "the key 'head' is missing: a table"),
        ("[head]", '[wiring]\ngenerators = ["ring"]\n[head]', "line 22: wiring.generators[0] must be one of 'chain'"),
        ("[head]", "[wiring]\ngenerators = []\n[head]", "line 21: wiring: generators is empty"),
        (
            "[head]",
            "[wiring]\nprobability = 1.5\n[head]",
            "line 22: wiring.probability must be a number, at least 0 and at most 1",
        ),
        ("[head]", "[limits]\nnodes = 1\n[head]", "line 22: limits.nodes is 1; the stages need at least 2"),
        ("[head]", "[haed]\n[head]", "line 21: unknown key 'haed'; did you mean 'head'?"),
    ],
)
def test_what_is_wrong_in_a_space_is_named(old: str, new: str, message: str) -> None:
    assert shared.SMALL.count(old) >= 1
    with pytest.raises(ConfigError, match=r"^small\.toml.*" + re.escape(message)):
        shared.small_space(shared.SMALL.replace(old, new, 1))


def test_the_shipped_space_is_found_by_name() -> None:
    assert "vision" in resources.names("search_spaces")
    assert shared.VISION.heading.domain == "vision"
