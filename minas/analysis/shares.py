"""How the variance of log action is shared between architecture, strategy, their interaction and seeds.

Readings y of architecture a, strategy s and a seed follow

    y = size of a + a's own effect + s's effect + how s suits a + seed

with normal effects of the architectures (they are drawn from families), of how a strategy suits an architecture and of seeds,
and fixed effects of the strategies: the study's, the same for all architectures. The size of an architecture is a linear
function of the logarithms of its FLOPs and activations, or left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Readings as arrays.

    Attributes:
        architectures, strategies: (readings,) from 0 on.
        values: (readings,) log actions.
        sizes: (architectures, covariates), such as log FLOPs and log activations; no columns to leave size in.
        bands: (architectures,) the band of FLOPs of each, for the permutation test.
    """

    architectures: npt.NDArray[np.intp]
    strategies: npt.NDArray[np.intp]
    values: Matrix
    sizes: Matrix
    bands: npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Shares of the variance of one network's log action, adding up to 1, two of them with intervals, and what is behind them.

    Attributes:
        architecture, strategy, interaction, seeds: the shares.
        p: of the permutation test that architecture has no effect.
        variance: the whole, in squared natural logarithms, size taken out where it is.
        architectures, strategies, readings: how many were used.
        absent: combinations of architecture and strategy without a reading.
    """

    architecture: float
    architecture_low: float
    architecture_high: float
    strategy: float
    strategy_low: float
    strategy_high: float
    interaction: float
    seeds: float
    p: float
    variance: float
    architectures: int
    strategies: int
    readings: int
    absent: int


@dataclass(frozen=True)
class _Squares:
    """Sums of squares of the means of architecture and strategy, their degrees of freedom and coefficients."""

    own: float
    own_df: int
    own_times: float
    strategy: float
    strategy_df: int
    strategy_times: float
    between: float
    between_df: int
    within: float
    within_df: int
    readings_each: float


def shares(table: Table, *, level: float = 0.95, draws: int = 4000, permutations: int = 2000, seed: int = 0) -> Shares | None:
    """Share the variance of log action out, with intervals and a permutation test.

    The components come from sums of squares of the means of each architecture and strategy, each adjusted for all the rest
    (Henderson's third method, Searle, Casella and McCulloch 1992, Variance Components, chapter 5), negative ones set to 0.
    The intervals are generalised confidence intervals (Weerahandi 1993, Journal of the American Statistical Association 88:
    899): the expected mean squares behind SS_1, SS_2 ... are SS_i / chi squared_i, drawn many times, and the noncentrality of
    the strategies' sum of squares is drawn from its own distribution function. They are exact where one component alone is
    unknown, and near it elsewhere in balanced data.

    The permutation test shuffles, for each strategy by itself, the architectures of one band of FLOPs: what size and
    strategies leave unexplained (Freedman and Lane 1983, Journal of Business and Economic Statistics 1: 292). Its statistic
    is the F of architectures over how strategies suit them.

    Returns:
        None where the readings don't suffice: fewer than two strategies, or no more architectures than their sizes explain.
    """
    entries, means = _entries(table)
    found = _squares(table, entries, means)
    if found is None:
        return None
    components = _components(
        found.own / found.own_df,
        found.between / found.between_df,
        found.within / max(found.within_df, 1),
        found,
        max(0.0, found.strategy / found.strategy_df - found.between / found.between_df) / found.strategy_times,
    )
    rng = np.random.default_rng(seed)
    whole = float(sum(components))
    low, high, strategy_low, strategy_high = _intervals(found, level, draws, rng)
    parts = [float(part) / whole if whole > 0 else 0.0 for part in components]
    architectures, strategies = len(set(entries[:, 0].tolist())), len(set(entries[:, 1].tolist()))
    return Shares(
        architecture=parts[0],
        architecture_low=low,
        architecture_high=high,
        strategy=parts[1],
        strategy_low=strategy_low,
        strategy_high=strategy_high,
        interaction=parts[2],
        seeds=parts[3],
        p=_permuted(table, entries, means, permutations, rng),
        variance=whole,
        architectures=architectures,
        strategies=strategies,
        readings=len(table.values),
        absent=architectures * strategies - len(entries),
    )


def _entries(table: Table) -> tuple[npt.NDArray[np.intp], Matrix]:
    """Return the combinations of architecture and strategy that have readings, (entries, 2), and their means."""
    pairs = np.stack([table.architectures, table.strategies], axis=1)
    entries, place = np.unique(pairs, axis=0, return_inverse=True)
    place = place.ravel()
    means: Matrix = np.bincount(place, table.values) / np.bincount(place)
    return entries, means


def _blocks(table: Table, entries: npt.NDArray[np.intp]) -> tuple[Matrix, Matrix, Matrix]:
    """Return (entries, ...) columns: the constant and sizes, strategies, architectures."""
    sizes = table.sizes - table.sizes.mean(axis=0)
    return (
        np.hstack([np.ones((len(entries), 1)), sizes[entries[:, 0]]]),
        _dummies(entries[:, 1]),
        _dummies(entries[:, 0]),
    )


def _dummies(places: npt.NDArray[np.intp]) -> Matrix:
    kept = np.unique(places, return_inverse=True)[1].ravel()
    coded: Matrix = np.eye(int(kept.max()) + 1)[kept]
    return coded


def _projection(columns: Matrix) -> tuple[Matrix, int]:
    """Return the projection onto the columns' span, and its dimension."""
    left, values, _ = np.linalg.svd(columns, full_matrices=False)
    kept = left[:, values > values.max() * 1e-9 * max(columns.shape)]
    return kept @ kept.T, kept.shape[1]


def _squares(table: Table, entries: npt.NDArray[np.intp], means: Matrix) -> _Squares | None:
    size, strategy, own = _blocks(table, entries)
    if strategy.shape[1] < 2:
        return None
    all_, rank = _projection(np.hstack([size, strategy, own]))
    no_own, no_own_rank = _projection(np.hstack([size, strategy]))
    no_strategy, no_strategy_rank = _projection(np.hstack([size, own]))
    own_df, strategy_df, between_df = rank - no_own_rank, rank - no_strategy_rank, len(entries) - rank
    if min(own_df, strategy_df, between_df) < 1:
        return None
    pairs = {(int(a), int(s)): place for place, (a, s) in enumerate(entries)}
    place = np.array([pairs[int(a), int(s)] for a, s in zip(table.architectures, table.strategies, strict=True)])
    counts = np.bincount(place)
    return _Squares(
        own=float(means @ (all_ - no_own) @ means),
        own_df=own_df,
        own_times=float(np.trace(own.T @ (all_ - no_own) @ own)) / own_df,
        strategy=float(means @ (all_ - no_strategy) @ means),
        strategy_df=strategy_df,
        strategy_times=float(np.trace(strategy.T @ (all_ - no_strategy) @ strategy)) / strategy_df,
        between=float(means @ means - means @ all_ @ means),
        between_df=between_df,
        within=float(((table.values - means[place]) ** 2).sum()),
        within_df=len(place) - len(counts),
        readings_each=float(1 / np.mean(1 / counts)),
    )


def _components(
    own: Matrix | float, between: Matrix | float, within: Matrix | float, found: _Squares, strategy: Matrix | float
) -> tuple[Matrix | float, ...]:
    """Return the variances of architecture, strategy, interaction and seeds from (expected) mean squares."""
    return (
        np.maximum(0.0, (own - between) / found.own_times),
        strategy,
        np.maximum(0.0, between - within / found.readings_each),
        within,
    )


def _intervals(found: _Squares, level: float, draws: int, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Return the bounds of the shares of architecture and of strategy."""
    own = found.own / rng.chisquare(found.own_df, draws)
    between = found.between / rng.chisquare(found.between_df, draws)
    within = found.within / rng.chisquare(found.within_df, draws) if found.within_df else np.zeros(draws)
    beyond = _noncentralities(found.strategy / between, found.strategy_df, rng.random(draws))
    strategy = beyond * between / (found.strategy_times * found.strategy_df)
    components = _components(own, between, within, found, strategy)
    whole = sum(components)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(components[0] / whole, tails)
    strategy_low, strategy_high = np.quantile(components[1] / whole, tails)
    return float(low), float(high), float(strategy_low), float(strategy_high)


def _noncentralities(squares: Matrix, df: int, quantiles: Matrix) -> Matrix:
    """Return, for each sum of squares over its variance, the noncentrality at which it is that quantile, 0 where none is.

    By the normal approximation of its square root where it is far out, where it is as good and the series is slow.
    """
    from scipy.special import chndtrinc, ndtri
    from scipy.stats import chi2

    far = squares > 500
    out = np.where(far, (np.sqrt(squares) - ndtri(quantiles)) ** 2 - (df - 1), 0.0)
    near = ~far & (chi2.cdf(squares, df) > quantiles)
    out[near] = chndtrinc(squares[near], df, quantiles[near])
    above: Matrix = np.maximum(0.0, np.nan_to_num(out))
    return above


def _permuted(
    table: Table, entries: npt.NDArray[np.intp], means: Matrix, permutations: int, rng: np.random.Generator
) -> float:
    size, strategy, own = _blocks(table, entries)
    all_, rank = _projection(np.hstack([size, strategy, own]))
    less, less_rank = _projection(np.hstack([size, strategy]))
    left = means - less @ means
    groups = _groups(table.bands[entries[:, 0]], entries[:, 1])
    shuffled = np.tile(left, (permutations, 1))
    for group in groups:
        order = rng.random((permutations, len(group))).argsort(axis=1)
        shuffled[:, group] = left[group][order]

    def statistic(values: Matrix) -> Matrix:
        explained = np.einsum("ij,jk,ik->i", values, all_ - less, values, optimize=True)
        rest = (values**2).sum(axis=1) - np.einsum("ij,jk,ik->i", values, all_, values, optimize=True)
        return np.asarray(explained / (rank - less_rank) / np.maximum(rest / (len(means) - rank), 1e-300))

    found = statistic(left[None])[0]
    return float((1 + (statistic(shuffled) >= found * (1 - 1e-12)).sum()) / (1 + permutations))


def _groups(bands: Sequence[int] | npt.NDArray[np.intp], strategies: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    pairs = np.stack([np.asarray(bands), strategies], axis=1)
    place = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()
    return [np.flatnonzero(place == number) for number in range(int(place.max()) + 1)]
