from __future__ import annotations

import pytest

from minas.analysis.topology import architecture_picture
from minas.graph.architecture import Architecture, Node, Stage
from minas.graph.prediction import features


def architecture() -> Architecture:
    first = Stage(width=8, stride=2, nodes=(Node(operator="conv3x3"), Node(operator="sep3x3")), edges=((0, 1), (0, 2), (1, 2)))
    second = Stage(width=16, stride=2, nodes=(Node(operator="conv3x3"), Node(operator="maxpool3x3")), edges=((0, 1), (1, 2)))
    return Architecture(kind="image", stages=(first, second), head=(("grid", 3),))


def test_the_numbers_of_an_architecture() -> None:
    picture = architecture_picture(architecture(), shape=(1, 27, 28), classes=10)
    assert [stage.shape for stage in picture.stages] == [(8, 14, 14), (16, 7, 7)]
    flops = [node.flops for stage in picture.stages for node in stage.nodes]
    assert flops == [9 * 8 * 196, 9 * 8 * 196 + 64 * 196, 9 * 8 * 16 * 49, 0]
    assert picture.head.flops == 16 * 9 * 10
    assert picture.coloured == "flops"
    assert sum(node.share for stage in picture.stages for node in stage.nodes) + picture.head.share == pytest.approx(1.0)


def test_action_colours_where_it_is_known() -> None:
    action = {(0, 0): 30.0, (0, 1): 50.0, (2, 0): 20.0}
    picture = architecture_picture(architecture(), shape=(1, 28, 28), classes=10, action=action)
    assert picture.coloured == "action"
    assert [node.share for node in picture.stages[0].nodes] == [0.3, 0.5]
    assert picture.stages[1].nodes[0].action is None
    assert picture.head.share == 0.2


def test_the_sum_is_what_the_graph_predicts() -> None:
    picture = architecture_picture(architecture(), shape=(3, 31, 28), classes=7)
    whole = sum(node.flops for stage in picture.stages for node in stage.nodes) + picture.head.flops
    assert whole == features(architecture(), shape=(3, 31, 28), classes=7).macs


def test_a_stem_is_a_node_with_its_attributes() -> None:
    stage = Stage(width=8, stride=1, nodes=(Node(operator="token_conv3"),), edges=((0, 1),))
    stem = (("bag", 0), ("buckets", 50), ("grams", 2), ("rows", 90), ("width", 4))
    text = Architecture(kind="text", stages=(stage,), head=(("pool", "mean"),), stem=stem)
    picture = architecture_picture(text, shape=(25,), classes=2, action={(-1, 0): 3.0, (0, 0): 4.0, (1, 0): 5.0})
    assert picture.stem is not None
    assert picture.stem.operator == "token embedding"
    assert picture.stem.details == ("bag 0", "buckets 50", "grams 2", "rows 90", "width 4")
    assert (picture.stem.flops, picture.stem.action, picture.stem.share) == (0, 3.0, 0.25)
    assert architecture_picture(architecture(), shape=(1, 28, 28), classes=10).stem is None
