"""Stratified and seeded parts: train, validation and test; where samples have groups, no group is in two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minas import seeds
from minas.data.grouped import by_group
from minas.data.raw import Pile, Raw
from minas.errors import DataError

BOTH_CUT = (0.6, 0.2, 0.2)
"""Shares of train, validation and test where a data set comes as one pile."""
ONE_CUT = (5 / 6, 1 / 6)
"""Shares of what stays and what is cut, where the test part (or else the validation part) is given."""


def stratified(targets: NDArray[np.int64], shares: Sequence[float], *, seed: int) -> list[NDArray[np.int64]]:
    """Divide samples into parts in which every class has its share.

    Args:
        targets: class indices, (samples,).
        shares: share of each part, positive; they are scaled to a sum of 1.
        seed: decides which samples go where, and the order within each part.

    Returns:
        Sample indices for each part: together all samples, each once. Each class has at least one sample in each part, and
        differs from its exact share by less than one sample, except where it is so small that the first rule needs more.

    Raises:
        ValueError: a class has fewer samples than there are parts.
    """
    exact = np.asarray(shares, dtype=np.float64) / sum(shares)
    pieces: list[list[NDArray[np.int64]]] = [[] for _ in exact]
    wanting = np.zeros(len(exact))
    for label in np.unique(targets):
        members = seeds.generator(seed, "split", int(label)).permutation(np.flatnonzero(targets == label))
        counts = _counts(len(members), exact, wanting)
        wanting += len(members) * exact - counts
        for piece, chosen in zip(pieces, np.split(members, np.cumsum(counts)[:-1]), strict=True):
            piece.append(chosen)
    return [
        seeds.generator(seed, "order", part).permutation(np.concatenate(piece)).astype(np.int64)
        for part, piece in enumerate(pieces)
    ]


def _counts(members: int, shares: NDArray[np.float64], wanting: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many samples of one class each part gets.

    What rounding down leaves over goes to the parts that earlier classes have left shortest, so that the totals fit too.
    """
    if members < len(shares):
        raise ValueError(f"{members} samples can't be divided into {len(shares)} parts")
    exact = members * shares
    counts = np.floor(exact + 1e-9).astype(np.int64)
    # Only a part whose exact count has a fraction may be rounded up, or it would be off by a whole sample.
    short = np.where(exact - counts > 1e-9, exact - counts + wanting, -np.inf)
    counts[np.argsort(-short, kind="stable")[: members - counts.sum()]] += 1
    while (counts == 0).any():
        counts[np.argmax(counts)] -= 1
        counts[np.argmin(counts)] += 1
    return counts


def parts(raw: Raw, *, seed: int, shares: Sequence[float] = BOTH_CUT, left_out: str | None = None) -> tuple[Pile, Pile, Pile]:
    """Return train, validation and test: given parts are kept, what is missing is cut from the training samples.

    One pile is divided by `shares`, by default 60 : 20 : 20. Where one of validation and test is given, the other is a sixth
    of the training samples.
    The order of all parts, the given ones too, is shuffled by the seed, so that a part's first samples stand for all of it.
    Where the training samples have groups, every group goes to one part as a whole, and the shares hold as nearly as that
    allows.

    Where a group is left out, its samples, from whatever part, are the test part, and all others are divided, by their groups
    where there are two or more of them, into training and validation samples.

    Raises:
        DataError: a class has too few samples to be in every part that is cut (it is named), or there are too few groups; or
            nothing has the group that is to be left out.
    """
    if left_out is not None:
        raw = _leaving_out(raw, left_out)
    cut = [name for name, given in (("validation", raw.validation), ("test", raw.test)) if given is None]
    if raw.train.groups is None:
        _check_counts(raw, 1 + len(cut))
    shares = (shares, ONE_CUT)[2 - len(cut)] if cut else (1.0,)
    if raw.train.groups is None:
        indices = stratified(raw.train.targets, shares, seed=seed)
    else:
        indices = _by_group(raw, raw.train.groups, shares, seed)
    made = {name: _take(raw.train, chosen) for name, chosen in zip(["train", *cut], indices, strict=True)}
    for name, given in (("validation", raw.validation), ("test", raw.test)):
        if given is not None:
            made[name] = _take(given, seeds.generator(seed, "order", name).permutation(len(given)))
    return made["train"], made["validation"], made["test"]


def _leaving_out(raw: Raw, group: str) -> Raw:
    """Return a data set whose test part is one group, and whose training part is everything else."""
    piles = list(raw.piles.values())
    if any(pile.groups is None for pile in piles):
        raise DataError(f"{raw.source}: its samples have no groups, so the group {group!r} can't be left out")
    groups = np.concatenate([np.asarray(pile.groups).astype(np.str_) for pile in piles])
    inputs = piles[0].inputs if len(piles) == 1 else np.concatenate([pile.inputs for pile in piles])
    targets, chosen = np.concatenate([pile.targets for pile in piles]), groups == group
    if not chosen.any() or chosen.all():
        raise DataError(f"{raw.source}: no group {group!r} beside others; there are {', '.join(sorted(set(groups))[:10])}")
    missing = np.setdiff1d(targets, targets[~chosen])
    if len(missing):
        raise DataError(
            f"{raw.source}: class {raw.classes[missing[0]]!r} is in the group {group!r} alone: without it nothing is left to "
            "learn that class from"
        )
    rest = groups[~chosen] if len(np.unique(groups[~chosen])) > 1 else None
    others = Pile(inputs[~chosen], targets[~chosen], rest)
    return replace(raw, train=others, validation=None, test=Pile(inputs[chosen], targets[chosen], groups[chosen]))


def _check_counts(raw: Raw, needed: int) -> None:
    counts = np.bincount(raw.train.targets, minlength=len(raw.classes))
    rare = np.flatnonzero(counts < needed)
    if len(rare):
        shown = ", ".join(f"{raw.classes[index]!r} ({counts[index]})" for index in rare[:5])
        more = f" and {len(rare) - 5} more" if len(rare) > 5 else ""
        raise DataError(
            f"{raw.source}: too few samples of class {shown}{more}; expected at least {needed} of each, one for each part "
            "that is cut from them: add samples, or leave the class out"
        )


def _by_group(raw: Raw, groups: NDArray[Any], shares: Sequence[float], seed: int) -> list[NDArray[np.int64]]:
    """Divide the training samples by their groups, and see that nothing that training needs is missing."""
    found = len(np.unique(groups))
    if found < len(shares):
        raise DataError(
            f"{raw.source}: {found} {'group' if found == 1 else 'groups'} in the samples to be divided; expected at least "
            f"{len(shares)}, one for each part, since no group is divided: give the parts apart, or leave the groups out"
        )
    indices = by_group(raw.train.targets, groups, shares, seed=seed)
    missing = np.setdiff1d(raw.train.targets, raw.train.targets[indices[0]])
    if len(missing):
        raise DataError(
            f"{raw.source}: class {raw.classes[missing[0]]!r} is in too few groups: no division leaves some of it for "
            "training; expected each class in more groups than one, or the parts given apart"
        )
    return indices


def _take(pile: Pile, chosen: NDArray[np.int64]) -> Pile:
    return Pile(pile.inputs[chosen], pile.targets[chosen], None if pile.groups is None else pile.groups[chosen])
