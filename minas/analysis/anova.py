"""Analysis of variance of a study's responses, by statsmodels: type II and III tables, each effect with its own error term.

A family, a domain and their interaction are tested against the architectures within families, never against the residual:
F = MS_family / MS_instance. What happens within architectures (lambda, functional, strategy, and how families or domains
answer to one of them) is tested against the architectures' own different answers to it, where they can be estimated
(`minas.analysis.answers`). All else, interactions of two factors within architectures among it, is tested against the
residual.

Sums of squares between architectures come from the model without the architectures, as marginality asks of type II;
those within from the model with them. In unbalanced cells F against an error term other than the residual is approximate;
the mixed model of `minas.analysis.mixed` is the check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from minas.analysis.answers import Answers, Squares, answers, explained
from minas.analysis.cells import Cell
from minas.analysis.effect_sizes import eta_interval, omega_squared, partial_eta_squared
from minas.analysis.extras import pandas, statsmodels
from minas.analysis.factors import INSTANCE, Columns, Model, Term, design, model, named, within_part
from minas.analysis.multiple import holm
from minas.analysis.responses import LeftOut, Response, observe

Kind = Literal["II", "III"]
RESIDUAL = "residual"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A row of a table.

    Attributes:
        response: the response's name.
        ranked: whether the response was replaced by its ranks.
        kind: II or III.
        term: the effect, such as `family x lambda`, or `residual`.
        error_term: what it is tested against, or None where there is nothing to test it against (F, p and sizes are None).
        p_holm: p after Holm's correction over the effects of the table.
        eta, eta_low, eta_high: partial eta squared and its 95% interval. Chance alone gives an effect of many degrees of
            freedom a large eta squared, which the interval takes off: then eta squared may lie above its own interval.
        omega: partial omega squared, from which chance is taken off too: the one to compare over effects.
    """

    response: str
    ranked: bool
    kind: Kind
    term: str
    sum_of_squares: float
    df: float
    mean_square: float
    error_term: str | None = None
    error_df: float | None = None
    f: float | None = None
    p: float | None = None
    p_holm: float | None = None
    eta: float | None = None
    eta_low: float | None = None
    eta_high: float | None = None
    omega: float | None = None


@dataclass(frozen=True, kw_only=True)
class Anova:
    """The tables of one response.

    Attributes:
        response: its name.
        effects: the rows: type II, then III, of the values, then of their ranks.
        cells: how many cells were used.
        architectures: of how many architectures.
        left_out: the cells that were not used, by reason.
        dropped: effects that can't be estimated from these cells, or only in part, and why.
        residuals: of the model of the values with the architectures, in the order of the cells used.
        deviations: of each architecture's mean from what the factors between architectures explain; none where the
            architectures can't be told from their families. Residuals and deviations are for `minas.analysis.assumptions`.
        used: those cells.
    """

    response: str
    effects: tuple[Effect, ...]
    cells: int
    architectures: int
    left_out: tuple[LeftOut, ...]
    dropped: tuple[str, ...]
    residuals: tuple[float, ...]
    deviations: tuple[float, ...]
    used: tuple[Cell, ...]

    def effect(self, term: str, *, kind: Kind = "II", ranked: bool = False) -> Effect:
        """Return the row of an effect.

        Raises:
            KeyError: the tables have no such row.
        """
        for row in self.effects:
            if (row.term, row.kind, row.ranked) == (term, kind, ranked):
                return row
        raise KeyError(term)


def anova(cells: Iterable[Cell], asked: Response | str, *, ranks: bool = True, nested: bool = True) -> Anova:
    """Analyse the variance of one response over all the factors that vary in the cells.

    Args:
        cells: a study's, failed ones included: they are counted and left out.
        asked: a response, its name, or the name of a measure.
        ranks: also analyse the ranks of the values over all cells, the rank transformation of Conover and Iman (1981, American
            Statistician 35: 124): not thrown by outliers or skewness in the main effects; its interactions are to be read with
            caution, for ranks can make interactions where there are none.
        nested: whether architectures are drawn within families and domains; else every factor is crossed with every other,
            and all effects are tested against the residual.

    Raises:
        MissingExtraError: statsmodels is not installed.
        ValueError: too few cells have the response for any factor to be estimated.
    """
    seen = observe(cells, asked)
    if not seen.cells:
        raise ValueError(f"{seen.response.name}: no cell has it")
    layout = model(seen.cells)
    values = np.array(seen.values)
    columns = design(layout.terms, layout.levels).shape[1] + layout.instances.shape[1] if layout.terms else 0
    if not layout.terms or len(values) <= columns or np.ptp(values) == 0:
        raise ValueError(
            f"{seen.response.name}: {len(values)} cells have it: too few, or too alike, for an analysis of variance"
        )
    own = answers(layout)
    rows, residuals, without = _tables(layout, own, values, seen.response.name, ranked=False, nested=nested)
    if ranks:
        from scipy.stats import rankdata

        rows += _tables(layout, own, rankdata(values), seen.response.name, ranked=True, nested=nested)[0]
    return Anova(
        response=seen.response.name,
        effects=tuple(rows),
        cells=len(values),
        architectures=len({cell.architecture for cell in seen.cells}),
        left_out=seen.left_out,
        dropped=(*layout.dropped, *own.untold),
        residuals=tuple(residuals.tolist()),
        deviations=_deviations(seen.cells, residuals, without) if layout.instances.shape[1] else (),
        used=seen.cells,
    )


def formula(layout: Model, *, instances: bool) -> str:
    """Return a formula for statsmodels over the columns that `data` gives: sum-coded, as type III asks.

    The architectures' contrasts are one term; where the formula is used, `np` has to be numpy.
    """
    parts = [_coded(term) for term in layout.terms]
    return "value ~ " + " + ".join([*parts, *([_together(layout)] if instances else [])])


def data(layout: Model, values: Columns) -> Any:
    """Return the columns of a formula, as a data frame: each factor's levels, each contrast between architectures, values."""
    levels = {_column(name): np.array(column, dtype=object) for name, column in layout.levels.items()}
    contrasts = dict(zip(_contrasts(layout), layout.instances.T, strict=True))
    return pandas().DataFrame({**levels, **contrasts, "value": values})


def _coded(term: Term) -> str:
    return ":".join(f"C({_column(name)}, Sum)" for name in term)


def _together(layout: Model) -> str:
    return f"np.column_stack(({', '.join(_contrasts(layout))},))"


def _contrasts(layout: Model) -> list[str]:
    return [f"{INSTANCE}_{place}" for place in range(layout.instances.shape[1])]


def _column(name: str) -> str:
    return f"{name}_"


def _tables(
    layout: Model, own: Answers, values: Columns, response: str, *, ranked: bool, nested: bool
) -> tuple[list[Effect], Columns, Columns]:
    ols, tables = statsmodels("formula.api").ols, statsmodels("stats.anova").anova_lm
    columns = data(layout, values)
    several = layout.instances.shape[1] > 0
    bare = ols(formula(layout, instances=False), columns).fit()
    whole = ols(formula(layout, instances=True), columns).fit() if several else bare
    answered, residual = explained(own, values)
    rows: list[Effect] = []
    for number, kind in ((2, "II"), (3, "III")):
        between, within = tables(bare, typ=number), tables(whole, typ=number) if several else None
        found: dict[Term, Squares] = {}
        for term in layout.terms:
            table = within if within is not None and within_part(term) else between
            found[term] = _row(table, _coded(term))
        if within is not None:
            found[INSTANCE,] = _row(within, next(name for name in within.index if name.startswith("np.")))
        found.update(answered)
        errors = {term: _error_term(term, found) if nested else () for term in found}
        rows += _effects(found, errors, residual, response, "II" if kind == "II" else "III", ranked)
    return rows, np.asarray(whole.resid), np.asarray(bare.resid)


def _deviations(cells: Sequence[Cell], residuals: Columns, without: Columns) -> tuple[float, ...]:
    """Return each architecture's mean residual of the model without the architectures, beyond that of the model with them."""
    own: dict[tuple[str, str, str], list[float]] = {}
    for cell, value in zip(cells, without - residuals, strict=True):
        own.setdefault(cell.architecture, []).append(float(value))
    return tuple(float(np.mean(values)) for values in own.values())


def _row(table: Any, name: str) -> tuple[float, float]:
    return float(table.loc[name, "sum_sq"]), float(table.loc[name, "df"])


def _error_term(term: Term, found: dict[Term, Squares]) -> Term | None:
    """Return the random effect that an effect is tested against, () for the residual, None where there is none."""
    if INSTANCE in term:
        return ()
    within = within_part(term)
    if not within:
        return (INSTANCE,) if (INSTANCE,) in found else None
    return (INSTANCE, *within) if (INSTANCE, *within) in found else ()


def _effects(
    found: Mapping[Term, Squares],
    errors: Mapping[Term, Term | None],
    residual: Squares,
    response: str,
    kind: Kind,
    ranked: bool,
) -> list[Effect]:
    rows = []
    for term, (squares, df) in found.items():
        row = Effect(
            response=response,
            ranked=ranked,
            kind=kind,
            term=named(term),
            sum_of_squares=squares,
            df=df,
            mean_square=squares / df,
        )
        error = errors[term]
        if error is not None:
            beside = sum(found[other][1] for other, own in errors.items() if own == error)
            row = _tested(row, error, found.get(error, residual), beside)
        rows.append(row)
    rows = _corrected(rows)
    squares, df = residual
    last = Effect(
        response=response, ranked=ranked, kind=kind, term=RESIDUAL, sum_of_squares=squares, df=df, mean_square=squares / df
    )
    return [*rows, last]


def _tested(row: Effect, error: Term, against: tuple[float, float], beside: float) -> Effect:
    """Return a row with its test: `against` is the error's sum of squares and df, `beside` the df of all that share it."""
    from scipy.stats import f as distribution

    squares, error_df = against
    named_error = named(error) if error else RESIDUAL
    if error_df <= 0 or squares <= 0:
        return row
    f = row.mean_square / (squares / error_df)
    low, high = eta_interval(f, row.df, error_df)
    return replace(
        row,
        error_term=named_error,
        error_df=error_df,
        f=f,
        p=float(distribution.sf(f, row.df, error_df)),
        eta=partial_eta_squared(f, row.df, error_df),
        eta_low=low,
        eta_high=high,
        omega=omega_squared(f, row.df, beside + error_df + 1),
    )


def _corrected(rows: Sequence[Effect]) -> list[Effect]:
    """Return the rows with Holm's correction over those that have a p."""
    corrected = iter(holm([row.p for row in rows if row.p is not None]))
    return [row if row.p is None else replace(row, p_holm=next(corrected)) for row in rows]
