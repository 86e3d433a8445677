"""One claim beside the ceiling, judged by a rule that is the same for all and was fixed before any study was run.

A claim says that a number lies on one side of 0. It holds where the 95% interval lies on that side and p, corrected by Holm
over all places where the same claim is asked, is below .05; the opposite is true where the interval lies on the other side
likewise; in between, these data don't decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from minas.analysis.multiple import holm
from minas.analysis.quantities import show

ClaimAnswer = Literal["holds", "opposite", "not decided", "compatible", "differs"]
"""The last two are for figures of the paper that are set beside ours."""

CHANCE = 0.05
WORDS = {
    "holds": "holds",
    "opposite": "the opposite is true",
    "not decided": "not decided by these data",
    "compatible": "compatible with the paper's figure",
    "differs": "differs from the paper's figure",
}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim in one place, with its figures and what they say about it.

    Attributes:
        claim: which: the same name in every place where it is asked.
        domain: where, or "" for all of them together.
        about: what tells it from the others of the same name and domain, such as a measure or a family.
        said: the claim in words.
        claimed: the side of 0 that the number lies on where the claim is true: -1 or 1; 0 for figures set beside the paper's.
        value, low, high: the number with its 95% interval; None where the cells don't suffice.
        unit: what the number is.
        p, p_holm: two-sided, and corrected over the claim's places.
        units: of how many architectures (or other independent units) it was worked out.
        answer: by the rule.
        sentence: all of it for people.
        barred: why a decided answer may not be given, or None.
    """

    claim: str
    domain: str
    about: str
    said: str
    claimed: int
    value: float | None
    low: float | None
    high: float | None
    unit: str
    p: float | None
    p_holm: float | None = None
    units: int
    answer: ClaimAnswer = "not decided"
    sentence: str
    barred: str | None = None


def decide(low: float | None, high: float | None, p_holm: float | None, claimed: int) -> ClaimAnswer:
    """Return what an interval and a corrected p say about a number that is claimed to lie on one side of 0."""
    if low is None or high is None or p_holm is None or p_holm >= CHANCE or low <= 0 <= high:
        return "not decided"
    return "holds" if (low > 0) == (claimed > 0) else "opposite"


def judged(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return claims of one name with their corrected p and answers, which end their sentences."""
    tested = iter(holm([claim.p for claim in claims if claim.p is not None]))
    out = []
    for claim in claims:
        corrected = None if claim.p is None else next(tested)
        answer = decide(claim.low, claim.high, corrected, claim.claimed)
        if claim.barred is not None:
            answer = "not decided"
        out.append(replace(claim, p_holm=corrected, answer=answer, sentence=_ended(claim, corrected, answer)))
    return tuple(out)


def _ended(claim: Claim, corrected: float | None, answer: ClaimAnswer) -> str:
    chance = "" if corrected is None else f"; {chance_words(corrected)} after Holm's correction"
    barred = f" {claim.barred}" if claim.barred else ""
    return f"{claim.sentence}{chance}: {WORDS[answer]}.{barred}"


def chance_words(p: float) -> str:
    """Return a p-value as people write it: `p < .001` or `p = 0.03`."""
    return "p < .001" if p < 0.001 else f"p = {p:.2g}"


def interval_words(low: float | None, high: float | None, *, percent: bool = False) -> str:
    """Return an interval in brackets, with a space before, or that there is none."""
    if low is None or high is None:
        return " (no interval)"
    if percent:
        return f" (95% interval {100 * low:+.2f} to {100 * high:+.2f})"
    return f" (95% interval {show(low)} to {show(high)})"
