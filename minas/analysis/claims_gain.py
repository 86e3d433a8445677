"""Is the gain from the action larger in neuromorphic and physiological data than in vision and text?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from minas.analysis.cells import Cell, domains_of
from minas.analysis.claim import Claim, interval_words, judged
from minas.analysis.claims_over_lambda import count_words, times
from minas.analysis.contrasts import larger_gain
from minas.analysis.floors import RULE, Rule

BIOLOGICAL = ("neuromorphic", "physiological")
OTHERS = ("vision", "text")
NO_KINDS: Mapping[str, str] = {}


def larger_where_claimed(
    cells: Iterable[Cell], *, rule: Rule = RULE, kinds: Mapping[str, str] = NO_KINDS
) -> tuple[Claim, ...]:
    """Judge the claim over those of the four kinds of domain that the study has; none where it has but one side.

    Args:
        cells: the study's.
        rule: how gains are read.
        kinds: of what kind a domain is, where a task's name stands for it in the cells.
    """
    everything = list(cells)
    domains = domains_of(everything)
    ours, others = ([name for name in domains if kinds.get(name, name) in side] for side in (BIOLOGICAL, OTHERS))
    if not ours or not others:
        return ()
    found = larger_gain(everything, ours, others, rule=rule)
    said = f"the action gains more in {' and '.join(ours)} than in {' and '.join(others)}"
    if found is None:
        value = low = high = p = None
        figures = "a domain has fewer than two architectures with a gain"
    else:
        value, low, high, p = found.difference, found.low, found.high, found.p
        ends = [math.exp(end) for end in (low, high)]
        figures = (
            f"at the best lambda the action falls {_fold(found.gain)} there and {_fold(found.other_gain)} in the others, a "
            f"ratio of {math.exp(value):.3g}{interval_words(*ends)}, over "
            f"{found.architectures[0]} and {count_words(found.architectures[1], 'architecture')}"
        )
    return judged(
        [
            Claim(
                claim="larger gain",
                domain="",
                about=_sides(ours, others),
                said=said,
                claimed=1,
                value=value,
                low=low,
                high=high,
                unit="natural logarithm of a ratio",
                p=p,
                units=0 if found is None else sum(found.architectures),
                sentence=f"That {said}: {figures}",
            )
        ]
    )


def _sides(ours: Sequence[str], others: Sequence[str]) -> str:
    return f"{' + '.join(ours)} against {' + '.join(others)}"


def _fold(gain: float) -> str:
    return f"to {times(math.exp(-gain))} what it is at lambda 0"
