"""Recurrent layers, read one layer and one direction at a time.

torch runs all layers of an `nn.LSTM`, `nn.GRU` or `nn.RNN` in one call and hands out the last one's states only. Here the same
call is made layer by layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minas.action.operations import Function


@dataclass(frozen=True)
class Layer:
    """One direction of one layer.

    Attributes:
        inputs: x_t for all t, (..., features).
        states: h_t for all t, (..., hidden).
        maps: the weight matrices that act at each time step (input, recurrent and, where there is one, projection).
    """

    inputs: Tensor
    states: Tensor
    maps: tuple[Tensor, ...]


def run_layers(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, list[Layer]]:
    """Run `torch.lstm`, `gru`, `rnn_tanh` or `rnn_relu` layer by layer.

    Args:
        function: the function.
        args: as torch's own modules call it, all by position: (input, hx, weights, has_biases, layers, dropout, train,
            bidirectional, batch_first), or for a packed sequence (data, batch_sizes, hx, weights, ...) without batch_first.
        kwargs: must be empty.

    Returns:
        what the function returns, and every layer's directions.
    """
    packed = isinstance(args[1], Tensor) and args[1].dtype is torch.int64 and args[1].dim() == 1
    lead = args[1:2] if packed else ()
    hidden, weights, biases, layers, dropout, train, both = args[1 + len(lead) : 8 + len(lead)]
    tail = args[8 + len(lead) :]
    cell = isinstance(hidden, tuple | list)
    directions = 2 if both else 1
    size = len(weights) // (layers * directions)
    data, finals, found = args[0], [], []
    for layer in range(layers):
        rows = slice(layer * directions, (layer + 1) * directions)
        start = tuple(state[rows] for state in hidden) if cell else hidden[rows]
        own = list(weights[layer * directions * size : (layer + 1) * directions * size])
        out, *last = function(data, *lead, start, own, biases, 1, 0.0, train, both, *tail)
        found += _directions(data, out, own, directions, size, biases)
        finals.append(last)
        data = F.dropout(out, dropout, train) if dropout and layer < layers - 1 else out
    if layers == 1:
        return (data, *finals[0]), found
    return (data, *(torch.cat(parts) for parts in zip(*finals, strict=True))), found


def _directions(
    inputs: Tensor, states: Tensor, weights: list[Tensor], directions: int, size: int, biases: bool
) -> list[Layer]:
    """Split one layer's run into its directions."""
    parts = states.chunk(directions, -1)
    layers = []
    for direction in range(directions):
        own = weights[direction * size : (direction + 1) * size]
        maps = own[:2] + (own[4:] if biases else own[2:])
        layers.append(Layer(inputs, parts[direction], tuple(maps)))
    return layers
