"""Which member of a front a user's limits choose, why, what was left out, and how sure the choice is.

Among the members within all limits the one with the least action is chosen: limits say what a network must achieve, and
little action is what it should then have. `by` names another measure. Of a score more is better: its limit is the least
that is allowed, and `by` a score takes the greatest. The choice is made on validation figures, never on
the test samples: the means of the confirmation where a member was confirmed, else those of its brief training.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from minas.analysis.confirmation import rounds, validation_measures
from minas.analysis.front import Front, Member
from minas.analysis.quantities import show
from minas.errors import UsageError, nearest
from minas.trial import Status, Trial

Figures = Mapping[str, float | None]
WORDS = {"flops": "FLOPs", "params": "parameters", "macro_f1": "macro-F1", "roc_auc": "ROC-AUC"}


@dataclass(frozen=True, kw_only=True)
class Excess:
    """One limit that a member breaks.

    Attributes:
        measure: name of the measure.
        limit: its greatest allowed value; the least of a score.
        value: the member's value, or None where the measure is unavailable.
        score: whether more of the measure is better.
    """

    measure: str
    limit: float
    value: float | None
    score: bool = False

    @property
    def share(self) -> float:
        """By what share of the limit the value lies beyond it; infinite without a value and for a limit of 0."""
        if self.value is None or self.limit == 0.0:
            return math.inf
        beyond = self.value / self.limit - 1.0
        return -beyond if self.score else beyond


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A member outside the limits, with those that it breaks, the worst first."""

    member: Member
    excesses: tuple[Excess, ...]


@dataclass(frozen=True, kw_only=True)
class Pick:
    """The choice.

    Attributes:
        limits: measure to greatest allowed value; the least of a score.
        by: the measure of which the chosen member has the least; the most of a score.
        chosen: the member, or None where no member is within the limits.
        within: how many members are within the limits.
        left_out: the members nearest to the limits outside of them, the nearest first.
        sure: share of the confirmation's seeds in which the same rule chooses the same member among the confirmed ones, or
            None where the chosen member was not confirmed.
        seeds: over how many seeds.
        figures: canonical key to the figures that the choice was made on.
        confirmed: canonical keys of the members whose figures are those of the confirmation; the others' are those of the
            search.
        scores: the measures of which more is better.
    """

    limits: Mapping[str, float]
    by: str
    chosen: Member | None
    within: int
    left_out: tuple[LeftOut, ...]
    sure: float | None
    seeds: int
    figures: Mapping[str, Figures]
    confirmed: frozenset[str]
    scores: frozenset[str] = frozenset()


def pick(
    front: Front,
    limits: Mapping[str, float],
    *,
    by: str = "action",
    confirmation: Iterable[Trial] = (),
    figures: Mapping[str, Figures] | None = None,
    scores: Collection[str] = (),
    most_left_out: int = 3,
) -> Pick:
    """Choose the member with the least of one measure within limits.

    Args:
        front: the front of a run.
        limits: measure to greatest allowed value, in the measure's unit; inclusive. The least allowed value of a score.
        by: the measure of which to take the least; ties go to the front's order, the lowest error first.
        confirmation: the trials of the confirmation, to say how sure the choice is.
        figures: canonical key to validation figures that replace those of the search: the means of the confirmation.
        scores: the measures of which more is better.
        most_left_out: so many of those left out are listed.

    Raises:
        UsageError: a limit or `by` names a measure that no member has, or a limit is no number of 0 or more.
    """
    known = {
        member.key: {**validation_measures(member.trial), **(figures or {}).get(member.key, {})} for member in front.members
    }
    _check(limits, by, known)
    rule = _Rule(limits=dict(limits), by=by, scores=frozenset(scores))
    within = [member for member in front.members if not rule.excesses(known[member.key])]
    chosen = min(within, key=lambda member: rule.rank(known[member.key]), default=None)
    out = [LeftOut(member=m, excesses=e) for m in front.members if (e := rule.excesses(known[m.key]))]
    out.sort(key=lambda left: (*_distance(left), rule.rank(known[left.member.key])))
    sure, seeds = _sure(chosen, rule, list(confirmation))
    return Pick(
        limits=dict(limits),
        by=by,
        chosen=chosen,
        within=len(within),
        left_out=tuple(out[:most_left_out]),
        sure=sure,
        seeds=seeds,
        figures=known,
        confirmed=frozenset(known) & frozenset(figures or {}),
        scores=rule.scores,
    )


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """How one choice is made."""

    limits: Mapping[str, float]
    by: str
    scores: frozenset[str]

    def excesses(self, figures: Figures) -> tuple[Excess, ...]:
        """Return the limits that figures break, the worst first."""
        broken = [
            Excess(measure=measure, limit=limit, value=figures.get(measure), score=measure in self.scores)
            for measure, limit in self.limits.items()
            if not self._keeps(measure, limit, figures.get(measure))
        ]
        return tuple(sorted(broken, key=lambda excess: -excess.share))

    def _keeps(self, measure: str, limit: float, value: float | None) -> bool:
        if value is None:
            return False
        return value >= limit if measure in self.scores else value <= limit

    def rank(self, figures: Figures) -> float:
        """Return what the chosen member has the least of."""
        value = figures.get(self.by)
        if value is None:
            return math.inf
        return -value if self.by in self.scores else value


def _check(limits: Mapping[str, float], by: str, known: Mapping[str, Figures]) -> None:
    names = {name for figures in known.values() for name, value in figures.items() if value is not None}
    for measure, limit in limits.items():
        if not (math.isfinite(limit) and limit >= 0.0):
            raise UsageError(f"the limit of {measure} must be a number of 0 or more, not {limit}")
    for measure in [*limits, by]:
        if known and measure not in names:
            raise UsageError(f"no member of the front has a measure named '{measure}'{nearest(measure, names)}")


def _distance(left: LeftOut) -> tuple[float, float, int]:
    worst = left.excesses[0]
    return worst.share, math.inf if worst.value is None else worst.value, len(left.excesses)


def _sure(chosen: Member | None, rule: _Rule, trials: Sequence[Trial]) -> tuple[float | None, int]:
    if chosen is None or chosen.key not in {trial.candidate.key for trial in trials}:
        return None, 0
    matched = rounds(trials)
    if not matched:
        return None, 0
    hits = [_key_of_round(round_, rule) == chosen.key for round_ in matched]
    return sum(hits) / len(hits), len(hits)


def _key_of_round(round_: Mapping[str, Trial], rule: _Rule) -> str | None:
    rows = {key: validation_measures(trial) for key, trial in round_.items() if trial.status is Status.COMPLETE}
    inside = [key for key, row in rows.items() if not rule.excesses(row)]
    return min(inside, key=lambda key: (rule.rank(rows[key]), key), default=None)


def explain(choice: Pick, *, trained: bool = True) -> str:
    """Return the choice in plain lines: the member, why, the nearest that were left out, and how sure it is.

    Args:
        choice: the choice.
        trained: whether its figures come from trainings; else from a table, and nothing is said of how sure they are.
    """
    left_out = [_left_out(left, choice.confirmed) for left in choice.left_out]
    return "\n".join([*_why(choice, trained), *left_out, *(_how_sure(choice) if trained else [])])


def _why(choice: Pick, trained: bool) -> list[str]:
    ends = {name: "at least" if name in choice.scores else "at most" for name in choice.limits}
    asked = ", ".join(f"{word(name)} {ends[name]} {show(limit)}" for name, limit in choice.limits.items()) or "no limits"
    if not choice.figures:
        return ["The front is empty, so there is no member to choose."]
    if choice.chosen is None:
        return [f"No member of the front is within the limits ({asked})."]
    figures = choice.figures[choice.chosen.key]
    listed = ", ".join(f"{word(name)} {show(figures.get(name))}" for name in dict.fromkeys([*choice.limits, choice.by]))
    labels = f" ({', '.join(choice.chosen.labels)})" if choice.chosen.labels else ""
    among = f"the {choice.within} members" if choice.within > 1 else "the only member"
    most = "most" if choice.by in choice.scores else "least"
    reason = (
        f"the {most} {word(choice.by)} of {among} within the limits" if choice.within > 1 else f"{among} within the limits"
    )
    judged = "the means of its confirmation" if choice.chosen.key in choice.confirmed else "those of its brief training"
    where = f", on validation figures: {judged}" if trained else ""
    return [f"{choice.chosen.id}{labels}: {listed}.", f"Chosen as {reason} ({asked}){where}."]


def _left_out(left: LeftOut, confirmed: frozenset[str]) -> str:
    mark = " (judged by its brief training)" if confirmed and left.member.key not in confirmed else ""
    return f"Left out: {left.member.id}{mark}, {'; '.join(_excess(excess) for excess in left.excesses)}."


def _excess(excess: Excess) -> str:
    name = word(excess.measure)
    if excess.value is None:
        return f"{name} is not available"
    by = "under" if excess.score else "over"
    by = f"{show(100 * excess.share, digits=2)}% {by}" if math.isfinite(excess.share) else by
    return f"{name} {show(excess.value, digits=4)} is {by} {show(excess.limit)}"


def _how_sure(choice: Pick) -> list[str]:
    if choice.chosen is None:
        return []
    if choice.sure is None:
        return ["How sure: not known, since this member was not confirmed with more seeds."]
    hits = round(choice.sure * choice.seeds)
    seeds = "seed" if choice.seeds == 1 else "seeds"
    return [f"How sure: the same rule chooses it in {hits} of {choice.seeds} {seeds}, among the confirmed members."]


def word(measure: str) -> str:
    """Return a measure's name as it stands in a sentence."""
    return WORDS.get(measure, measure.replace("_", " "))
