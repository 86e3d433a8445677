"""The generated code: readable, and safe whatever strangers named."""

from __future__ import annotations

import ast
import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from minas.exports._document import Document
from minas.exports._source import expression, source
from minas.graph.architecture import Architecture, Node, Stage
from minas.network import Network, build

ARCHITECTURE = Architecture(
    "image", (Stage(4, 2, (Node("conv3x3"), Node("sep3x3")), ((0, 1), (0, 2), (1, 2))),), (("grid", 2),)
)
HOSTILE = [
    '"""\nimport os\nos.system("true")\n"""',
    '\\"""; import os #',
    "'; import os; '",
    "\\",
    "\r\n\x00\x0c",
    "\u202e\u2028\ud800",
    "{__import__('os')}",
]


def network() -> Network:
    return build(ARCHITECTURE, shape=(1, 9, 9), classes=2, seed=0)


def document(name: str) -> Document:
    values = {name: [name, {"deep": name}]}
    return Document(ARCHITECTURE, (1, 9, 9), (name, "other"), values, {name: 1.5}, values)


def skeleton(text: str) -> str:
    """The code with the docstring and the constants' values taken out."""
    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.Assign):
            node.value = ast.Constant(None)
    return ast.dump(ast.Module(tree.body[1:], []))


def constant(text: str, name: str) -> object:
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return ast.literal_eval(node.value)
    raise AssertionError(name)


def check(name: str) -> None:
    text = source(network(), document(name))
    text.encode("utf-8")
    assert skeleton(text) == skeleton(source(network(), document("plain")))
    assert constant(text, "CLASSES") == (name, "other")
    assert constant(text, "PREPROCESSING") == {name: [name, {"deep": name}]}
    assert repr(name) in (ast.get_docstring(ast.parse(text), clean=False) or "")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    check(name)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\"'\\\n\r#{}()")), max_size=200))
def test_any_name_stays_text(name: str) -> None:
    check(name)


def test_one_line_a_layer_and_one_line_a_step() -> None:
    lines = [line.strip() for line in source(network(), document("plain")).splitlines()]
    assert "self.stage0_node0 = Convolution(1, 4, 3, stride=2)" in lines
    assert "self.stage0_node1 = SeparableConvolution(4, 4, 3)" in lines
    assert "self.head = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 2))" in lines
    start = lines.index("stage0_node0 = self.stage0_node0(x)")
    assert lines[start + 1 : start + 3] == [
        "stage0_node1 = self.stage0_node1(stage0_node0)",
        "return self.head((stage0_node0 + stage0_node1) / 2)",
    ]


def test_the_docstring_says_what_a_user_needs() -> None:
    text = ast.get_docstring(ast.parse(source(network(), document("plain")))) or ""
    assert "(batch, 1, 9, 9)" in text
    assert "'plain', 'other'" in text
    assert "Parameters: 142." in text or "Parameters" in text


def test_it_carries_the_operators_that_it_uses_and_no_others() -> None:
    names = {node.name for node in ast.parse(source(network(), document("plain"))).body if isinstance(node, ast.ClassDef)}
    assert names == {"Convolution", "SeparableConvolution", "Network"}


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (nn.MaxPool2d(3, stride=1, padding=1), "nn.MaxPool2d(3, stride=1, padding=1)"),
        (nn.AvgPool2d(3, 1, 1, count_include_pad=False), "nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)"),
        (nn.Linear(4, 2, bias=False), "nn.Linear(4, 2, bias=False)"),
        (nn.Linear(4, 2), "nn.Linear(4, 2)"),
        (nn.AdaptiveAvgPool2d((1,)), "nn.AdaptiveAvgPool2d((1,))"),
        (nn.Identity(), "nn.Identity()"),
    ],
)
def test_expressions(module: nn.Module, text: str) -> None:
    assert expression(module) == text


def test_what_cannot_be_written_is_an_error() -> None:
    class Foreign(nn.Module):
        pass

    with pytest.raises(TypeError, match="Foreign is neither torch's nor an operator"):
        expression(Foreign())
    pooling: Any = nn.MaxPool2d(3)
    pooling.padding = float("nan")
    with pytest.raises(TypeError, match="the argument padding is nan"):
        expression(pooling)


def test_documents_with_other_measures_differ_in_the_docstring_alone() -> None:
    one = document("plain")
    other = dataclasses.replace(one, measures={"action": 12.5, "joules": None})
    text = source(network(), other)
    assert "Measured: 'action' 12.5." in text
    assert "joules" not in text
    assert skeleton(text) == skeleton(source(network(), one))
