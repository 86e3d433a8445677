"""A mixed model beside the tables of variance: the same effects, with the architectures' intercepts drawn at random.

It takes unbalanced cells as they are, where the F tests of the tables are approximate. Its Wald tests are too generous with
few architectures, so it is a check and not the result: what it says is read beside the table, and its warnings with it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from minas.analysis.anova import data, formula
from minas.analysis.cells import Cell
from minas.analysis.extras import statsmodels
from minas.analysis.factors import model, named
from minas.analysis.responses import Response, observe


@dataclass(frozen=True, kw_only=True)
class MixedTerm:
    """A Wald test of one effect: the statistic is chi squared with df degrees of freedom where there is no effect."""

    response: str
    term: str
    wald: float
    df: int
    p: float


@dataclass(frozen=True, kw_only=True)
class Mixed:
    """What the mixed model of a response found.

    Attributes:
        response: its name.
        terms: its effects.
        instance_variance: of the architectures' intercepts; about 0, with a warning, where it lies on the boundary.
        residual_variance: of the rest. Both are None, and there are no terms, where no fit came to an end.
        converged: whether the fit came to its end.
        warnings: whatever the fit said, each sentence once.
    """

    response: str
    terms: tuple[MixedTerm, ...]
    instance_variance: float | None
    residual_variance: float | None
    converged: bool
    warnings: tuple[str, ...]


def mixed(cells: Iterable[Cell], asked: Response | str) -> Mixed | None:
    """Fit the mixed model of a response by restricted maximum likelihood (statsmodels' MixedLM).

    Returns:
        None where no factor varies, or each architecture has but one cell.

    Raises:
        MissingExtraError: statsmodels is not installed.
    """
    from scipy.stats import chi2

    seen = observe(cells, asked)
    layout = model(seen.cells)
    groups = ["/".join(cell.architecture) for cell in seen.cells]
    if not layout.terms or len(set(groups)) == len(groups):
        return None
    frame = data(layout, np.array(seen.values)).assign(architecture_=groups)
    fit = statsmodels("formula.api").mixedlm(formula(layout, instances=False), frame, groups="architecture_").fit
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fitted, failures = _fitted(fit)
    told = tuple(dict.fromkeys([*failures, *(str(item.message) for item in said)]))
    if fitted is None:
        return Mixed(
            response=seen.response.name,
            terms=(),
            instance_variance=None,
            residual_variance=None,
            converged=False,
            warnings=told,
        )
    values, spread = np.asarray(fitted.fe_params), np.asarray(fitted.cov_params())
    rows = []
    place = 1
    for term in layout.terms:
        df = prod(len(set(layout.levels[name])) - 1 for name in term)
        own = slice(place, place + df)
        wald = float(values[own] @ np.linalg.solve(spread[own, own], values[own]))
        rows.append(MixedTerm(response=seen.response.name, term=named(term), wald=wald, df=df, p=float(chi2.sf(wald, df))))
        place += df
    return Mixed(
        response=seen.response.name,
        terms=tuple(rows),
        instance_variance=float(np.asarray(fitted.cov_re)[0, 0]),
        residual_variance=float(fitted.scale),
        converged=bool(fitted.converged),
        warnings=told,
    )


def _fitted(fit: Callable[..., Any]) -> tuple[Any, list[str]]:
    """Return the first fit that comes to an end, or None, and what the others broke at.

    With gradients first; near the boundary, where they are singular, without.
    """
    failures: list[str] = []
    for method in ("lbfgs", "powell"):
        try:
            return fit(reml=True, method=[method]), failures
        except np.linalg.LinAlgError as error:
            failures.append(
                f"the fit by {method} broke off: {error} (the variance of architectures may be on the boundary, 0)"
            )
    return None, failures
