"""The factors of a study as a model: which effects can be estimated, and the columns of its random architectures.

Domain and family stand between architectures: an architecture belongs to one of each. Lambda, functional and strategy stand
within: the same architecture is trained at each of their levels. So the differences between the architectures of a family
are the noise in which a family, or a domain, has to show itself, and how differently they answer to lambda is the noise in
which lambda does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from minas.analysis.cells import Cell

BETWEEN = ("domain", "family")
WITHIN = ("lambda", "functional", "strategy")
INSTANCE = "instance"
ATTRIBUTES = {"domain": "domain", "family": "family", "lambda": "lambda_", "functional": "functional", "strategy": "strategy"}

Term = tuple[str, ...]
Columns = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Model:
    """What a study's cells allow to be asked.

    Attributes:
        terms: the effects, each the names of its factors: main effects first.
        dropped: what can't be estimated, in words, and why.
        levels: factor to its level in each cell, as text.
        instances: (cells, instances - groups): sum-coded contrasts between the architectures of each domain and family.
    """

    terms: tuple[Term, ...]
    dropped: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    instances: Columns

    def random(self, factor: str) -> Columns:
        """Return the columns of the architectures' own answers to a factor: (cells, instances' columns times df)."""
        own = sum_coded(self.levels[factor])
        return (self.instances[:, :, None] * own[:, None, :]).reshape(len(own), -1)


def named(term: Term) -> str:
    """Return how tables call an effect: `family x lambda`."""
    return " x ".join(term)


def within_part(term: Term) -> Term:
    """Return the factors of an effect that stand within architectures."""
    return tuple(name for name in term if name in WITHIN)


def model(cells: Sequence[Cell]) -> Model:
    """Work out the model of cells: all factors that vary, their interactions in pairs, and domain x family x lambda."""
    levels = {name: tuple(_text(getattr(cell, ATTRIBUTES[name])) for cell in cells) for name in (*BETWEEN, *WITHIN)}
    varying = [name for name, values in levels.items() if len(set(values)) > 1]
    asked: list[Term] = [(name,) for name in varying]
    asked += itertools.combinations(varying, 2)
    if set(varying) >= {"domain", "family", "lambda"}:
        asked.append(("domain", "family", "lambda"))
    terms, dropped = _estimable(asked, levels)
    return Model(terms=terms, dropped=dropped, levels=levels, instances=_instances(cells))


def sum_coded(values: Sequence[str]) -> Columns:
    """Return deviation contrasts of a factor: (values, levels - 1), the last level -1 in each."""
    levels = sorted(set(values))
    place = np.array([levels.index(value) for value in values])
    coded: Columns = np.vstack([np.eye(len(levels) - 1), -np.ones(len(levels) - 1)])[place]
    return coded


def design(terms: Sequence[Term], levels: dict[str, tuple[str, ...]]) -> Columns:
    """Return the columns of effects, the constant first."""
    cells = len(next(iter(levels.values())))
    blocks = [np.ones((cells, 1))]
    for term in terms:
        block = np.ones((cells, 1))
        for name in term:
            block = (block[:, :, None] * sum_coded(levels[name])[:, None, :]).reshape(cells, -1)
        blocks.append(block)
    return np.hstack(blocks)


def _text(level: Any) -> str:
    return f"{level:g}" if isinstance(level, float) else str(level)


def _estimable(asked: Sequence[Term], levels: dict[str, tuple[str, ...]]) -> tuple[tuple[Term, ...], tuple[str, ...]]:
    """Leave out interactions of combinations that no cell has, and what then is a combination of the effects before it."""
    kept: list[Term] = []
    dropped = []
    for term in asked:
        empty = next(_absent(term, levels), None)
        if empty is not None:
            dropped.append(f"{named(term)}: no cell has {', '.join(empty)}")
        elif not independent(design([*kept, term], levels)):
            dropped.append(f"{named(term)}: can't be told from the effects before it in these cells")
        else:
            kept.append(term)
    return tuple(kept), tuple(dropped)


def independent(columns: Columns) -> bool:
    """Return whether no column is a combination of the others."""
    return bool(np.linalg.matrix_rank(columns.T @ columns) == columns.shape[1])


def _absent(term: Term, levels: dict[str, tuple[str, ...]]) -> Iterator[list[str]]:
    there = set(zip(*(levels[name] for name in term), strict=True))
    for combination in itertools.product(*(sorted(set(levels[name])) for name in term)):
        if combination not in there:
            yield [f"{name} {value}" for name, value in zip(term, combination, strict=True)]


def _instances(cells: Sequence[Cell]) -> Columns:
    groups: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        names = groups.setdefault((cell.domain, cell.family), [])
        if cell.instance not in names:
            names.append(cell.instance)
    blocks = []
    for (domain, family), names in groups.items():
        own = [place for place, cell in enumerate(cells) if (cell.domain, cell.family) == (domain, family)]
        block = np.zeros((len(cells), len(names) - 1))
        contrasts = np.vstack([np.eye(len(names) - 1), -np.ones(len(names) - 1)])
        block[own] = contrasts[[names.index(cells[place].instance) for place in own]]
        blocks.append(block)
    return np.hstack(blocks)
