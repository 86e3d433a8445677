"""What a table of variance takes for granted, tested: normal residuals, normal architectures, equal variances.

With thousands of cells the tests find departures too small to matter; the ranks beside each table show how much hangs on
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from minas.analysis.anova import Anova
from minas.analysis.extras import statsmodels
from minas.analysis.factors import ATTRIBUTES
from minas.analysis.multiple import holm


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """One test of an assumption; a small p speaks against it.

    Attributes:
        response: whose.
        assumption: `normal` or `equal variances`.
        of: what: the residuals, the architectures, or the residuals over a factor's levels.
        test: Anderson-Darling or Brown-Forsythe.
        p_holm: p after Holm's correction over the tests of the response.
        values: how many numbers were tested.
    """

    response: str
    assumption: str
    of: str
    test: str
    statistic: float
    p: float
    p_holm: float
    values: int


def assumptions(table: Anova) -> tuple[Assumption, ...]:
    """Test the assumptions of a table: Anderson and Darling (1952) with both moments estimated, Brown and Forsythe (1974).

    The architectures are tested by what their means deviate from the mean of their domain and family; variances by the
    residuals over the levels of each factor. What doesn't vary, or has too few values, is left out.

    Raises:
        MissingExtraError: statsmodels is not installed.
    """
    residuals = np.array(table.residuals)
    rows = [
        _normal(table.response, "residuals", residuals),
        _normal(table.response, "architectures", np.array(table.deviations)),
    ]
    for factor, attribute in ATTRIBUTES.items():
        levels = np.array([str(getattr(cell, attribute)) for cell in table.used])
        rows.append(_equal(table.response, factor, [residuals[levels == level] for level in np.unique(levels)]))
    found = [row for row in rows if row is not None]
    corrected = holm([row.p for row in found])
    return tuple(replace(row, p_holm=p) for row, p in zip(found, corrected, strict=True))


def _normal(response: str, of: str, values: np.ndarray) -> Assumption | None:
    if len(values) < 8 or np.ptp(values) < 1e-12:
        return None
    statistic, p = statsmodels("stats.diagnostic").normal_ad(values)
    return Assumption(
        response=response,
        assumption="normal",
        of=of,
        test="Anderson-Darling",
        statistic=float(statistic),
        p=float(p),
        p_holm=float(p),
        values=len(values),
    )


def _equal(response: str, factor: str, groups: Sequence[np.ndarray]) -> Assumption | None:
    from scipy.stats import levene

    if len(groups) < 2 or min(map(len, groups)) < 3 or np.ptp(np.concatenate(groups)) < 1e-12:
        return None
    statistic, p = levene(*groups, center="median")
    return Assumption(
        response=response,
        assumption="equal variances",
        of=f"residuals over {factor}",
        test="Brown-Forsythe",
        statistic=float(statistic),
        p=float(p),
        p_holm=float(p),
        values=sum(map(len, groups)),
    )
