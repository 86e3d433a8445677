"""Which of the model's children a table's rows belong to."""

from __future__ import annotations

import torch
from torch import nn

from minas.action.meter import ActionMeter


class Two(nn.Module):
    """The linear operator in one child, its normalisation and its ReLU in the next, a functional step behind the last."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 4), nn.Sequential(nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 4))

    def forward(self, x):
        return torch.sigmoid(self.second(self.first(x)) + x.sum())


def parts(model, x=None):
    with torch.no_grad(), ActionMeter(model.eval()) as meter:
        model(torch.randn(5, 3) if x is None else x)
    return [row.parts for row in meter.table()]


def test_a_step_that_reaches_over_children_names_them_all_the_linear_operator_s_first():
    assert parts(Two()) == [("first", "second"), ("second",), ("",)]


def test_what_stands_between_children_belongs_to_the_one_that_takes_it():
    class Between(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 4), nn.Linear(4, 2)

        def forward(self, x):
            found = self.a(x)
            return self.b(torch.maximum(found, -found.flip(1)))

    assert parts(Between()) == [("a",), ("b",), ("b",)]


def test_a_child_inside_of_another_counts_as_that_one_and_rows_of_several_passes_keep_their_parts():
    shared = nn.Linear(3, 3)
    model = nn.Sequential(nn.Sequential(shared, nn.ReLU()), nn.Linear(3, 3)).eval()
    with torch.no_grad(), ActionMeter(model) as meter:
        model(torch.randn(5, 3))
        model(torch.randn(2, 3))
    assert [row.parts for row in meter.table()] == [("0",), ("1",)]


def test_no_hook_stays_behind():
    model = Two().eval()
    parts(model)
    assert not any(child._forward_hooks or child._forward_pre_hooks for child in model.children())
