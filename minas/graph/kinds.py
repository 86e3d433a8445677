"""Kinds of state: which there are, and what a sample's shape means for each. All of it stands in operators' signatures.

A kind of state is a name. It exists once an operator on the shelf is its head; a stem may stand before its first stage. A
new kind comes with its operators, and nothing here knows its name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from minas.errors import ArchitectureError, nearest
from minas.graph.signatures import Merge, kinds_of, merge_of, modules, signature
from minas.graph.structure import Architecture

End = Literal["stem", "head"]
Role = Literal["features", "position", "repeated"]
"""What an axis holds: features, whose number operators change; positions, which strides divide; or time steps, at each of
which operators apply anew, whatever the stride."""


@dataclass(frozen=True)
class Kind:
    """One kind of state.

    Attributes:
        name: as signatures and search spaces give it, such as `"image"`.
        head: the operator that turns the last stage's state into logits.
        stem: the operator that turns a sample into the first state, or None where the first stage takes the sample itself.
        sample: the axes of a sample, the batch left out: name to role, in order.
        state: likewise those of a state.
        merge: how the states that feed a stage's output become one.
        padding: the whole number that fills a sample behind its last position, or None where samples have no padding.
    """

    name: str
    head: str
    stem: str | None
    sample: Mapping[str, Role]
    state: Mapping[str, Role]
    merge: Merge = "mean"
    padding: int | None = None

    @property
    def form(self) -> str:
        """A sample's shape in words: `(channels, height, width)`."""
        return f"({', '.join(self.sample)}{',' * (len(self.sample) == 1)})"

    @property
    def dimensions(self) -> int:
        """How many axes of positions a state has."""
        return sum(role == "position" for role in self.state.values())

    def accepts(self, shape: Sequence[int]) -> bool:
        """Tell whether a sample may have a shape."""
        return len(shape) == len(self.sample) and all(size >= 1 for size in shape)

    def check(self, shape: Sequence[int]) -> None:
        """Refuse a shape that no sample of the kind has.

        Raises:
            ArchitectureError: with what was expected.
        """
        if not self.accepts(shape):
            raise ArchitectureError(f"the shape of a sample is {tuple(shape)}, expected {self.form}, each at least 1")

    def sizes(self, shape: Sequence[int], role: Role) -> tuple[int, ...]:
        """Return the sizes of a sample's axes of one role, in order."""
        return tuple(size for size, found in zip(shape, self.sample.values(), strict=True) if found == role)

    def positions(self, shape: Sequence[int]) -> int:
        """Return at how many positions, over all time steps, an operator of stride 1 applies to a sample of a shape."""
        return math.prod((*self.sizes(shape, "position"), *self.sizes(shape, "repeated")))

    def end(self, place: End) -> str | None:
        """Return the operator at one of the two ends."""
        return self.head if place == "head" else self.stem


def kind_of(name: str) -> Kind:
    """Return a kind of state by its name.

    Raises:
        ArchitectureError: there is no such kind; the nearest name is suggested.
    """
    found = kinds().get(name)
    if found is None:
        raise ArchitectureError(f"no kind of state named {name!r}{nearest(name, kinds())}")
    return found


@cache
def kinds() -> Mapping[str, Kind]:
    """Return all kinds of state by name, sorted.

    Raises:
        TypeError: a kind has two heads or two stems, or padding though its states have not one axis of positions.
    """
    heads, stems = _ends("head"), _ends("stem")
    found = {}
    for name, head in sorted(heads.items()):
        state, stem = signature(head)["axes"], stems.get(name)
        given = {} if stem is None else signature(stem)
        found[name] = Kind(name, head, stem, given.get("axes", state), state, merge_of(head), given.get("padding"))
        if found[name].padding is not None and tuple(state.values()) != ("features", "position"):
            raise TypeError(f"states of the kind '{name}' are {found[name].form}: with padding they are (features, positions)")
    return found


def padding_of(kind: str) -> int | None:
    """Return what fills samples of a kind behind their last position, None where nothing does or the kind isn't known."""
    found = kinds().get(kind)
    return None if found is None else found.padding


def _ends(place: End) -> dict[str, str]:
    """Return the operator at one end of the networks of each kind."""
    found: dict[str, str] = {}
    for operator in modules():
        for kind in kinds_of(operator) if signature(operator)["place"] == place else ():
            if kind in found:
                raise TypeError(f"both '{found[kind]}' and '{operator}' are the {place} of the kind of state '{kind}'")
            found[kind] = operator
    return found


def first_width(architecture: Architecture, shape: Sequence[int]) -> int:
    """Return how many features the first stage takes, for samples of a shape."""
    kind = kind_of(architecture.kind)
    if kind.stem is None:
        return math.prod(kind.sizes(shape, "features"))
    return _number(signature(kind.stem)["outputs"], architecture)


def is_single(architecture: Architecture) -> bool:
    """Tell whether the stem makes one position of all of a sample's, such as the mean of its words."""
    stem = kind_of(architecture.kind).stem
    chosen = dict(architecture.stem)
    wanted = {} if stem is None else signature(stem).get("single", {})
    return bool(wanted) and all(chosen[name] == value for name, value in wanted.items())


def first_sides(architecture: Architecture, shape: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes of the first state's axes of positions, for samples of a shape."""
    sides = kind_of(architecture.kind).sizes(shape, "position")
    return (1,) * len(sides) if is_single(architecture) else sides


def ids_below(architecture: Architecture) -> int | None:
    """Return the bound below which samples are whole numbers from 0, or None where they are real numbers."""
    stem = kind_of(architecture.kind).stem
    bound = None if stem is None else signature(stem).get("ids")
    return None if bound is None else _number(bound, architecture)


def _number(value: int | str, architecture: Architecture) -> int:
    """Return a number that a stem's signature gives, or the stem's attribute that it names."""
    return int(dict(architecture.stem)[value] if isinstance(value, str) else value)
