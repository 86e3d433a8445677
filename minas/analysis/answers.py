"""The architectures' own answers to what happens within them: the noise in which an effect within architectures has to show.

They are judged by rank: where some architectures lack some levels of a factor, because a study isn't finished or because
cells failed, the answers are those that can still be told from everything else, and what can't be is named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minas.analysis.factors import INSTANCE, WITHIN, Columns, Model, Term, design, named

Squares = tuple[float, float]
"""A sum of squares and its degrees of freedom."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Which answers can be estimated from a study's cells.

    Attributes:
        whole: (cells, rank): orthonormal columns that span the whole model, answers included.
        without: factor to such columns of the model without the answers to this factor.
        untold: which answers can't be estimated, or only in part, in words, and why.
    """

    whole: Columns
    without: dict[str, Columns]
    untold: tuple[str, ...]


def answers(layout: Model) -> Answers:
    """Work out which answers to the factors within architectures can be estimated.

    Those that would leave nothing for the residual are the residual: effects tested against the one are tested against
    the other.
    """
    start = np.hstack([design(layout.terms, layout.levels), layout.instances])
    asked = [name for name in WITHIN if (name,) in layout.terms and layout.instances.shape[1]]
    full = spanning(start)
    blocks: dict[str, Columns] = {}
    untold = []
    for name in asked:
        block = layout.random(name)
        together = spanning(np.hstack([full, block]))
        if together.shape[1] == full.shape[1]:
            untold.append(f"{_named(name)}: can't be told from the other effects: {_against_residual(name)}")
        elif together.shape[1] == len(together):
            untold.append(f"{_named(name)}: is the residual here, as no cells would be left beside it")
        else:
            full, blocks[name] = together, block
    without: dict[str, Columns] = {}
    for name, block in blocks.items():
        others = spanning(np.hstack([start, *(other for of, other in blocks.items() if of != name)]))
        df = full.shape[1] - others.shape[1]
        if df == 0:
            untold.append(f"{_named(name)}: can't be told from the other effects: {_against_residual(name)}")
            continue
        without[name] = _orthonormal(others)
        if df < block.shape[1]:
            untold.append(
                f"{_named(name)}: only {df} of {block.shape[1]} degrees of freedom can be estimated, as some architectures "
                "lack some of its levels"
            )
    return Answers(whole=_orthonormal(full), without=without, untold=tuple(untold))


def explained(found: Answers, values: Columns) -> tuple[dict[Term, Squares], Squares]:
    """Return the squares of the answers to each factor, beyond all the rest of the model, and those of the residual."""
    left = _left(found.whole, values)
    own: dict[Term, Squares] = {}
    for name, columns in found.without.items():
        own[INSTANCE, name] = (max(0.0, _left(columns, values) - left), float(found.whole.shape[1] - columns.shape[1]))
    return own, (left, float(len(values) - found.whole.shape[1]))


def spanning(columns: Columns) -> Columns:
    """Return as many of the columns as span what all of them do, none a combination of the others."""
    from scipy.linalg import qr

    products = columns.T @ columns
    rank = int(np.linalg.matrix_rank(products, hermitian=True))
    if rank == columns.shape[1]:
        return columns
    order = qr(products, mode="r", pivoting=True)[1]
    return columns[:, np.sort(order[:rank])]


def _orthonormal(columns: Columns) -> Columns:
    basis: Columns = np.linalg.qr(columns)[0]
    return basis


def _left(basis: Columns, values: Columns) -> float:
    """Return the sum of squares of what a model leaves of values."""
    rest = values - basis @ (basis.T @ values)
    return float(rest @ rest)


def _named(factor: str) -> str:
    return named((INSTANCE, factor))


def _against_residual(factor: str) -> str:
    return f"{factor} is tested against the residual, where it may look surer than it is"
