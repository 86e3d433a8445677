"""Activations of the operators of texts: as the graph predicts them, whatever the length and the stride."""

from __future__ import annotations

import pytest
import torch

from minas import operators
from minas.graph.cost import Cost, linear_costs
from minas.graph.signatures import is_masked, nodes_of
from minas.graph.structure import Node
from minas.measures._counting import count

NODES = [node for name in operators.names("text") for node in nodes_of(name)]


@pytest.mark.parametrize("node", NODES, ids=lambda node: "-".join([node.operator, *(str(v) for _, v in node.attributes)]))
@pytest.mark.parametrize(("tokens", "stride"), [(1, 1), (7, 1), (7, 3)])
def test_activations_are_those_that_the_signature_predicts(node: Node, tokens: int, stride: int) -> None:
    found, attributes = operators.signature(node.operator), dict(node.attributes)
    inputs, stride = (3, stride) if found["place"] == "entry" and node.operator != "token_pass" else (6, 1)
    operator = operators.build(node.operator, inputs=inputs, outputs=6, stride=stride, attributes=attributes).eval()
    x = torch.randn(1, inputs, tokens)
    given = (x, torch.ones_like(x[:, :1])) if is_masked(node.operator) else (x,)
    predicted = sum(linear_costs(found, attributes, inputs=inputs, outputs=6, sides=[-(-tokens // stride)]), Cost())
    assert count(operator, given).activations == predicted.activations
