from __future__ import annotations

from minas.graph.architecture import Architecture, Node, Stage
from minas.network.plan import plan

CONV, POOL = Node("conv3x3"), Node("maxpool3x3")


def test_states_are_numbered_across_stages() -> None:
    first = Stage(4, 2, (CONV, CONV, POOL), ((0, 1), (0, 2), (1, 2), (1, 3), (2, 3)))
    second = Stage(6, 1, (CONV,), ((0, 1),))
    found = plan(Architecture("image", (first, second), (("grid", 2),)), inputs=3)
    assert [application.name for application in found.applications] == [
        "stage0_node0",
        "stage0_node1",
        "stage0_node2",
        "stage1_node0",
    ]
    assert [application.sources for application in found.applications] == [(0,), (1,), (1, 2), (2, 3)]
    assert [(a.inputs, a.outputs, a.stride) for a in found.applications] == [(3, 4, 2), (4, 4, 1), (4, 4, 1), (4, 6, 1)]
    assert found.output == (4,)


def test_the_head_takes_all_states_that_feed_the_last_output() -> None:
    stage = Stage(4, 2, (CONV, CONV, POOL), ((0, 1), (0, 2), (0, 3), (1, 3), (2, 3)))
    assert plan(Architecture("image", (stage,), (("grid", 2),)), inputs=1).output == (1, 2, 3)
