"""FLOPs of the operators of signals: as torch counts them, as the graph predicts them, and by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from flop_oracle import oracle_flops

from minas import operators
from minas.graph.cost import Cost, linear_costs
from minas.graph.signatures import nodes_of
from minas.measures._counting import count

TIME = 21
SIGNAL = torch.zeros(1, 6, TIME)
NODES = [node for name in operators.names("signal") for node in nodes_of(name)]


@pytest.mark.parametrize("node", NODES, ids=lambda node: "-".join([node.operator, *(str(v) for _, v in node.attributes)]))
def test_operators_cost_what_torch_counts_and_the_graph_predicts(node: Any) -> None:
    found, attributes = operators.signature(node.operator), dict(node.attributes)
    outputs, stride, time = (8, 2, (TIME + 1) // 2) if found["place"] == "entry" else (6, 1, TIME)
    operator = operators.build(node.operator, inputs=6, outputs=outputs, stride=stride, attributes=attributes)
    predicted = sum(linear_costs(found, attributes, inputs=6, outputs=outputs, sides=(time,)), Cost())
    counted = count(operator, SIGNAL)
    assert counted.flops == oracle_flops(operator, SIGNAL) == predicted.macs
    assert counted.activations == predicted.activations
    assert sum(parameter.numel() for parameter in operator.parameters()) == predicted.params


@pytest.mark.parametrize(
    ("name", "attributes", "expected"),
    [
        ("temporal63", {}, TIME * 63 * 6 * 6),
        ("depthwise15", {}, TIME * 15 * 6),
        ("separable15", {}, TIME * (15 * 6 + 6 * 6)),
        ("spatial", {}, TIME * 6 * 6),
        ("temporal_gru", {"directions": 2}, TIME * 2 * 3 * (6 * 6 + 6 * 6)),
        ("temporal_attention", {"heads": 4}, TIME * (3 * 32 * 6 + 32 * 6) + 2 * TIME * TIME * 32),
        ("maxpool7", {}, 0),
    ],
)
def test_operators_cost_what_a_hand_counts(name: str, attributes: dict[str, Any], expected: int) -> None:
    assert count(operators.build(name, inputs=6, outputs=6, attributes=attributes), SIGNAL).flops == expected
