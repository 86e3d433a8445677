"""Sizes of effects in an analysis of variance, with intervals."""

from __future__ import annotations


def partial_eta_squared(f: float, effect_df: float, error_df: float) -> float:
    """Return SS_effect / (SS_effect + SS_error), in [0, 1], from F and its degrees of freedom."""
    return effect_df * f / (effect_df * f + error_df)


def omega_squared(f: float, effect_df: float, units: float) -> float:
    """Return partial omega squared: eta squared without its upward bias, so it may be a little below 0.

    df (F - 1) / (df (F - 1) + n), with n the units between which the effect is judged (Olejnik and Algina 2003, Psychological
    Methods 8: 434). For an effect that is tested against the residual these are the cells; for a family, which is tested
    against its instances, the instances.
    """
    over = effect_df * (f - 1)
    return over / (over + units)


def eta_interval(f: float, effect_df: float, error_df: float, *, level: float = 0.95) -> tuple[float, float]:
    """Return a two-sided interval of partial eta squared, by inverting the noncentral F distribution.

    Its bounds are those noncentralities nc at which the F that was found is the (1 + level) / 2 and the (1 - level) / 2
    quantile of the noncentral F, turned into eta squared by nc / (nc + effect_df + error_df + 1) (Steiger 2004, Psychological
    Methods 9: 164; Smithson 2001, Educational and Psychological Measurement 61: 605). A bound that none gives is 0.
    """
    tail = (1 - level) / 2
    low, high = (_noncentrality(f, effect_df, error_df, quantile) for quantile in (1 - tail, tail))
    whole = effect_df + error_df + 1
    return low / (low + whole), high / (high + whole)


def _noncentrality(f: float, effect_df: float, error_df: float, quantile: float) -> float:
    """Return the noncentrality at which F is the quantile, or 0 where F is too small for any."""
    from scipy.optimize import brentq
    from scipy.stats import f as central
    from scipy.stats import ncf

    if f <= 0 or central.cdf(f, effect_df, error_df) <= quantile:
        return 0.0

    def above(nc: float) -> float:
        return float(ncf.cdf(f, effect_df, error_df, nc)) - quantile

    top = effect_df * f + 10
    while above(top) > 0:
        top *= 2
    return float(brentq(above, 0.0, top, xtol=1e-6 * top, rtol=1e-10))
