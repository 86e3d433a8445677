"""What a sweep says of the paper's two statements on lambda, by a rule that is fixed here.

The paper's first abstract has the activation energy E fall to 6%, its second by three orders of magnitude, either with less
than half a percentage point of accuracy lost. One lambda of a network's sweep is chosen on validation samples: the one at
which E falls furthest while the loss of validation accuracy stays under that limit. A statement holds for the network where
it holds there on test samples, both figures with their whole 95% intervals over seeds; it does not where at each lambda at
least one of the two figures is beyond its limit with its whole interval. Else these data don't decide it. A lambda at which
a training diverged speaks against it; one at which a training is missing for any other reason decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from minas.analysis.confirmation import Interval
from minas.analysis.quantities import show
from minas.analysis.sweep import SweepRow

LOSS = 0.5
"""Percentage points of test accuracy that may be lost; the interval's upper end must stay under it."""

SHARES = {"to 6%": 0.06, "by three orders of magnitude": 1e-3}
"""What each statement says is left of E, as a share of what there is at lambda 0."""

Answer = Literal["holds", "does not hold", "not decided"]


@dataclass(frozen=True, kw_only=True)
class SweepVerdict:
    """What a network's sweep with one functional says.

    Attributes:
        domain, family, instance, functional: of what.
        lambda_: the one at which E falls furthest while the loss of validation accuracy stays under the limit, interval
            included; None where it stays so at none.
        loss: points of test accuracy lost there.
        ratios: energy to what there is of it there, as a multiple of lambda 0's; the potential energy too.
        answers: statement, by its words in `SHARES`, to whether it holds.
        sentence: all this in words.
    """

    domain: str
    family: str
    instance: str
    functional: str
    lambda_: float | None
    loss: Interval | None
    ratios: dict[str, Interval | None]
    answers: dict[str, Answer]
    sentence: str


def sweep_verdicts(rows: Sequence[SweepRow]) -> tuple[SweepVerdict, ...]:
    """Return a verdict for each network and functional, in the order of the rows."""
    paths: dict[tuple[str, str, str, str], list[SweepRow]] = {}
    for row in rows:
        if row.lambda_ > 0:
            paths.setdefault((row.domain, row.family, row.instance, row.functional), []).append(row)
    return tuple(_verdict(path) for path in paths.values())


def _verdict(path: Sequence[SweepRow]) -> SweepVerdict:
    cheap = [
        (energy.mean, row)
        for row in path
        if _costs_little(row, row.validation_loss) and (energy := row.ratios["activation_energy"])
    ]
    best = min(cheap, key=lambda found: found[0])[1] if cheap else None
    answers: dict[str, Answer] = {words: _answer(path, best, share) for words, share in SHARES.items()}
    first = path[0]
    return SweepVerdict(
        domain=first.domain,
        family=first.family,
        instance=first.instance,
        functional=first.functional,
        lambda_=None if best is None else best.lambda_,
        loss=None if best is None else best.loss,
        ratios={} if best is None else best.ratios,
        answers=answers,
        sentence=_sentence(first, best, answers),
    )


def _costs_little(row: SweepRow, loss: Interval | None) -> bool | None:
    """Tell whether a lambda's loss of accuracy is under the limit; None where that is not decided."""
    if row.diverged:
        return False
    if row.complete < row.planned or loss is None or loss.low is None or loss.high is None:
        return None
    return True if loss.high < LOSS else False if loss.low >= LOSS else None


def _falls(energy: Interval | None, share: float) -> bool | None:
    if energy is None or energy.low is None or energy.high is None:
        return None
    return True if energy.high <= share else False if energy.low > share else None


def _meets(row: SweepRow, share: float) -> bool | None:
    parts = (_costs_little(row, row.loss), _falls(row.ratios["activation_energy"], share))
    return False if False in parts else None if None in parts else True


def _answer(path: Sequence[SweepRow], best: SweepRow | None, share: float) -> Answer:
    if best is not None and _meets(best, share):
        return "holds"
    return "does not hold" if all(_meets(row, share) is False for row in path) else "not decided"


def _sentence(first: SweepRow, best: SweepRow | None, answers: dict[str, Answer]) -> str:
    head = f"{first.instance}, {first.functional.replace('_', ' ')} in the loss"
    said = "; ".join(f"that E falls {words}: {answer}" for words, answer in answers.items())
    tail = f"With less than {LOSS:g} points of accuracy lost, {said}."
    if best is None:
        return f"{head}: at no lambda is the loss of validation accuracy under {LOSS:g} points with its whole interval. {tail}"
    energy, kinetic, potential = (best.ratios[name] for name in ("activation_energy", "kinetic", "potential"))
    return (
        f"{head}: at lambda {weight_in_words(best.lambda_)}, E is {share_in_words(energy)} of what it is at lambda 0, "
        f"T {share_in_words(kinetic)} and V {share_in_words(potential)}, for {points_in_words(best.loss)} of accuracy lost. "
        f"{tail}"
    )


def weight_in_words(weight: float) -> str:
    """Return a lambda as people write it: 1e-5, 1e-2, 0.1."""
    if weight == 0 or weight >= 0.1:
        return f"{weight:g}"
    digits, power = f"{weight:e}".split("e")
    return f"{float(digits):g}e{int(power)}"


def share_in_words(found: Interval | None) -> str:
    """Return a ratio as a percentage below 1, else as a multiple, with the ends of its interval."""
    if found is None:
        return "n/a"
    factor, unit = (100.0, "%") if found.mean < 1 else (1.0, " times")
    inside = ""
    if found.low is not None and found.high is not None:
        inside = f" ({show(factor * found.low)} to {show(factor * found.high)})"
    return f"{show(factor * found.mean)}{unit}{inside}"


def points_in_words(found: Interval | None) -> str:
    """Return a difference in percentage points with the ends of its interval."""
    if found is None:
        return "n/a"
    inside = "" if found.low is None or found.high is None else f" ({found.low:.2f} to {found.high:.2f})"
    return f"{found.mean:.2f}{inside} points"
