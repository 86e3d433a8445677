"""Differences that a study asks about one by one: between families, over lambda paired by seed, and of the gain by domain."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from minas.analysis.cells import Cell, along_path, domains_of
from minas.analysis.floors import RULE, Rule, floors
from minas.analysis.multiple import holm
from minas.analysis.responses import Response, observe

Means = Mapping[tuple[str, str, str], float]


@dataclass(frozen=True, kw_only=True)
class FamilyDifference:
    """Two families of a domain: the mean response of the second's architectures minus that of the first's.

    Attributes:
        difference, low, high: with its 95% interval by Welch's t, over architectures; None with fewer than two in either.
        ratio, ratio_low, ratio_high: for a response that is a logarithm, how many times as much the second has.
        p_holm: p after Holm's correction over all the pairs of the response, of all domains.
        architectures: of the first and of the second that have the response.
    """

    response: str
    domain: str
    first: str
    second: str
    difference: float
    low: float | None
    high: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    p: float | None
    p_holm: float | None
    architectures: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class LambdaDifference:
    """A response at one lambda minus the same at lambda 0, seed by seed.

    Attributes:
        difference, low, high: mean over pairs with its 95% interval by the paired t.
        unit: what the pairs are: `architecture` (each the mean over its seeds and strategies), or `seed` if there is but one.
        p_holm: p after Holm's correction over all of the response's differences.
        pairs: how many units; `unpaired` is how many cells at this lambda have no partner.
    """

    response: str
    domain: str
    functional: str
    lambda_: float
    difference: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    unit: str
    pairs: int
    unpaired: int


@dataclass(frozen=True, kw_only=True)
class GainDifference:
    """Whether the action gains more in some domains than in others: an interaction of lambda with the kind of domain.

    The gain of an architecture is the logarithm of its action at lambda 0 over that at its best lambda, chosen by half of the
    seeds within the points of error that `floors.Rule` allows and read on the other half, both ways.

    Attributes:
        domains, others: the domains that are said to gain more, and those that they are compared with.
        gain, other_gain: mean over the domains of the mean over architectures, in natural logarithms.
        difference, low, high: of the two, with its 95% interval by Satterthwaite's approximation over architectures.
        p: two-sided.
        architectures: in the first domains, and in the others.
    """

    domains: tuple[str, ...]
    others: tuple[str, ...]
    gain: float
    other_gain: float
    difference: float
    low: float
    high: float
    p: float
    architectures: tuple[int, int]


def families(cells: Iterable[Cell], asked: Response | str) -> tuple[FamilyDifference, ...]:
    """Compare the families of each domain in pairs, over the means of their architectures.

    What lambda, functional, strategy do on average in the domain is taken off before, so that cells that lack tilt nothing.
    """
    seen = observe(cells, asked)
    rows = []
    for domain in domains_of(seen.cells):
        own = [(cell, value) for cell, value in zip(seen.cells, seen.values, strict=True) if cell.domain == domain]
        means = _architectures(own)
        groups: dict[str, list[float]] = {}
        for (_, family, _), value in means.items():
            groups.setdefault(family, []).append(value)
        for first, second in itertools.combinations(groups, 2):
            rows.append(_families(seen.response, domain, first, second, groups[first], groups[second]))
    tested = iter(holm([row.p for row in rows if row.p is not None]))
    return tuple(row if row.p is None else replace(row, p_holm=next(tested)) for row in rows)


def over_lambda(cells: Iterable[Cell], asked: Response | str) -> tuple[LambdaDifference, ...]:
    """Compare each lambda above 0 with lambda 0 in each domain and functional, paired by architecture, strategy and seed."""
    everything = list(cells)
    rows = []
    for functional in dict.fromkeys(cell.functional for cell in everything if cell.lambda_ > 0):
        seen = observe(along_path(everything, functional), asked)
        values = {_pair(cell): value for cell, value in zip(seen.cells, seen.values, strict=True)}
        weights = sorted({(cell.domain, cell.lambda_) for cell in seen.cells if cell.lambda_ > 0})
        for domain, weight in weights:
            own = [cell for cell in seen.cells if (cell.domain, cell.lambda_) == (domain, weight)]
            rows.append(_over_lambda(seen.response.name, functional, own, values))
    tested = iter(holm([row.p for row in rows if row.p is not None]))
    return tuple(row if row.p is None else replace(row, p_holm=next(tested)) for row in rows)


def gains(cells: Iterable[Cell], *, rule: Rule = RULE) -> dict[tuple[str, str, str], float]:
    """Return each architecture's gain: the mean over strategies and seeds of log S at lambda 0 minus log S at the best lambda.

    The best lambda was chosen by the other half of the seeds; each seed is compared with itself, so that a lucky choice
    favours neither side.
    """
    everything = along_path(cells, rule.functional)
    out: dict[tuple[str, str, str], float] = {}
    for domain in domains_of(everything):
        own = [cell for cell in everything if cell.domain == domain]
        bare = {
            ((cell.family, cell.instance), cell.strategy, cell.seed): math.log(action)
            for cell in own
            if cell.lambda_ == 0 and (action := cell.value("action")) is not None and action > 0
        }
        each: dict[tuple[str, str], dict[str, list[float]]] = {}
        for reading in floors(own, "own", rule=rule).readings:
            without = bare.get((reading.instance, reading.strategy, reading.seed))
            if without is not None:
                strategies = each.setdefault(reading.instance, {})
                strategies.setdefault(reading.strategy, []).append(without - reading.log_action)
        for name, strategies in each.items():
            out[domain, *name] = float(np.mean([np.mean(values) for values in strategies.values()]))
    return out


def larger_gain(
    cells: Iterable[Cell], domains: Sequence[str], others: Sequence[str], *, rule: Rule = RULE
) -> GainDifference | None:
    """Ask whether the action gains more in some domains than in others.

    Returns:
        None where any of the domains has fewer than two architectures with a gain.
    """
    from scipy.stats import t

    found: dict[str, list[float]] = {}
    for (domain, _, _), value in gains(cells, rule=rule).items():
        found.setdefault(domain, []).append(value)
    if not domains or not others or any(len(found.get(name, ())) < 2 for name in (*domains, *others)):
        return None
    means = [float(np.mean([np.mean(found[name]) for name in names])) for names in (domains, others)]
    parts = [
        (np.var(found[name], ddof=1) / len(found[name]) / len(names) ** 2, len(found[name]) - 1)
        for names in (domains, others)
        for name in names
    ]
    variance = float(sum(part for part, _ in parts))
    df = variance**2 / float(sum(part**2 / own for part, own in parts)) if variance > 0 else math.inf
    error = math.sqrt(variance)
    difference = means[0] - means[1]
    reach = float(t.ppf(0.975, df)) * error
    return GainDifference(
        domains=tuple(domains),
        others=tuple(others),
        gain=means[0],
        other_gain=means[1],
        difference=difference,
        low=difference - reach,
        high=difference + reach,
        p=float(2 * t.sf(abs(difference) / error, df)) if error > 0 else float(difference == 0),
        architectures=(sum(len(found[name]) for name in domains), sum(len(found[name]) for name in others)),
    )


def _architectures(own: Sequence[tuple[Cell, float]]) -> Means:
    """Return each architecture's mean, what its lambdas, functionals and strategies do on average taken off."""
    places: dict[tuple[float, str, str], list[float]] = {}
    for cell, value in own:
        places.setdefault((cell.lambda_, cell.functional, cell.strategy), []).append(value)
    whole = float(np.mean([value for _, value in own]))
    each: dict[tuple[str, str, str], list[float]] = {}
    for cell, value in own:
        usual = float(np.mean(places[cell.lambda_, cell.functional, cell.strategy]))
        each.setdefault(cell.architecture, []).append(value - usual + whole)
    return {name: float(np.mean(values)) for name, values in each.items()}


def _families(
    response: Response, domain: str, first: str, second: str, ours: Sequence[float], theirs: Sequence[float]
) -> FamilyDifference:
    from scipy.stats import ttest_ind

    low = high = p = None
    difference = float(np.mean(theirs) - np.mean(ours))
    if min(len(ours), len(theirs)) >= 2 and not (alike(ours) and alike(theirs)):
        with warnings.catch_warnings():  # one family's architectures may all be alike, such as all at the first epoch
            warnings.filterwarnings("ignore", message="Precision loss", category=RuntimeWarning)
            test = ttest_ind(theirs, ours, equal_var=False)
        interval = test.confidence_interval(0.95)
        low, high, p = float(interval.low), float(interval.high), float(test.pvalue)

    def times(value: float | None) -> float | None:
        return math.exp(value) if response.logarithm and value is not None else None

    return FamilyDifference(
        response=response.name,
        domain=domain,
        first=first,
        second=second,
        difference=difference,
        low=low,
        high=high,
        ratio=times(difference),
        ratio_low=times(low),
        ratio_high=times(high),
        p=p,
        p_holm=None,
        architectures=(len(ours), len(theirs)),
    )


def alike(values: Sequence[float]) -> bool:
    """Tell whether values differ by no more than rounding does: then nothing can be said of their spread."""
    return float(np.ptp(values)) <= 1e-12 * max(1.0, float(np.max(np.abs(values))))


Pair = tuple[tuple[str, str, str], str, int, float]


def _pair(cell: Cell) -> Pair:
    return (cell.architecture, cell.strategy, cell.seed, cell.lambda_)


def _over_lambda(response: str, functional: str, own: Sequence[Cell], values: Mapping[Pair, float]) -> LambdaDifference:
    from scipy.stats import ttest_1samp

    paired: dict[tuple[str, str, str], list[float]] = {}
    for cell in own:
        partner = values.get((cell.architecture, cell.strategy, cell.seed, 0.0))
        if partner is not None:
            paired.setdefault(cell.architecture, []).append(values[_pair(cell)] - partner)
    unit = "architecture" if len(paired) > 1 else "seed"
    groups = paired.values() if unit == "architecture" else ([value] for each in paired.values() for value in each)
    units = [float(np.mean(group)) for group in groups]
    low = high = p = None
    if len(units) >= 2 and not alike(units):
        test = ttest_1samp(units, 0.0)
        interval = test.confidence_interval(0.95)
        low, high, p = float(interval.low), float(interval.high), float(test.pvalue)
    return LambdaDifference(
        response=response,
        domain=own[0].domain,
        functional=functional,
        lambda_=own[0].lambda_,
        difference=float(np.mean(units)) if units else math.nan,
        low=low,
        high=high,
        p=p,
        p_holm=None,
        unit=unit,
        pairs=len(units),
        unpaired=len(own) - sum(map(len, paired.values())),
    )
