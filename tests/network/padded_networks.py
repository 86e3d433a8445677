"""Random networks of the kind of state with padding, made of every operator on the shelf, and samples for them."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from minas import config, operators, seeds
from minas.graph.architecture import Architecture
from minas.graph.space import GraphSpace, from_document
from minas.graph.variation import sample
from minas.network import Network, build

TOKENS, ROWS = 11, 30
_SPACE = """
[space]
schema = 1
name = "texts"
domain = "text"
kind = "text"
[[stages]]
name = "first"
widths = [4, 8]
strides = [1, 2, 3]
nodes = [0, 3]
[[stages]]
name = "second"
widths = [2, 8]
strides = [1, 2]
nodes = [0, 3]
optional = true
[operators]
entry = [{entry}]
inner = [{inner}]
[stem]
rows = [{rows}]
buckets = [40]
width = [1, 4, 8]
grams = [1, 2]
bag = [{bag}]
[head]
pool = ["mean", "max"]
"""


@cache
def space(bag: str) -> GraphSpace:
    """The widest space of texts, with these modes of the stem."""
    names = operators.names("text")
    entries = [name for name in names if operators.signature(name)["place"] == "entry"]
    quoted = {"entry": entries, "inner": names}
    listed = {place: ", ".join(f'"{name}"' for name in chosen) for place, chosen in quoted.items()}
    document = config.parse(_SPACE.format(rows=ROWS, bag=bag, **listed), source="texts.toml")
    return from_document(document)


def sampled(number: int, bag: str = "0, 1") -> Architecture:
    return sample(space(bag), seeds.generator(number, "padded"))


def built(number: int, bag: str = "0, 1") -> Network:
    """An untrained network, in eval mode and double precision."""
    return build(sampled(number, bag), shape=(TOKENS,), classes=3, seed=number).double().eval()


def texts(lengths: list[int], tokens: int = TOKENS) -> Tensor:
    """Samples of these numbers of words, each filled with padding."""
    generator = torch.Generator().manual_seed(0)
    words = torch.randint(1, ROWS, (len(lengths), tokens), generator=generator)
    return words * (torch.arange(tokens) < torch.tensor(lengths).unsqueeze(1))
