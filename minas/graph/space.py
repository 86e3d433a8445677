"""The search space of graphs: what may be generated, as a TOML file says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from minas import config
from minas.errors import ArchitectureError, ConfigError, nearest
from minas.graph.kinds import End, Kind, kind_of
from minas.graph.signatures import IDENTITY, nodes_of, signature
from minas.graph.structure import Architecture, Node, Stage, Value
from minas.graph.validation import LARGEST, check_attribute, check_end, check_node
from minas.graph.wiring import Wiring

_Choices = dict[str, tuple[int | float | str | bool, ...]]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """The `[space]` table: what the file is about.

    Attributes:
        schema: version of the file's form.
        name: how users name the space.
        domain: the domain whose tasks it serves.
        kind: the kind of state that flows; which there are stands in `minas.graph.kinds`.
        description: one sentence for `--help` and reports.
    """

    schema: Literal[1]
    name: str
    domain: str
    kind: str
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class StageSpace:
    """One `[[stages]]` table.

    Attributes:
        name: for reports.
        widths: channels, ascending.
        strides: by how much the entry may divide the resolution, ascending.
        nodes: the least and the largest number of inner nodes, the entry not counted.
        optional: an architecture may end before it.
    """

    name: str
    widths: tuple[int, ...] = field(metadata={"minimum": 1, "maximum": LARGEST["width"]})
    strides: tuple[int, ...] = field(metadata={"minimum": 1, "maximum": LARGEST["stride"]})
    nodes: tuple[int, int] = field(metadata={"minimum": 0, "maximum": LARGEST["nodes"] - 1})
    optional: bool = False

    def __post_init__(self) -> None:
        """Refuse empty, unordered and repeated choices."""
        for name in ("widths", "strides"):
            values = getattr(self, name)
            if not values or list(values) != sorted(set(values)):
                raise ValueError(f"{name} must be ascending, each value once, and at least one; given is {list(values)}")
        if self.nodes[0] > self.nodes[1]:
            raise ValueError(f"nodes must be [least, largest], not {list(self.nodes)}")


@dataclass(frozen=True, kw_only=True)
class Operators:
    """The `[operators]` table: what may stand where.

    Attributes:
        entry: operators that may be a stage's entry.
        inner: operators that may be any other node.
    """

    entry: tuple[str, ...]
    inner: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse empty and repeated choices."""
        for name in ("entry", "inner"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise ValueError(f"{name} must name at least one operator, each once")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The `[limits]` table: what no candidate may exceed; None is no limit.

    Attributes:
        flops: multiply-accumulates for one sample.
        flops_per_position: the same for each position of the sample (pixel or token, at each time step), for data of any size.
        params: trainable parameters.
        nodes: nodes of all stages, entries included.
    """

    flops: int | None = field(default=None, metadata={"minimum": 1})
    flops_per_position: float | None = field(default=None, metadata={"exclusive_minimum": 0})
    params: int | None = field(default=None, metadata={"minimum": 1})
    nodes: int | None = field(default=None, metadata={"minimum": 1})

    def largest_flops(self, positions: int) -> int | None:
        """Return the limit on FLOPs for samples of so many positions, or None."""
        scaled = None if self.flops_per_position is None else round(self.flops_per_position * positions)
        return min((limit for limit in (self.flops, scaled) if limit is not None), default=None)


@dataclass(frozen=True, kw_only=True)
class GraphSpace:
    """What may be generated.

    Stages are aligned by position: an architecture's third stage is of the third stage space. So optional ones come last.

    Attributes:
        heading: what the space is about.
        stages: in order.
        operators: what may stand where.
        wiring: how sampled stages are wired.
        head: each of the head's names with its choices, in order.
        limits: what no candidate may exceed.
        stem: likewise for the stem; empty where the kind of state has none.
    """

    heading: Heading
    stages: tuple[StageSpace, ...]
    operators: Operators
    wiring: Wiring
    head: Mapping[str, tuple[Value, ...]]
    limits: Limits
    stem: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    @property
    def required(self) -> int:
        """Stages that every architecture has."""
        return sum(not stage.optional for stage in self.stages)

    @cached_property
    def entries(self) -> tuple[Node, ...]:
        """Every node that may be an entry, one for each choice of attributes."""
        return tuple(node for operator in self.operators.entry for node in nodes_of(operator))

    @cached_property
    def inner(self) -> tuple[Node, ...]:
        """Every node that may stand elsewhere in canonical form, so without identities."""
        return tuple(node for operator in self.operators.inner if operator != IDENTITY for node in nodes_of(operator))


def from_document(document: config.Document) -> GraphSpace:
    """Return the graph part of a search space's file; the other sections are left to those whose they are.

    Raises:
        ConfigError: one of the sections is missing or wrong.
    """
    heading = document.section("space", Heading)
    with _at(document, "space", "kind"):
        kind = _kind(heading)
    space = GraphSpace(
        heading=heading,
        stages=document.sections("stages", StageSpace),
        operators=document.section("operators", Operators),
        wiring=document.section("wiring", Wiring),
        head=document.section("head", _Choices),
        limits=document.section("limits", Limits),
        stem=document.section("stem", _Choices) if kind.stem and signature(kind.stem)["attributes"] else {},
    )
    with _at(document, "stages"):
        _check_stages(space)
    for place in ("entry", "inner"):
        with _at(document, "operators", place):
            _check_operators(space, place)
    _check_end(document, kind, "head", space.head)
    _check_end(document, kind, "stem", space.stem)
    with _at(document, "limits", "nodes"):
        _check_limits(space)
    return space


@contextmanager
def _at(document: config.Document, *keys: str) -> Iterator[None]:
    """Name the file and the line of a key in what goes wrong inside."""
    try:
        yield
    except ArchitectureError as error:
        line = document.line(keys)
        raise ConfigError(f"{document.source}{'' if line is None else f', line {line}'}: {error}") from error


def _check_stages(space: GraphSpace) -> None:
    if not 1 <= len(space.stages) <= LARGEST["stages"]:
        raise ArchitectureError(f"there are {len(space.stages)} [[stages]] tables; expected 1 to {LARGEST['stages']}")
    optional = [stage.optional for stage in space.stages]
    if optional != sorted(optional) or optional[0]:
        raise ArchitectureError("optional stages must come last, after at least one that is not optional")


def _check_operators(space: GraphSpace, place: str) -> None:
    nodes = space.entries if place == "entry" else space.inner
    for node in nodes:
        check_node(node, space.heading.kind, f"operators.{place}", entry=place == "entry")
    if not nodes and any(stage.nodes[1] for stage in space.stages):
        raise ArchitectureError("operators.inner must name an operator other than identity where stages may have inner nodes")


def _kind(heading: Heading) -> Kind:
    try:
        return kind_of(heading.kind)
    except ArchitectureError as error:
        raise ArchitectureError(f"space.kind: {error}") from error


def _check_end(document: config.Document, kind: Kind, place: End, given: Mapping[str, Sequence[Value]]) -> None:
    """Check the choices for a head's or a stem's attributes, one by one, and then that none is missing."""
    operator = kind.end(place)
    attributes = signature(operator)["attributes"] if operator else {}
    for name, choices in given.items():
        with _at(document, place, name):
            if name not in attributes:
                raise ArchitectureError(f"unknown key '{name}' in {place}{nearest(name, attributes)}")
            if not choices or len(set(choices)) < len(choices):
                raise ArchitectureError(f"{place}.{name} must list at least one value, each once")
            for choice in choices:
                check_attribute(choice, attributes[name], f"{place}.{name}")
    with _at(document, place):
        check_end(kind.name, place, tuple((name, choices[0]) for name, choices in sorted(given.items())))


def _check_limits(space: GraphSpace) -> None:
    smallest = sum(1 + stage.nodes[0] for stage in space.stages if not stage.optional)
    if space.limits.nodes is not None and space.limits.nodes < smallest:
        raise ArchitectureError(f"limits.nodes is {space.limits.nodes}; the stages need at least {smallest}")


def contains(space: GraphSpace, architecture: Architecture) -> bool:
    """Tell whether a valid architecture, in canonical form, is one of the space's, limits on FLOPs and parameters aside."""
    stages = architecture.stages
    return (
        architecture.kind == space.heading.kind
        and space.required <= len(stages) <= len(space.stages)
        and all(_stage_fits(space, part, stage) for part, stage in zip(space.stages, stages, strict=False))
        and [name for name, _ in architecture.head] == sorted(space.head)
        and all(value in space.head[name] for name, value in architecture.head)
        and [name for name, _ in architecture.stem] == sorted(space.stem)
        and all(value in space.stem[name] for name, value in architecture.stem)
        and (space.limits.nodes is None or sum(stage.output for stage in stages) <= space.limits.nodes)
    )


def _stage_fits(space: GraphSpace, part: StageSpace, stage: Stage) -> bool:
    return (
        stage.width in part.widths
        and stage.stride in part.strides
        and part.nodes[0] <= len(stage.nodes) - 1 <= part.nodes[1]
        and stage.nodes[0] in space.entries
        and all(node in space.inner for node in stage.nodes[1:])
    )
