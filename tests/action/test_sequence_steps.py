"""Attention, recurrence, lookups, gates and padding against loops."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from action_reference import action, carried_last, half_square, kinetic_last, measure, rows
from torch import nn

from minas.action.meter import ActionMeter


def test_a_layer_shared_over_tokens_counts_for_each():
    net, x = nn.Sequential(nn.Linear(3, 5), nn.GELU()), torch.randn(2, 4, 3)
    (row,) = rows(net, x)
    assert row.potential == pytest.approx(4 * half_square(net[0].weight))
    assert row.kinetic == pytest.approx(kinetic_last(x, net(x)))
    assert row.operator == "linear + gelu"


def test_layer_normalisation_after_a_linear_map_is_folded():
    net, x = nn.Sequential(nn.Linear(3, 5), nn.LayerNorm(5)), torch.randn(2, 4, 3)
    nn.init.uniform_(net[1].weight, 0.5, 2)
    raw = net[0](x)
    expected = sum(
        half_square(net[1].weight.unsqueeze(1) / (raw[i, j].var(correction=0) + 1e-5).sqrt() * net[0].weight)
        for i in range(2)
        for j in range(4)
    )
    (row,) = rows(net, x)
    assert row.potential == pytest.approx(expected / 2)


@pytest.mark.parametrize("norm", [nn.LayerNorm(3), nn.RMSNorm(3, eps=1e-6)])
def test_lone_normalisation_by_token(norm):
    norm = norm.double()
    x = torch.randn(2, 4, 3)
    nn.init.uniform_(norm.weight, 0.5, 2)
    spread = x.var(-1, correction=0) + 1e-5 if isinstance(norm, nn.LayerNorm) else x.square().mean(-1) + 1e-6
    (row,) = rows(norm, x)
    assert row.potential == pytest.approx(half_square(norm.weight / spread.sqrt().unsqueeze(-1)) / 2)
    assert row.kinetic == pytest.approx(half_square(norm(x) - x) / 2)


class Encoder(nn.Module):
    """A pre-norm block with a packed projection, spelled out as published code does."""

    def __init__(self, width=4, heads=2, fused=True):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 6), nn.Linear(6, width)
        self.heads, self.fused = heads, fused

    def attend(self, x):
        batch, tokens, width = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        if self.fused:
            mixed = F.scaled_dot_product_attention(q, k, v)
        else:
            scores = (q @ k.transpose(-2, -1)) * (width // self.heads) ** -0.5
            mixed = F.dropout(scores.softmax(-1), 0.0) @ v
        return self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


def encoder_by_hand(net, x):
    """T and V of `Encoder`, head by head and token by token."""
    kinetic = potential = 0.0
    samples, tokens, width = x.shape
    size = width // net.heads

    def norm(module, u):
        nonlocal kinetic, potential
        q = module(u)
        sigma = (u.var(-1, correction=0) + module.eps).sqrt().unsqueeze(-1)
        kinetic += half_square(q - u) / samples
        potential += half_square(module.weight / sigma) / samples
        return q

    def linear(weight, bias, u, bend=lambda y: y):
        nonlocal kinetic, potential
        q = bend(u @ weight.t() + bias)
        kinetic += half_square(q - carried_last(u, len(weight))) / samples
        potential += tokens * half_square(weight)
        return q

    state = norm(net.norm1, x)
    parts = [linear(w, b, state) for w, b in zip(net.qkv.weight.chunk(3), net.qkv.bias.chunk(3), strict=True)]
    mixed = torch.zeros_like(state)
    for i in range(samples):
        for head in range(net.heads):
            q, k, v = (part[i, :, head * size : (head + 1) * size] for part in parts)
            weights = (q @ k.t() / size**0.5).softmax(-1)
            mixed[i, :, head * size : (head + 1) * size] = weights @ v
            kinetic += half_square(weights @ v - v) / samples
            potential += size * half_square(weights) / samples
    x = x + linear(net.proj.weight, net.proj.bias, mixed)
    hidden = linear(net.fc1.weight, net.fc1.bias, norm(net.norm2, x), F.gelu)
    linear(net.fc2.weight, net.fc2.bias, hidden)
    return kinetic, potential


@pytest.mark.parametrize("fused", [True, False])
def test_transformer_block_by_hand(fused):
    net, x = Encoder(fused=fused), torch.randn(2, 3, 4)
    with torch.no_grad():
        expected = encoder_by_hand(net, x)
    meter = measure(net, x)
    assert float(meter.kinetic().detach()) == pytest.approx(expected[0])
    assert float(meter.potential().detach()) == pytest.approx(expected[1])
    assert [row.operator for row in meter.table()].count("attention") == 1
    meter.action().backward()
    assert all(parameter.grad is not None and torch.isfinite(parameter.grad).all() for parameter in net.parameters())


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_multihead_attention_is_seen_inside(need_weights, batch_first):
    attention = nn.MultiheadAttention(4, 2, batch_first=batch_first)
    block = Encoder()
    with torch.no_grad():
        block.qkv.weight.copy_(attention.in_proj_weight)
        block.qkv.bias.copy_(attention.in_proj_bias)
        block.proj.load_state_dict(attention.out_proj.state_dict())

    class Itself(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = attention

        def forward(self, x):
            x = x if batch_first else x.transpose(0, 1)
            y = self.inner(x, x, x, need_weights=need_weights)[0]
            return y if batch_first else y.transpose(0, 1)

    block.forward = block.attend
    x = torch.randn(2, 3, 4)
    assert torch.allclose(Itself()(x), block(x))
    assert action(Itself(), x) == pytest.approx(action(block, x), rel=1e-9)


@pytest.mark.parametrize("training", [True, False])
def test_encoder_layer_without_its_fast_path(training):
    layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, activation="gelu", batch_first=True, norm_first=True).train(
        training
    )
    block, x = Encoder(), torch.randn(2, 3, 4)
    with torch.no_grad():
        block.qkv.weight.copy_(layer.self_attn.in_proj_weight)
        block.qkv.bias.copy_(layer.self_attn.in_proj_bias)
        for mine, theirs in (("proj", layer.self_attn.out_proj), ("fc1", layer.linear1), ("fc2", layer.linear2)):
            getattr(block, mine).load_state_dict(theirs.state_dict())
        with torch.inference_mode():
            assert torch.allclose(layer(x), block(x))
        assert action(layer, x) == pytest.approx(action(block, x), rel=1e-9)
        assert torch.backends.mha.get_fastpath_enabled()


def recurrent_by_hand(module, x):
    """T and V of nn.LSTM, nn.GRU or nn.RNN with batch_first, layer by layer, one direction after the other."""
    kinetic = potential = 0.0
    for layer in range(module.num_layers):
        outs = []
        for direction in range(2 if module.bidirectional else 1):
            suffix = f"_l{layer}" + ("_reverse" if direction else "")
            kind = type(module)
            single = kind(
                x.shape[-1],
                module.hidden_size,
                batch_first=True,
                **({"proj_size": module.proj_size} if module.proj_size else {}),
            )
            names = [name for name, _ in single.named_parameters()]
            with torch.no_grad():
                for name in names:
                    getattr(single, name).copy_(getattr(module, name.replace("_l0", suffix)))
            state = single(x.flip(1) if direction else x)[0]
            state = state.flip(1) if direction else state
            maps = sum(half_square(getattr(single, name)) for name in names if "weight" in name)
            kinetic += half_square(state - carried_last(x, state.shape[-1])) / len(x)
            potential += x.shape[1] * maps
            outs.append(state)
        x = torch.cat(outs, -1)
    return kinetic, potential


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize(("layers", "both", "project"), [(1, False, 0), (2, True, 0), (2, True, 2)])
def test_recurrent_layers(kind, layers, both, project):
    options = {"proj_size": project} if project and kind is nn.LSTM else {}
    module = kind(3, 4, layers, bidirectional=both, batch_first=True, **options)
    x = torch.randn(2, 5, 3)
    plain = module(x)[0]
    with torch.no_grad():
        expected = recurrent_by_hand(module, x)
    with ActionMeter(module) as meter:
        out = module(x)[0]
    assert torch.allclose(out, plain)
    assert float(meter.kinetic().detach()) == pytest.approx(expected[0])
    assert float(meter.potential().detach()) == pytest.approx(expected[1])
    assert len(meter.table()) == layers * (2 if both else 1)
    time_first = kind(3, 4, layers, bidirectional=both, **options)
    time_first.load_state_dict(module.state_dict())
    assert action(time_first, x.transpose(0, 1), batch_axis=1) == pytest.approx(sum(expected))


def test_cells_spelled_out_and_called():
    cell, x = nn.GRUCell(3, 4), torch.randn(2, 3)
    (row,) = rows(cell, x)
    assert row.potential == pytest.approx(half_square(cell.weight_ih) + half_square(cell.weight_hh))
    assert row.kinetic == pytest.approx(kinetic_last(x, cell(x)))


def test_packed_sequences_leave_padding_out():
    class Packed(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.GRU(3, 4, 2, batch_first=True)

        def forward(self, x, lengths):
            return self.rnn(nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True))[1][-1]

    class Masked(Packed):
        def forward(self, x, lengths):
            return self.rnn(x)[0]

    net, masked = Packed(), Masked()
    masked.load_state_dict(net.state_dict())
    x, lengths = torch.randn(2, 4, 3), torch.tensor([4, 2])
    alone = [action(masked, x[i : i + 1, :length], None) for i, length in enumerate((4, 2))]
    valid = torch.arange(4) < lengths.unsqueeze(1)
    assert action(masked, x, lengths, mask=valid) == pytest.approx(sum(alone) / 2)


class Classifier(nn.Module):
    def __init__(self, mode="mean"):
        super().__init__()
        self.embed, self.fc = nn.Embedding(7, 4), nn.Linear(4, 3)

    def forward(self, ids):
        return self.fc(self.embed(ids).mean(1))


def test_embedding_counts_the_rows_looked_up():
    net, ids = Classifier(), torch.tensor([[1, 2, 2], [0, 6, 5]])
    embed, fc = rows(net, ids)
    assert embed.kinetic == 0
    assert embed.potential == pytest.approx(half_square(net.embed.weight[ids]) / 2)
    assert fc.potential == pytest.approx(half_square(net.fc.weight))
    assert (embed.hidden, fc.hidden) == (True, False)


@pytest.mark.parametrize("mode", ["mean", "sum"])
@pytest.mark.parametrize("flat", [True, False])
def test_bag(mode, flat):
    bag = nn.EmbeddingBag(7, 4, mode=mode, padding_idx=0)
    ids = torch.tensor([[1, 2, 2], [0, 6, 5]])
    arguments = (ids.reshape(-1), torch.tensor([0, 3])) if flat else (ids,)
    expected = 0.0
    for row in ids:
        used = row[row != 0]
        expected += half_square(bag.weight[used]) / (len(used) ** 2 if mode == "mean" else 1)

    class Bag(nn.Module):
        def __init__(self):
            super().__init__()
            self.bag, self.fc = bag, nn.Linear(4, 2)

        def forward(self, *args):
            return self.fc(self.bag(*args))

    mask = torch.ones(2, 3, dtype=torch.bool)
    found = rows(Bag(), *arguments, **({"mask": mask} if flat else {}))[0]
    assert (found.kinetic, found.potential) == (0, pytest.approx(expected / 2))


@pytest.mark.parametrize("spelled", [True, False])
def test_gated_linear_unit(spelled):
    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 8)

        def forward(self, x):
            if not spelled:
                return F.glu(self.fc(x), -1)
            value, gate = self.fc(x).chunk(2, -1)
            return value * torch.sigmoid(gate)

    net, x = Gated(), torch.randn(2, 3)
    linear, product = rows(net, x)
    value, gate = net.fc(x).detach().chunk(2, -1)
    gate = torch.sigmoid(gate)
    assert linear.potential == pytest.approx(half_square(net.fc.weight))
    assert linear.kinetic == pytest.approx(kinetic_last(x, net.fc(x)))
    assert product.potential == pytest.approx(half_square(gate) / 2)
    assert product.kinetic == pytest.approx(half_square(value * gate - value) / 2)


def test_the_gate_of_a_product():
    class Product(nn.Module):
        def __init__(self, swap, bend):
            super().__init__()
            self.a, self.b, self.swap, self.bend = nn.Linear(3, 4), nn.Linear(3, 4), swap, bend

        def forward(self, x):
            a, b = self.bend(self.a(x)), torch.tanh(self.b(x))
            return b * a if self.swap else a * b

    x = torch.randn(2, 3)
    for swap in (True, False):
        net = Product(swap, torch.sigmoid)
        assert rows(net, x)[-1].potential == pytest.approx(half_square(torch.sigmoid(net.a(x))) / 2)
        net = Product(swap, torch.tanh)
        second = net.a(x) if swap else net.b(x)
        assert rows(net, x)[-1].potential == pytest.approx(half_square(torch.tanh(second)) / 2)


def test_learned_scales_are_folded_or_steps_of_their_own():
    class Scaled(nn.Module):
        def __init__(self, alone):
            super().__init__()
            self.fc, self.gamma, self.alone = nn.Linear(3, 4), nn.Parameter(torch.rand(4)), alone

        def forward(self, x):
            y = self.fc(x)
            return torch.cat([y, y * self.gamma], -1) if self.alone else y * self.gamma

    x = torch.randn(2, 3)
    net = Scaled(False)
    (row,) = rows(net, x)
    assert row.potential == pytest.approx(half_square(net.gamma.unsqueeze(1) * net.fc.weight))
    net = Scaled(True)
    _, row = rows(net, x)
    assert row.potential == pytest.approx(half_square(net.gamma))


def test_masks_take_padding_out_of_attention():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(9, 4)
            self.layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=True)
            self.fc = nn.Linear(4, 2)

        def forward(self, ids, valid):
            x = self.layer(self.embed(ids), src_key_padding_mask=~valid)
            kept = valid.unsqueeze(-1).to(x.dtype)
            return self.fc((x * kept).sum(1) / kept.sum(1))

    net = Model().eval()
    ids, valid = torch.randint(1, 9, (2, 5)), torch.tensor([[True] * 3 + [False] * 2, [True] * 5])
    alone = [action(net, ids[i : i + 1, : int(valid[i].sum())], valid[i : i + 1, : int(valid[i].sum())]) for i in range(2)]
    masked = action(net, ids, valid, mask=valid)
    assert masked == pytest.approx(sum(alone) / 2)
    assert action(net, ids, valid) > masked
    others = ids.clone()
    others[0, 3:] = 7
    meter = measure(net, others, valid, mask=valid)
    assert float(meter.action()) == pytest.approx(masked)
    assert float(meter.activation_energy()) == pytest.approx(float(measure(net, ids, valid, mask=valid).activation_energy()))


def test_masks_of_convolutions_over_positions():
    net = nn.Sequential(nn.Conv1d(3, 4, 1), nn.ReLU(), nn.Conv1d(4, 2, 1))
    x, valid = torch.randn(2, 3, 5), torch.tensor([[True] * 2 + [False] * 3, [True] * 5])
    alone = action(net, x[:1, :, :2]) + action(net, x[1:])
    assert action(net, x, mask=valid) == pytest.approx(alone / 2)


def test_einsum_is_a_linear_map():
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(2, 3, 4))

        def forward(self, x):
            return torch.einsum("bthi,hio->btho", x, self.weight)

    net, x = Mixed(), torch.randn(2, 5, 2, 3)
    (row,) = rows(net, x)
    assert row.potential == pytest.approx(5 * half_square(net.weight))


def test_a_softmax_outside_of_an_attention_is_a_step_of_its_own():
    net, x = nn.Sequential(nn.Linear(3, 4), nn.Softmax(-1)), torch.randn(2, 3)
    linear, softmax = rows(net, x)
    logits = net[0](x).detach()
    assert linear.kinetic == pytest.approx(kinetic_last(x, logits))
    assert (softmax.kinetic, softmax.potential) == (pytest.approx(half_square(logits.softmax(-1) - logits) / 2), 0)


@pytest.mark.parametrize("need_weights", [True, False])
def test_dropout_leaves_the_softmax_weights_whole(need_weights):
    class Attend(nn.Module):
        def __init__(self, dropout):
            super().__init__()
            self.inner = nn.MultiheadAttention(4, 2, dropout, batch_first=True)

        def forward(self, x):
            return self.inner(x, x, x, need_weights=need_weights)[0]

    dropped, whole = Attend(0.5), Attend(0.0)
    whole.load_state_dict(dropped.state_dict())
    x = torch.randn(2, 6, 4)
    found, expected = rows(dropped, x), rows(whole, x)
    assert [row.potential for row in found] == pytest.approx([row.potential for row in expected])
