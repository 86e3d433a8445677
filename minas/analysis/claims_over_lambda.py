"""What the functional in the loss does to test errors and gaps, at a lambda that other seeds have chosen.

Along a grid of lambdas the largest ones always hurt, and the best of several is always lucky. So for each architecture and
strategy one half of the seeds chooses the lambda above 0 with the least validation error; the other half reads what is asked
there, each seed beside itself at lambda 0; both ways. The whole path stands in the tables over lambda.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from minas.analysis.cells import Cell, along_path, domains_of
from minas.analysis.claim import Claim, interval_words, judged
from minas.analysis.contrasts import alike
from minas.analysis.responses import GAP, Response, response

DISTORTED = "test_error_"
"""How the measures begin that are the error on distorted test samples."""

Architecture = tuple[str, str, str]


def distortions(cells: Iterable[Cell]) -> list[str]:
    """Return the distortions with whose errors any cell was measured, as the measures name them."""
    found = {name: None for cell in cells for name in cell.measures if name.startswith(DISTORTED)}
    return [name.removeprefix(DISTORTED) for name in found]


def asked_over_lambda(cells: Iterable[Cell]) -> list[Response]:
    """Return what is compared over lambda beside a study's responses: gap, test error, error on distorted samples."""
    everything = list(cells)
    return [GAP, response("test_error"), *(response(DISTORTED + name) for name in distortions(everything))]


def functionals_of(cells: Iterable[Cell]) -> list[str]:
    """Return the functionals that any loss held."""
    return list(dict.fromkeys(cell.functional for cell in cells if cell.lambda_ > 0))


def chosen_differences(cells: Iterable[Cell], asked: Response, functional: str) -> dict[Architecture, float]:
    """Return for each architecture the response at its chosen lambda minus that at lambda 0: means over strategies, seeds."""
    places: dict[tuple[Architecture, str], dict[float, dict[int, Cell]]] = {}
    for cell in along_path(cells, functional):
        own = places.setdefault((cell.architecture, cell.strategy), {})
        own.setdefault(cell.lambda_, {})[cell.seed] = cell
    found: dict[Architecture, list[float]] = {}
    for (architecture, _), path in places.items():
        read = _read_both_ways(path, asked)
        if read:
            found.setdefault(architecture, []).append(float(np.mean(read)))
    return {architecture: float(np.mean(values)) for architecture, values in found.items()}


def _read_both_ways(path: Mapping[float, Mapping[int, Cell]], asked: Response) -> list[float]:
    seeds = sorted({seed for cells in path.values() for seed in cells})
    halves = (seeds[::2], seeds[1::2])
    out = []
    for choosing, reading in (halves, halves[::-1]):
        errors = {weight: error for weight in path if weight > 0 and (error := _error(path[weight], choosing)) is not None}
        if not errors:
            continue
        best = path[min(errors, key=lambda weight: (errors[weight], weight))]
        bare = path.get(0.0, {})
        pairs = [(asked.of(best[seed]), asked.of(bare[seed])) for seed in reading if seed in best and seed in bare]
        out += [at - without for at, without in pairs if not isinstance(at, str) and not isinstance(without, str)]
    return out


def _error(cells: Mapping[int, Cell], seeds: Sequence[int]) -> float | None:
    """Return the mean validation error, or None where a seed has none: a lambda at which one failed can't be chosen."""
    found = [cells[seed].value("error") for seed in seeds if seed in cells]
    known = [value for value in found if value is not None]
    return float(np.mean(known)) if known and len(known) == len(seeds) else None


def mean_interval(values: Sequence[float]) -> tuple[float | None, float | None, float | None, float | None]:
    """Return mean, 95% interval and p by Student's t; None for what the values don't suffice for."""
    from scipy.stats import ttest_1samp

    if not values:
        return None, None, None, None
    mean = float(np.mean(values))
    if len(values) < 2 or alike(values):
        return mean, None, None, None
    test = ttest_1samp(values, 0.0)
    interval = test.confidence_interval(0.95)
    return mean, float(interval.low), float(interval.high), float(test.pvalue)


def generalisation(cells: Iterable[Cell]) -> tuple[Claim, ...]:
    """Judge in each domain whether a functional in the loss narrows the gap and lowers the error on test samples."""
    everything = list(cells)
    out: list[Claim] = []
    for asked in asked_over_lambda(everything):
        name, said = _asked_words(asked.name)
        own = [
            _claim(name, asked.name, said, functional, domain, differences)
            for functional in functionals_of(everything)
            for domain, differences in _by_domain(everything, asked, functional).items()
        ]
        out += judged(own)
    return tuple(out)


def _asked_words(name: str) -> tuple[str, str]:
    if name == GAP.name:
        return "gap", "narrows the gap between training and test error"
    if name == "test_error":
        return "test error", "lowers the test error"
    distortion = name.removeprefix(DISTORTED).replace("_", " ")
    return f"test error, {distortion}", f"lowers the error on distorted test samples ({distortion})"


def _by_domain(cells: Sequence[Cell], asked: Response, functional: str) -> dict[str, list[float]]:
    """Return each domain's differences; a domain in which no cell has the response isn't asked."""
    there = [name for name in domains_of(cells) if any(_has(cell, asked) for cell in cells if cell.domain == name)]
    found: dict[str, list[float]] = {name: [] for name in there}
    for (domain, _, _), value in chosen_differences(cells, asked, functional).items():
        found[domain].append(value)
    return found


def _has(cell: Cell, asked: Response) -> bool:
    return not isinstance(asked.of(cell), str)


def _claim(claim: str, measure: str, said: str, functional: str, domain: str, differences: Sequence[float]) -> Claim:
    mean, low, high, p = mean_interval(differences)
    loss = functional.replace("_", " ")
    if mean is None:
        figures = "no architecture has seeds enough to choose lambda on one half and read it on the other"
    else:
        what = "gap" if measure == GAP.name else "error"
        figures = (
            f"the {what} changes by {100 * mean:+.2f} percentage points{interval_words(low, high, percent=True)} "
            f"over {count_words(len(differences), 'architecture')}"
        )
    return Claim(
        claim=claim,
        domain=domain,
        about=functional,
        said=f"{loss} in the loss {said}",
        claimed=-1,
        value=mean,
        low=low,
        high=high,
        unit="share of samples",
        p=p,
        units=len(differences),
        sentence=f"{domain}: that {loss} in the loss {said}: {figures}",
    )


def count_words(count: int, one: str) -> str:
    """Return a number with its noun: `1 architecture`, `20 architectures`."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def frugal_or_rescaled(cells: Iterable[Cell], functional: str = "activation_energy") -> tuple[Claim, ...]:
    """Judge in each domain whether activation energy in the loss lowers the action too, or only the figure that it holds."""
    everything = [cell for cell in cells if cell.functional == functional or cell.lambda_ == 0]
    if functional not in functionals_of(everything):
        return ()
    action, energy = (
        Response(name=f"log_{name}", measures=(name,), logarithm=True, work=math.log) for name in ("action", functional)
    )
    falls = {domain: mean_interval(values)[0] for domain, values in _by_domain(everything, energy, functional).items()}
    return judged(
        [
            _frugal(domain, falls.get(domain), values, functional)
            for domain, values in _by_domain(everything, action, functional).items()
        ]
    )


def _frugal(domain: str, fall: float | None, differences: Sequence[float], functional: str) -> Claim:
    mean, low, high, p = mean_interval(differences)
    said = "activation energy in the loss lowers the action"
    if mean is None:
        figures = "no architecture has seeds enough to choose lambda on one half and read it on the other"
    else:
        ends = [None if end is None else math.exp(end) for end in (low, high)]
        beside = "" if fall is None else f", the activation energy {times(math.exp(fall))}"
        figures = (
            f"the action becomes {times(math.exp(mean))}{interval_words(*ends)}{beside} what it is without, over "
            f"{count_words(len(differences), 'architecture')}"
        )
    return Claim(
        claim="activation energy and action",
        domain=domain,
        about=functional,
        said=said,
        claimed=-1,
        value=mean,
        low=low,
        high=high,
        unit="natural logarithm of a ratio",
        p=p,
        units=len(differences),
        sentence=f"{domain}: that {said}: {figures}",
    )


def times(ratio: float) -> str:
    """Return a ratio in words: `0.84 times`."""
    return f"{ratio:.3g} times"
