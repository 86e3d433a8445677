"""Figures of a study in words, as its report writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from minas.analysis.claim import chance_words

NONE = "n/a"


def share(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return a share or an effect size to three decimals, with its interval in brackets where it has one."""
    if value is None:
        return NONE
    return f"{value:.3f}" + ("" if low is None or high is None else f" ({low:.3f} to {high:.3f})")


def points(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return a share of samples as percentage points with a sign, with its interval."""
    if value is None:
        return NONE
    return f"{100 * value:+.2f}" + ("" if low is None or high is None else f" ({100 * low:+.2f} to {100 * high:+.2f})")


def ratio(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return a ratio to three digits, with its interval."""
    if value is None:
        return NONE
    return f"{value:.3g}" + ("" if low is None or high is None else f" ({low:.3g} to {high:.3g})")


def chance(p: float | None) -> str:
    """Return a p-value for a table."""
    return NONE if p is None else chance_words(p).removeprefix("p ").removeprefix("= ")


def several(words: Iterable[str]) -> str:
    """Return words as a list in a sentence: `a, b and c`."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else "none"


def counts(answers: Sequence[str], order: Sequence[str]) -> str:
    """Return how often each answer was given: `supported in 1, not decided in 3`."""
    return ", ".join(f"{answer} in {answers.count(answer)}" for answer in order if answer in answers)
