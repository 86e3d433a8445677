"""What a signature's rows cost, by hand."""

from __future__ import annotations

import pytest

from minas.graph.cost import Cost, linear_costs, linear_count
from minas.graph.signatures import signature

ATTENTION = {
    "linear": [
        {"kernel": 1, "inputs": "in", "outputs": "inner", "bias": True},
        {"macs": ["heads", "positions", "positions", "inner"], "activations": ["heads", "positions", "positions"]},
        {"params": ["in"]},
    ]
}


def total(name: str, sides: tuple[int, ...], repeats: int = 1, **attributes: int) -> Cost:
    rows = linear_costs(signature(name), attributes, inputs=4, outputs=8, sides=sides, repeats=repeats)
    return sum(rows, Cost())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("conv3x3", Cost(9 * 4 * 8 * 49, 9 * 4 * 8 + 16, 8 * 49)),
        ("sep3x3", Cost(9 * 4 * 49 + 4 * 8 * 49, 9 * 4 + 4 * 8 + 16, 12 * 49)),
        ("squeeze_excitation", Cost(4 * 2 + 2 * 8, 4 * 2 + 2 + 2 * 8 + 8, 2 + 8)),
        ("maxpool3x3", Cost()),
    ],
)
def test_two_dimensions(name: str, expected: Cost) -> None:
    assert total(name, (7, 7)) == expected


def test_one_dimension() -> None:
    assert total("conv3x3", (50,)) == Cost(3 * 4 * 8 * 50, 3 * 4 * 8 + 16, 8 * 50)


def test_weights_that_are_shared_over_time_steps_count_once() -> None:
    assert total("conv3x3", (7, 7), repeats=6) == Cost(6 * 9 * 4 * 8 * 49, 9 * 4 * 8 + 16, 6 * 8 * 49)


def test_an_attribute_may_be_the_kernel() -> None:
    assert total("grid_head", (7, 7), grid=3) == Cost(9 * 4 * 8, 9 * 4 * 8 + 8, 8)


def test_products_of_factors() -> None:
    found = list(linear_costs(ATTENTION, {"heads": 2, "inner": 6}, inputs=4, outputs=4, sides=(10,)))
    assert found == [Cost(240, 30, 60), Cost(2 * 10 * 10 * 6, 0, 200), Cost(0, 4, 0)]
    assert linear_count(ATTENTION) == 2
