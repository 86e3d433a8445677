"""V: what a step's linear map weighs, once everything that merely rescales it is folded in.

A map is described by its **rows**: a tensor that broadcasts to the operator's output and holds, for every output element, the
sum of the squared weights of the row of A that makes it. A convolution's rows are the same at every output position, which is
how its weights count once for each (the map acts on the padded input); a layer shared over tokens counts once for each token
in the same way. A normalisation, a learned scale or a threshold multiplies rows by the square of its factor.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minas.action.operations import Kind
from minas.action.precision import wide
from minas.action.trace import Call, Value


def raw(argument: Any) -> Any:
    """Return the tensor of a state, or any other argument as it is."""
    return argument.tensor if isinstance(argument, Value) else argument


def _weight(call: Call) -> Tensor:
    weight: Tensor = raw(call.argument(1, "weight"))
    return wide(weight)


def rows_of(call: Call) -> Tensor:
    """Return the rows of a linear operator, broadcastable to its output's shape."""
    if call.kind is Kind.LINEAR:
        return _weight(call).square().sum(-1)
    if call.kind is Kind.CONVOLUTION:
        weight = _weight(call)
        squares = weight.square().flatten(1).sum(1)
        return squares.reshape(-1, *[1] * (weight.dim() - 2))
    if call.kind is Kind.MATMUL:
        return _matmul_rows(call)
    return _counted_rows(call)


def _counted_rows(call: Call) -> Tensor:
    """Apply the operator to ones with squared weights: every output element then holds its row's sum of squares.

    For operators that are linear in the weights: a transposed convolution (whose cropped border lacks some), an `einsum`.
    """
    if call.kind is Kind.TRANSPOSED:
        weight = _weight(call)
        ones = torch.ones_like(call.inputs[0].tensor[:1])
        names = ("stride", "padding", "output_padding", "groups", "dilation")
        defaults = zip(names, (1, 0, 0, 1, 1), strict=True)
        options = {name: call.argument(3 + place, name, default) for place, (name, default) in enumerate(defaults)}
        rows: Tensor = call.function(ones, weight.square(), None, **options)
        return rows
    squared = [_squared(call, argument) for argument in call.args]
    found: Tensor = call.function(*squared, **call.kwargs)
    return found


def _squared(call: Call, argument: Any) -> Any:
    if isinstance(argument, list | tuple) and any(isinstance(item, Tensor) for item in argument):
        return [_squared(call, item) for item in argument]
    if not isinstance(argument, Tensor):
        return argument
    return torch.ones_like(wide(argument)) if id(argument) in call.known else wide(argument).square()


def operands(call: Call) -> tuple[Any, Any]:
    """Return the two factors of a matrix product, each a `Value` or a plain tensor."""
    first = 1 if call.name.rstrip("_") in ("addmm", "baddbmm", "addmv") else 0
    names = {0: ("input", "other"), 1: ("mat1", "mat2")}[first]
    left, right = call.argument(first, names[0]), call.argument(first + 1, names[1])
    if right is None:
        right = call.argument(first + 1, "mat2")
    return (right, left) if call.name == "__rmatmul__" else (left, right)


def _matmul_rows(call: Call) -> Tensor:
    left, right = operands(call)
    on_left = isinstance(right, Value)
    rows = product_rows(wide(raw(left if on_left else right)), on_left=on_left)
    return rows * squared_alpha(call)


def squared_alpha(call: Call) -> float:
    """Return the square of the number by which `addmm` and its like multiply their product."""
    alpha: float = call.kwargs.get("alpha", 1)
    return alpha * alpha


def product_rows(matrix: Tensor, *, on_left: bool) -> Tensor:
    """Return the rows of `matrix @ x` (on the left) or `x @ matrix`, broadcastable to the product."""
    if matrix.dim() == 1:
        return matrix.square().sum()
    return matrix.square().sum(-1 if on_left else -2, keepdim=True)


def norm_factor(call: Call, rows: slice | None = None) -> Tensor:
    """Return by what a normalisation multiplies its centred input: gamma / sqrt(var + eps).

    Args:
        call: `F.batch_norm`, `layer_norm`, `group_norm`, `instance_norm` or `rms_norm`.
        rows: the part of the batch from which a batch normalisation's variance is taken; None for all of it.

    Returns:
        a tensor that broadcasts to the call's output.
    """
    state = call.inputs[0].tensor
    gamma, _, scale = _NORMS[call.name](call, state, rows)
    return scale if gamma is None else gamma * scale


def _inverse(variance: Tensor, eps: float) -> Tensor:
    return (variance + eps).rsqrt()


def _by_channel(tensor: Tensor | None, state: Tensor) -> Tensor | None:
    return None if tensor is None else tensor.reshape(-1, *[1] * (state.dim() - 2))


def _batch_norm(call: Call, state: Tensor, rows: slice | None) -> tuple[Tensor | None, None, Tensor]:
    if call.function is torch.batch_norm:
        places = {"weight": 1, "running_var": 4, "training": 5, "eps": 7}
    else:
        places = {"weight": 3, "running_var": 2, "training": 5, "eps": 7}
    variance = call.argument(places["running_var"], "running_var")
    if call.argument(places["training"], "training", False) or variance is None:
        part = state if rows is None else state[rows]
        variance = part.var([axis for axis in range(state.dim()) if axis != 1], correction=0)
    scale = _inverse(variance, call.argument(places["eps"], "eps", 1e-5))
    weight = call.argument(places["weight"], "weight")
    return _by_channel(weight, state), None, scale.reshape(-1, *[1] * (state.dim() - 2))


def _layer_norm(call: Call, state: Tensor, rows: slice | None) -> tuple[Tensor | None, None, Tensor]:
    axes = list(range(-len(tuple(call.argument(1, "normalized_shape"))), 0))
    scale = _inverse(state.var(axes, correction=0, keepdim=True), call.argument(4, "eps", 1e-5))
    return raw(call.argument(2, "weight")), None, scale


def _rms_norm(call: Call, state: Tensor, rows: slice | None) -> tuple[Tensor | None, None, Tensor]:
    axes = list(range(-len(tuple(call.argument(1, "normalized_shape"))), 0))
    eps = call.argument(3, "eps")
    scale = _inverse(state.square().mean(axes, keepdim=True), torch.finfo(state.dtype).eps if eps is None else eps)
    return raw(call.argument(2, "weight")), None, scale


def _group_norm(call: Call, state: Tensor, rows: slice | None) -> tuple[Tensor | None, None, Tensor]:
    groups = int(call.argument(1, "num_groups"))
    variance = state.reshape(len(state), groups, -1).var(2, correction=0)
    scale = _inverse(variance, call.argument(4, "eps", 1e-5)).repeat_interleave(state.shape[1] // groups, 1)
    return _by_channel(raw(call.argument(2, "weight")), state), None, scale.reshape(*scale.shape, *[1] * (state.dim() - 2))


def _instance_norm(call: Call, state: Tensor, rows: slice | None) -> tuple[Tensor | None, None, Tensor]:
    plain = call.function is not torch.instance_norm
    variance = call.argument(2 if plain else 4, "running_var")
    if call.argument(5, "use_input_stats", True) or variance is None:
        variance = state.flatten(2).var(2, correction=0)
    scale = _inverse(variance, call.argument(7, "eps", 1e-5))
    weight = raw(call.argument(3 if plain else 1, "weight"))
    return _by_channel(weight, state), None, scale.reshape(*scale.shape, *[1] * (state.dim() - 2))


_NORMS = {
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
}


def attention_weights(call: Call) -> Tensor:
    """Recompute the softmax weights of `F.scaled_dot_product_attention`, (..., queries, keys)."""
    query, key = wide(raw(call.argument(0, "query"))), wide(raw(call.argument(1, "key")))
    mask, causal = raw(call.argument(3, "attn_mask")), call.argument(5, "is_causal", False)
    scale = call.argument(6, "scale")
    if query.dim() > 2 and key.shape[-3] != query.shape[-3]:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if causal:
        allowed = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = scores.masked_fill(~allowed, float("-inf"))
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf")) if mask.dtype is torch.bool else scores + mask
    return F.softmax(scores, -1)


def bag_rows(call: Call, ids: Tensor) -> Tensor:
    """Return sum over the looked-up rows of their squares, (bags,); a mean bag's rows are divided by their number.

    Args:
        call: `F.embedding_bag`.
        ids: what it looks up, or the first bags of that where they are rows of one length.
    """
    weight = _weight(call)
    offsets, mode = raw(call.argument(2, "offsets")), call.argument(6, "mode", "mean")
    scales, skip = raw(call.argument(8, "per_sample_weights")), call.argument(10, "padding_idx")
    if ids.dim() == 2:
        bags = torch.arange(len(ids), device=ids.device).repeat_interleave(ids.shape[1])
        count = len(ids)
    else:
        count = len(offsets) - (1 if call.argument(9, "include_last_offset", False) else 0)
        places = torch.arange(len(ids), device=ids.device)
        bags = torch.searchsorted(offsets[:count].contiguous(), places, right=True) - 1
    flat = ids.reshape(-1)
    squares = weight[flat].square().sum(1)
    if scales is not None:
        squares = squares * scales.reshape(-1)[: len(flat)].square()
    used = torch.ones_like(squares)
    if skip is not None:
        used = (flat != skip).to(squares.dtype)
    zeros = squares.new_zeros(count)
    total: Tensor = zeros.index_add(0, bags, squares * used)
    if mode == "mean":
        total = total / zeros.index_add(0, bags, used).clamp(min=1).square()
    return total
