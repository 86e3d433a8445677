"""FLOPs against hand counts, against torch's own counter, and what must never be counted silently as zero."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as functional
from flop_oracle import oracle_flops
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from minas.errors import UsageError
from minas.measures._counting import Counts, UnsupportedOperator, count
from minas.measures._flop_handles import HANDLES, UnknownShape
from minas.measures._free import FREE
from minas.measures.flops import count_flops


class Function(nn.Module):
    """A function as a module, with other modules that it may use."""

    def __init__(self, function: Callable[..., Any], *modules: nn.Module) -> None:
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(modules)

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(*self.parts, *inputs)


def of(function: Callable[..., Any], *inputs: Tensor, modules: tuple[nn.Module, ...] = ()) -> Counts:
    return count(Function(function, *modules), inputs)


IMAGE = torch.zeros(1, 4, 8, 8)
TOKENS = torch.zeros(1, 10, 16)

HAND = {
    "gru": (nn.GRU(8, 16), torch.zeros(10, 1, 8), 3 * 16 * (8 + 16) * 10),
    "lstm": (nn.LSTM(8, 16), torch.zeros(10, 1, 8), 4 * 16 * (8 + 16) * 10),
    "attention": (
        Function(lambda x: functional.scaled_dot_product_attention(x, x, x)), torch.zeros(1, 1, 10, 16), 2 * 10 * 10 * 16,
    ),
    "transposed": (nn.ConvTranspose2d(4, 8, 2, 2), IMAGE, 8 * 8 * 4 * 8 * 2 * 2),
    "product": (Function(lambda x: x @ torch.zeros(8, 8)), torch.zeros(1, 8), 8 * 8),
    "convolution": (nn.Conv2d(4, 6, 3, padding=1), IMAGE, 8 * 8 * 6 * 4 * 9),
    "grouped": (nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=2), IMAGE, 4 * 4 * 8 * 2 * 9),
    "same padding": (nn.Conv2d(4, 6, 5, padding="same", dilation=2), IMAGE, 8 * 8 * 6 * 4 * 25),
    "linear": (nn.Linear(16, 5), TOKENS, 10 * 16 * 5),
    "normalisation": (nn.Sequential(nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.LayerNorm(8)), IMAGE, 0),
    "pointwise": (nn.Sequential(nn.ReLU(inplace=True), nn.GELU(), nn.MaxPool2d(2), nn.Upsample(scale_factor=2)), IMAGE, 0),
    "embedding bag": (nn.EmbeddingBag(10, 4), torch.zeros(1, 3, dtype=torch.long), 0),
    "matrix by vector": (Function(lambda x: x @ torch.zeros(8)), IMAGE, 4 * 8 * 8),
    "vector by vector": (Function(lambda x: torch.dot(x[0, 0, 0], x[0, 0, 1])), IMAGE, 8),
    "broadcast": (Function(lambda x: x @ torch.zeros(3, 1, 8, 5)), IMAGE, 3 * 4 * 8 * 8 * 5),
    "tensordot": (Function(lambda x: torch.tensordot(x, x, dims=([2, 3], [2, 3]))), IMAGE, 4 * 4 * 64),
    "summed batch": (Function(lambda x: torch.addbmm(torch.zeros(8, 8), x[0], x[0])), IMAGE, 4 * 8 * 8 * 8),
}  # fmt: skip


@pytest.mark.parametrize("name", HAND)
def test_counts_by_hand(name: str) -> None:
    model, example, expected = HAND[name]
    assert count_flops(model, example) == expected


def test_toy_rows_are_those_of_the_published_table() -> None:
    counted = [HAND[name][2] for name in ("gru", "lstm", "attention", "transposed", "product")]
    assert counted == [11_520, 15_360, 3_200, 8_192, 64]


def multihead(**options: Any) -> nn.Module:
    return Function(lambda layer, x: layer(x, x, x, **options)[0], nn.MultiheadAttention(16, 4, batch_first=True))


def packed(layer: nn.Module, x: Tensor) -> Tensor:
    sequence = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([10, 6]), batch_first=True)
    out: Tensor = layer(sequence)[0].data
    return out


ORACLE = {
    "convolution 1d": (nn.Conv1d(16, 4, 3, bias=False), torch.zeros(1, 16, 10)),
    "convolution 3d": (nn.Conv3d(2, 4, 3), torch.zeros(1, 2, 5, 5, 5)),
    "transposed, strided, grouped": (nn.ConvTranspose2d(4, 8, 3, 2, 1, output_padding=1, groups=2), IMAGE),
    "transposed 1d": (nn.ConvTranspose1d(16, 4, 3), torch.zeros(1, 16, 10)),
    "unbatched convolution": (Function(lambda c, x: c(x[0]), nn.Conv2d(4, 4, 3)), IMAGE),
    "attention without weights": (multihead(need_weights=False), TOKENS),
    "attention with weights": (multihead(), TOKENS),
    "attention with a mask": (multihead(attn_mask=torch.ones(10, 10).triu(1).bool()), TOKENS),
    "attention with a bias mask": (multihead(attn_mask=torch.zeros(10, 10)), TOKENS),
    "encoder layer": (nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), TOKENS),
    "encoder": (
        nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2, enable_nested_tensor=False), TOKENS,
    ),
    "transformer": (Function(lambda t, x: t(x, x[:, :7]), nn.Transformer(16, 4, 1, 1, 32, batch_first=True)), TOKENS),
    "gru, two layers, two directions": (nn.GRU(16, 6, 2, bidirectional=True), TOKENS),
    "lstm, two layers, two directions": (nn.LSTM(16, 6, 2, bidirectional=True, batch_first=True), TOKENS),
    "lstm, unbatched": (Function(lambda layer, x: layer(x[0])[0], nn.LSTM(16, 6)), TOKENS),
    "lstm with projection": (nn.LSTM(16, 6, proj_size=3), TOKENS),
    "rnn, tanh": (nn.RNN(16, 6, bias=False), TOKENS),
    "rnn, relu": (nn.RNN(16, 6, nonlinearity="relu"), TOKENS),
    "gru cell": (Function(lambda cell, x: cell(x[0]), nn.GRUCell(16, 6)), TOKENS),
    "lstm cell": (Function(lambda cell, x: cell(x[0]), nn.LSTMCell(16, 6)), TOKENS),
    "rnn cell": (Function(lambda cell, x: cell(x[0]), nn.RNNCell(16, 6)), TOKENS),
    "baddbmm": (Function(lambda x: torch.baddbmm(x @ x.mT, x, x.mT)), TOKENS),
    "addmm": (Function(lambda x: torch.addmm(torch.zeros(10), x[0], x[0].T)), TOKENS),
    "einsum": (Function(lambda x: torch.einsum("bchw,bdhw->bcd", x, x)), IMAGE),
    "einsum, three operands": (Function(lambda x: torch.einsum("abcd,abde,abef->abcf", x, x, x)), IMAGE),
    "einsum, four operands": (
        Function(lambda x: torch.einsum("abcd,abde,abef,f->abc", x, x, x, x[0, 0, 0])), IMAGE,
    ),
    "einsum, three operands along a path": (
        Function(lambda x: torch._VF.einsum("abcd,abde,abef->abcf", [x, x, x], path=[1, 2, 0, 1])), IMAGE,
    ),
    "einsum, four operands along a path": (
        Function(lambda x: torch._VF.einsum("abcd,abde,abef,f->abc", [x, x, x, x[0, 0, 0]], path=[2, 3, 1, 2, 0, 1])), IMAGE,
    ),
    "einsum, implicit, ellipsis": (Function(lambda x: torch.einsum("...ij,...jk", x, x)), IMAGE),
    "einsum, summed first": (Function(lambda x: torch.einsum("bchw,cv->bv", x, x[0, :, 0])), IMAGE),
    "einsum, outer product": (Function(lambda x: torch.einsum("bchw,v->bchwv", x, x[0, 0, 0])), IMAGE),
    "einsum, transposition": (Function(lambda x: torch.einsum("bchw->wbhc", x)), IMAGE),
}  # fmt: skip


@pytest.mark.parametrize("name", ORACLE)
def test_counts_as_torch_counts(name: str) -> None:
    model, example = ORACLE[name]
    expected = oracle_flops(model, example)
    assert count_flops(model, example) == expected
    if name not in ("einsum, outer product", "einsum, transposition"):
        assert expected > 0


@pytest.mark.parametrize("layer", [nn.GRU(16, 6, batch_first=True), nn.LSTM(16, 6, batch_first=True)])
def test_packed_sequences_cost_their_own_length(layer: nn.Module) -> None:
    counted = of(packed, torch.zeros(2, 10, 16), modules=(layer,)).flops
    whole = sum(weight.numel() for weight in layer.parameters() if weight.dim() == 2)
    assert counted == 16 * whole


def test_query_groups_share_keys() -> None:
    query, key = torch.zeros(1, 4, 10, 8), torch.zeros(1, 2, 12, 8)
    counted = of(lambda q, k: functional.scaled_dot_product_attention(q, k, k, enable_gqa=True), query, key)
    assert counted == Counts(flops=4 * 10 * 12 * (8 + 8), activations=4 * 10 * (12 + 8))


@settings(max_examples=25, deadline=None)
@given(
    groups=st.integers(1, 3),
    inputs=st.integers(1, 3),
    outputs=st.integers(1, 3),
    side=st.integers(1, 4),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    transposed=st.booleans(),
)
def test_any_convolution(
    groups: int, inputs: int, outputs: int, side: int, stride: int, padding: int, dilation: int, transposed: bool
) -> None:
    kind = nn.ConvTranspose2d if transposed else nn.Conv2d
    model = kind(groups * inputs, groups * outputs, side, stride=stride, padding=padding, dilation=dilation, groups=groups)
    example = torch.zeros(2, groups * inputs, 9, 11)
    expected = oracle_flops(model, example)
    counted = count(model, example)
    assert counted.flops == expected
    assert counted.activations == model(example).numel()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sets(st.sampled_from("ijkl"), min_size=1), min_size=2, max_size=3), st.sets(st.sampled_from("ijkl")))
def test_any_einsum(terms: list[set[str]], kept: set[str]) -> None:
    sizes = {"i": 2, "j": 3, "k": 5, "l": 7}
    output = "".join(sorted(kept & set.union(*terms)))
    equation = ",".join("".join(sorted(term)) for term in terms) + "->" + output
    model = Function(lambda *tensors: torch.einsum(equation, *tensors))
    example = tuple(torch.zeros([sizes[label] for label in sorted(term)]) for term in terms)
    assert count_flops(model, example) == oracle_flops(model, *example), equation


def test_costs_grow_with_the_samples_given() -> None:
    model = nn.Sequential(nn.Conv2d(4, 3, 3), nn.Flatten(), nn.Linear(108, 5))
    assert count_flops(model, IMAGE.repeat(7, 1, 1, 1)) == 7 * count_flops(model, IMAGE)


def test_shared_modules_cost_each_time() -> None:
    layer = nn.Linear(16, 16)
    assert count_flops(nn.Sequential(layer, nn.ReLU(), layer), TOKENS) == 2 * count_flops(layer, TOKENS)


def test_what_a_module_puts_out_counts_even_where_nobody_uses_it() -> None:
    counted = of(lambda unused, x: (unused(x), x + 1)[1], TOKENS, modules=(nn.Linear(16, 16),))
    assert counted.flops == 10 * 16 * 16


def test_outputs_may_be_nested() -> None:
    counted = of(lambda layer, x: {"a": [layer(x)], "b": (x, None)}, TOKENS, modules=(nn.Linear(16, 2),))
    assert counted == Counts(flops=10 * 16 * 2, activations=10 * 2)


class Doubled(torch.autograd.Function):
    """A custom function, whose inside a trace does not hold."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x @ x.mT

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


def scripted_branch(x: Tensor) -> Tensor:
    if float(x.sum()) >= 0:
        return x @ x
    return x


@pytest.mark.parametrize(
    ("function", "operator"),
    [
        (lambda x: torch.fft.fft(x).real, "aten::fft_fft"),
        (lambda x: torch.cdist(x, x), "aten::cdist"),
        (lambda x: torch.linalg.multi_dot([x[0, 0], x[0, 0]]), "aten::linalg_multi_dot"),
        (lambda x: functional.bilinear(x, x, torch.zeros(3, 8, 8)), "aten::bilinear"),
        (Doubled.apply, "prim::PythonOp.Doubled"),
    ],
)
def test_unknown_operators_are_refused(function: Callable[..., Any], operator: str) -> None:
    with pytest.raises(UnsupportedOperator, match=re.escape(f"'{operator}' (in the outermost module)")):
        of(function, IMAGE)


def test_a_refusal_says_where_and_what_to_do() -> None:
    model = nn.Sequential(nn.ReLU(), Function(lambda x: torch.fft.fft(x).real))
    message = (
        "FLOPs cannot be counted: no count is known for 'aten::fft_fft' (in module '1'). Give the module that applies it a "
        "method flops(self, inputs, outputs) that returns its multiply-accumulates"
    )
    with pytest.raises(UnsupportedOperator, match=re.escape(message)) as caught:
        count_flops(model, IMAGE)
    assert caught.value.places == {"aten::fft_fft": "module '1'"}
    assert caught.value.exit_code == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripted_code_is_refused() -> None:
    with pytest.raises(UnsupportedOperator, match="prim::CallFunction"):
        of(torch.jit.script(scripted_branch), IMAGE)
    with pytest.raises(UsageError, match=r"module '0' is compiled by torch\.jit"):
        count_flops(nn.Sequential(torch.jit.script(nn.Linear(8, 8))), IMAGE)


def test_an_unknown_size_is_refused() -> None:
    def sizeless(inputs: Any, outputs: Any) -> Any:
        raise UnknownShape

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(HANDLES, "aten::linear", sizeless)
        with pytest.raises(UnsupportedOperator, match="'aten::linear' \\(in the outermost module, of unknown size\\)"):
            count_flops(nn.Linear(8, 8), IMAGE)


class Own(nn.Module):
    """Says what it costs, and has both known and unknown operators inside."""

    def __init__(self, inner: nn.Module | None = None) -> None:
        super().__init__()
        self.linear, self.inner = nn.Linear(8, 8), inner or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(self.linear(torch.fft.fft(x).real))
        return out

    def flops(self, inputs: tuple[Tensor, ...], outputs: Tensor) -> int:
        return 1000 + inputs[0].shape[0] + outputs.shape[1]


class OwnBoth(Own):
    def activations(self, inputs: tuple[Tensor, ...], outputs: Tensor) -> int:
        return 7


def test_modules_may_say_their_own_flops() -> None:
    assert count(Own(), IMAGE) == Counts(flops=1005, activations=IMAGE.numel())
    assert count(OwnBoth(), IMAGE) == Counts(flops=1005, activations=7)


def test_own_flops_are_not_counted_twice() -> None:
    model = nn.Sequential(nn.Linear(8, 8), Own(Own()), nn.Linear(8, 8))
    assert count_flops(model, IMAGE) == 2 * count_flops(nn.Linear(8, 8), IMAGE) + 1005


def test_own_flops_count_at_each_call() -> None:
    shared = Own()
    assert count_flops(nn.Sequential(shared, shared), IMAGE) == 2010


def test_unknown_operators_beside_own_flops_are_refused() -> None:
    with pytest.raises(UnsupportedOperator, match="module '1'"):
        count_flops(nn.Sequential(Own(), Function(lambda x: torch.fft.fft(x).real)), IMAGE)


def test_a_method_of_that_name_with_other_arguments_is_somebody_elses() -> None:
    class Foreign(nn.Linear):
        def flops(self) -> int:
            return 5

    assert count_flops(Foreign(8, 8), IMAGE) == count_flops(nn.Linear(8, 8), IMAGE)


def _hooks(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


def test_the_model_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5))
    model[2].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    count_flops(model, torch.ones(1, 4, 8, 8))
    assert [module.training for module in model] == [True, True, False]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert _hooks(model) == 0
    assert torch.backends.mha.get_fastpath_enabled()
    assert torch.is_grad_enabled()


def test_an_error_of_the_model_passes_and_leaves_nothing_behind() -> None:
    model = nn.Sequential(nn.ReLU(), nn.Linear(5, 5))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        count_flops(model, IMAGE)
    assert _hooks(model) == 0
    assert model.training
    assert count_flops(model, torch.zeros(1, 5)) == 25


def test_nothing_is_warned_or_logged(caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder) -> None:
    count_flops(nn.Sequential(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), nn.BatchNorm1d(10)), TOKENS)
    assert not caplog.records
    assert not recwarn.list


def test_free_operators_exist_and_are_not_counted_too() -> None:
    known = {schema.name for schema in torch._C._jit_get_all_schemas()}
    plain = {name if name.endswith("__") else name.removesuffix("_") for name in FREE}
    assert sorted(name for name in plain if not {name, f"{name}_"} & known) == []
    assert not FREE & set(HANDLES)
    assert set(HANDLES) <= known
