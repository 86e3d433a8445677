"""What each torch function means for the action: one table from functions to kinds.

The table is what makes modules and functional calls the same thing: `nn.ReLU()`, `F.relu`, `torch.relu`, `Tensor.relu` and
their in-place forms are all one kind. A function that is not in the table is judged by what it does (see `trace`).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minas.errors import UsageError

Function = Callable[..., Any]


class UnknownOperation(UsageError):
    """A network applies learned parameters by an operation whose linear map MINAS does not know.

    Args:
        name: the operation's name.
        reason: what is known about the call, such as the parameter's name.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"the action of the operation '{name}' is not known ({reason}): its potential would be silently zero. "
            "Write it with linear maps, convolutions, normalisations, products or lookups, or put it into a module of its own "
            "with a method potential(rows, current) (see minas.action.neuron)"
        )


class Kind(Enum):
    """What a function is to the action."""

    CONSTANT = "constant"  # gives no state: comparisons, fresh tensors, indices
    SHAPE = "shape"  # moves or selects elements of its first argument, costs nothing
    PASS = "pass"  # hands its first argument on, element by element, costs nothing
    ADD = "add"  # adds states or a bias, costs nothing
    FREE = "free"  # merges, averages, reduces: costs nothing
    MULTIPLY = "multiply"
    DIVIDE = "divide"
    POINTWISE = "pointwise"
    SOFTMAX = "softmax"
    POOL = "pool"
    NORM = "norm"
    LINEAR = "linear"
    CONVOLUTION = "convolution"
    TRANSPOSED = "transposed"
    MATMUL = "matmul"
    EINSUM = "einsum"
    EMBEDDING = "embedding"
    BAG = "bag"
    RECURRENT = "recurrent"
    CELL = "cell"
    ATTENTION = "attention"
    GLU = "glu"
    OPEN = "open"  # a Python function of torch that is read from inside
    NEURON = "neuron"  # a module that brings its own potential
    QUERY = "query"  # asks a tensor about itself
    UNKNOWN = "unknown"


_SPACES: tuple[Any, ...] = (F, torch, Tensor, torch.special, torch.linalg, torch.sparse)

_NAMES: dict[Kind, str] = {
    Kind.CONSTANT: (
        "eq ne lt le gt ge __eq__ __ne__ __lt__ __le__ __gt__ __ge__ isnan isinf isfinite logical_and logical_or "
        "logical_not logical_xor isclose allclose equal zeros_like ones_like empty_like full_like rand_like "
        "randn_like randint_like new_zeros new_ones new_empty new_full new_tensor argmax argmin argsort nonzero "
        "bernoulli multinomial one_hot any all sign signbit heaviside floor ceil round trunc bool"
    ),
    Kind.QUERY: (
        "dim size numel stride is_contiguous is_floating_point is_complex item tolist __len__ element_size "
        "nelement storage_offset data_ptr __repr__ __hash__ ndimension get_device is_same_size"
    ),
    Kind.SHAPE: (
        "view reshape flatten unflatten transpose permute squeeze unsqueeze chunk split tensor_split "
        "split_with_sizes unbind narrow select __getitem__ movedim moveaxis swapaxes swapdims t view_as reshape_as "
        "expand expand_as broadcast_to repeat tile repeat_interleave index_select flip roll rot90 pixel_shuffle "
        "pixel_unshuffle channel_shuffle unfold fold pad take_along_dim gather diagonal ravel adjoint hsplit "
        "vsplit"
    ),
    Kind.PASS: (
        "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout feature_dropout clone "
        "contiguous to type float double half bfloat16 cpu cuda detach requires_grad_ masked_fill nan_to_num tril "
        "triu retain_grad type_as alias detach_"
    ),
    Kind.ADD: "add sub subtract __add__ __radd__ __iadd__ __sub__ __rsub__ __isub__ rsub",
    Kind.FREE: (
        "mean sum nansum neg negative __neg__ cat concat concatenate stack hstack vstack dstack where "
        "masked_select masked_scatter scatter scatter_add index_add index_copy index_fill index_put __setitem__ "
        "copy_ var std var_mean std_mean norm vector_norm cumsum sort topk median mode lerp addcmul addcdiv "
        "meshgrid broadcast_tensors atleast_1d atleast_2d logsumexp nanmean fill_ zero_ cdist pairwise_distance "
        "cosine_similarity"
    ),
    Kind.MULTIPLY: "mul multiply __mul__ __rmul__ __imul__",
    Kind.DIVIDE: "div divide true_divide __truediv__ __itruediv__ __rtruediv__ __div__ __rdiv__ __idiv__",
    Kind.POINTWISE: (
        "relu relu6 leaky_relu rrelu prelu elu celu selu gelu silu mish softplus softsign hardtanh hardswish "
        "hardsigmoid hardshrink softshrink tanhshrink threshold sigmoid tanh logsigmoid expit clamp clip clamp_min "
        "clamp_max abs absolute exp expm1 log log1p log2 log10 sqrt rsqrt square pow __pow__ float_power "
        "reciprocal sin cos tan asin acos atan sinh cosh asinh acosh atanh erf erfc sinc logit log_sigmoid"
    ),
    Kind.SOFTMAX: "softmax softmin log_softmax _softmax",
    Kind.POOL: (
        "max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d "
        "adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d max_pool1d_with_indices "
        "max_pool2d_with_indices max_pool3d_with_indices adaptive_max_pool1d_with_indices "
        "adaptive_max_pool2d_with_indices adaptive_max_pool3d_with_indices lp_pool1d lp_pool2d lp_pool3d "
        "fractional_max_pool2d fractional_max_pool3d fractional_max_pool2d_with_indices "
        "fractional_max_pool3d_with_indices max_unpool1d max_unpool2d max_unpool3d interpolate upsample "
        "upsample_nearest upsample_bilinear local_response_norm amax amin max min maximum minimum fmax fmin "
        "grid_sample"
    ),
    Kind.NORM: "batch_norm layer_norm group_norm instance_norm rms_norm",
    Kind.LINEAR: "linear",
    Kind.CONVOLUTION: "conv1d conv2d conv3d",
    Kind.TRANSPOSED: "conv_transpose1d conv_transpose2d conv_transpose3d",
    Kind.MATMUL: "matmul mm bmm mv __matmul__ __rmatmul__ __imatmul__ addmm baddbmm addmv",
    Kind.EINSUM: "einsum tensordot",
    Kind.EMBEDDING: "embedding",
    Kind.BAG: "embedding_bag",
    Kind.RECURRENT: "lstm gru rnn_tanh rnn_relu",
    Kind.CELL: "lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell",
    Kind.ATTENTION: "scaled_dot_product_attention",
    Kind.GLU: "glu",
    Kind.OPEN: "multi_head_attention_forward normalize",
}

HOMOGENEOUS = frozenset({"relu", "relu_", "leaky_relu", "leaky_relu_", "prelu"})
"""Pointwise functions with f(c x) = c f(x) for every c > 0."""

GATES = frozenset({"sigmoid", "sigmoid_", "hardsigmoid", "expit", "softmax", "softmin", "_softmax"})
"""Functions whose result is a gate."""


def _table() -> dict[Any, Kind]:
    table: dict[Any, Kind] = {}
    for kind, names in _NAMES.items():
        for name in names.split():
            for variant in (name, f"{name}_"):
                for space in _SPACES:
                    function = getattr(space, variant, None)
                    if callable(function):
                        table.setdefault(function, kind)
    for name in ("T", "mT", "H", "mH"):
        table[getattr(Tensor, name).__get__] = Kind.SHAPE
    for name in ("shape", "dtype", "device", "requires_grad", "ndim", "is_leaf", "grad_fn", "grad", "layout", "is_cuda"):
        table[getattr(Tensor, name).__get__] = Kind.QUERY
    table[Tensor.data.__get__] = Kind.PASS  # type: ignore[attr-defined]
    return table


KINDS: dict[Any, Kind] = _table()


def name_of(function: Any) -> str:
    """Return a function's plain name, such as `"conv2d"`."""
    return str(getattr(function, "__name__", function))


def in_place(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Say whether a call may overwrite its first argument.

    A positional `True` may be an `inplace` flag: taking it for one costs a copy, missing one would give wrong states.
    """
    name = name_of(function)
    if kwargs.get("out") is not None:
        return True
    if name.startswith("__"):
        return name.startswith("__i") or name == "__setitem__"
    return name.endswith("_") or bool(kwargs.get("inplace")) or any(value is True for value in args)
