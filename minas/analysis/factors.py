"""The factors of a study as a model: which effects can be estimated, and the columns of its random architectures.

Domain and family stand between architectures: an architecture belongs to one of each. Lambda, functional and strategy stand
within: the same architecture is trained at each of their levels. So the differences between the architectures of a family
are the noise in which a family, or a domain, has to show itself, and how differently they answer to lambda is the noise in
which lambda does.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterator, Sequence
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
    instances = _instances(cells)
    terms, dropped = _estimable(asked, levels, instances)
    return Model(terms=terms, dropped=dropped, levels=levels, instances=instances)


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


def _estimable(
    asked: Sequence[Term], levels: dict[str, tuple[str, ...]], instances: Columns
) -> tuple[tuple[Term, ...], tuple[str, ...]]:
    """Leave out what these cells can't tell apart, and the interactions of an effect that is left out.

    That is: interactions of combinations that no cell has, what is a combination of the effects before it, and what is
    one of these and of the architectures: in an unfinished fractional study an architecture may have been trained by the
    strategies of one seed alone, so that how they differ can't be told from how architectures do.
    """
    kept: list[Term] = []
    dropped: dict[Term, str] = {}
    for term in asked:
        reason = _obstacle(term, kept, dropped, levels, instances)
        if reason is None:
            kept.append(term)
        else:
            dropped[term] = reason
    return tuple(kept), tuple(f"{named(term)}: {reason}" for term, reason in dropped.items())


def _obstacle(
    term: Term, kept: Sequence[Term], dropped: Container[Term], levels: dict[str, tuple[str, ...]], instances: Columns
) -> str | None:
    """Return why an effect can't be estimated beside those that are kept, or None."""
    empty = next(_absent(term, levels), None)
    if empty is not None:
        return f"no cell has {', '.join(empty)}"
    parts = itertools.chain.from_iterable(itertools.combinations(term, size) for size in range(1, len(term)))
    part = next((part for part in parts if part in dropped), None)
    if part is not None:
        return f"left out with {named(part)}, which is a part of it"
    columns = design([*kept, term], levels)
    if not independent(columns):
        return "can't be told from the effects before it in these cells"
    if within_part(term) and instances.shape[1] and not independent(np.hstack([columns, instances])):
        return (
            "can't be told from the architectures in these cells, as some were trained at only a part of its levels: "
            "what there is of it stays with instance and the residual"
        )
    return None


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
