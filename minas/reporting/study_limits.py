"""What a study's report says of its limits: what is missing, failed, chosen, too coarse, at chance, and what the data are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from minas.analysis.cells import PLANNED, Cell, along_path, domains_of
from minas.analysis.claims_over_lambda import count_words
from minas.analysis.floors import Rule
from minas.analysis.study import StudyAnalysis
from minas.reporting.study_at_chance import AtChance
from minas.reporting.study_method import source_of
from minas.reporting.study_words import several

OF_DOMAINS = {
    "vision": "Vision's default images are 5,000 handwritten digits: small, and easy.",
    "text": "Text's default task is one corpus of short film reviews, in English.",
    "neuromorphic": "Neuromorphic default data are simulated: events worked out from images of digits, not recorded "
    "by a sensor.",
    "physiological": (
        "The physiological default data are one person's, whose trials were divided at random: what is found holds within "
        "this subject, and says nothing of others."
    ),
}
"""What limits a result on a domain's default data."""

ENOUGH_SEEDS = 4
"""Of an architecture with a strategy: two to choose on and two to read on."""

MOST_NAMED = 4
"""Of a kind, in a sentence."""


def limits(analysis: StudyAnalysis, cells: Sequence[Cell], design: Mapping[str, Any], idle: Iterable[AtChance] = ()) -> str:
    """Return what bounds the result: what is missing, failed, chosen, and what the data are.

    Args:
        analysis: of the cells.
        cells: failed and unfinished ones included.
        design: what the study's store keeps of its plan.
        idle: the architectures that learnt nothing, by domain.
    """
    rule = analysis.ceiling.rule
    items = [
        *_incomplete(analysis, cells),
        *_halves(cells, rule),
        *_coarse(cells, design, rule),
        *(_at_chance(found, rule) for found in idle),
        *_alone(cells),
        *_of_families(analysis, cells, design),
        "Shares hold for these architectures and these strategies: others may differ more, or less.",
    ]
    if any(name.startswith("test_error_") for cell in cells for name in cell.measures):
        items.append("How severe the distortions are was fixed after a look at baselines' test errors.")
    items += _of_data(cells, design)
    return "\n\n".join(["## Limits", "\n".join(f"- {item}" for item in items)])


def _incomplete(analysis: StudyAnalysis, cells: Sequence[Cell]) -> list[str]:
    waiting = sum(cell.status == PLANNED for cell in cells)
    failed = Counter(f"{cell.status}: {cell.reason}" if cell.reason else cell.status for cell in cells if not cell.complete)
    del failed[PLANNED]
    items = []
    if waiting:
        items.append(f"{count_words(waiting, 'cell')} of the plan {'is' if waiting == 1 else 'are'} not trained yet.")
    if failed:
        items.append(_failed(failed, cells))
    if not waiting and not failed:
        items.append("Every planned cell is complete.")
    uneven = [row for row in analysis.counted if row.fewest != row.most]
    if uneven:
        where = several(f"{row.domain}/{row.family}" for row in uneven)
        where = where if len(uneven) <= MOST_NAMED else f"{len(uneven)} of {len(analysis.counted)} families of a domain"
        items.append(
            f"In {where}, architectures have unequally many complete cells; F against architectures is approximate there, and "
            "the mixed model is the check."
        )
    return items


def _halves(cells: Sequence[Cell], rule: Rule) -> list[str]:
    """Say on how few seeds floors are chosen and read: a fraction gives a combination fewer than the study has."""
    found: dict[tuple[tuple[str, str, str], str], set[int]] = {}
    for cell in along_path(cells, rule.functional):
        found.setdefault((cell.architecture, cell.strategy), set()).add(cell.seed)
    seeds = len({cell.seed for cell in cells})
    least = min((len(own) for own in found.values()), default=0)
    if not 0 < least < ENOUGH_SEEDS:
        return []
    few = count_words(seeds, "seed") if least == seeds else f"{least} of the {seeds} seeds"
    fewer = sum(len(own) == least for own in found.values())
    whose = "An architecture has, with each strategy," if fewer == len(found) else "Some architectures have, with a strategy,"
    if least == 1:
        return [f"{whose} {few}: what is chosen on it can be read on no other, so there is no floor."]
    half = least // 2
    return [
        f"{whose} {few}: a floor's lambda and strategy are chosen on {half} and read on {least - half}, both ways. "
        "A choice on so few follows chance, which makes readings vary more."
    ]


def _coarse(cells: Sequence[Cell], design: Mapping[str, Any], rule: Rule) -> list[str]:
    """Name the domains in which one validation sample weighs more than the error that the rule allows."""
    coarse = {}
    for domain in domains_of(cells):
        samples = design.get("tasks", {}).get(domain, {}).get("samples", ())
        if len(samples) > 1 and 0 < samples[1] < 100 / rule.points:
            coarse[domain] = f"{domain} ({samples[1]} validation samples, {100 / samples[1]:.1f} points each)"
    if not coarse:
        return []
    return [
        f"One validation sample weighs more than the {rule.points:g} percentage {'point' if rule.points == 1 else 'points'} "
        f"that the rule allows in {several(coarse.values())}: there a single sample decides whether a lambda is within the "
        "limit on the error."
    ]


def _at_chance(found: AtChance, rule: Rule) -> str:
    names = [f"{family}/{name} ({100 * error:.1f}%)" for (family, name), error in found.architectures.items()]
    without = "no other is left." if found.without is None else f"without them, {found.without.sentence}"
    return (
        f"{found.domain}: {count_words(len(names), 'architecture')} learnt nothing: the best mean error that any lambda and "
        f"strategy gives is within 5% of guessing, {100 * found.chance:.1f}%: {several(names)}. Within {rule.points:g} "
        f"percentage {'point' if rule.points == 1 else 'points'} of such a best any lambda is admitted, so that its floor is "
        f"not that of a network that works. Beside the verdict: {without}"
    )


def _alone(cells: Sequence[Cell]) -> list[str]:
    items = []
    if len({cell.strategy for cell in cells}) < 2:
        items.append("There is one training strategy alone: nothing can be said of its share, and there is no verdict.")
    if len(domains_of(cells)) < 2:
        items.append("There is one domain alone: nothing can be said of differences between domains.")
    return items


def _of_families(analysis: StudyAnalysis, cells: Sequence[Cell], design: Mapping[str, Any]) -> list[str]:
    items = []
    if any(cell.family == "front" for cell in cells):
        items.append(
            "Front members were chosen by a search, on validation samples of the same task, so their validation "
            "error and action are a little too good; their test errors are not."
        )
    sources = {source_of(row.family, row.domain, design) for row in analysis.counted if row.family == "energy-first"}
    if "baselines" in sources:
        items.append(
            "Energy-first baselines are sizes and depths of two blueprints, bimodal and Lagrangian, which are this project's "
            "own reading of what is public of the paper's: they are not independent designs, nor the author's networks."
        )
    return items


def _failed(reasons: Counter[str], cells: Sequence[Cell]) -> str:
    """Say how many cells broke, of what, and how many of them at the largest lambda: they need not lack at random."""
    kinds = "; ".join(f"{count} {reason}" for reason, count in reasons.most_common(MOST_NAMED))
    more = f"; and {len(reasons) - MOST_NAMED} other reasons" if len(reasons) > MOST_NAMED else ""
    largest = max(cell.lambda_ for cell in cells)
    there = sum(not cell.complete and cell.status != PLANNED and cell.lambda_ == largest for cell in cells)
    return (
        f"{count_words(sum(reasons.values()), 'cell')} did not complete ({kinds}{more}), {there} of them at the largest "
        f"lambda, {largest:g}. They have no figures, and need not lack at random."
    )


def _of_data(cells: Sequence[Cell], design: Mapping[str, Any]) -> list[str]:
    out = []
    for domain in domains_of(cells):
        task = design.get("tasks", {}).get(domain, {})
        kind = str(task.get("domain", domain))
        if not task.get("own_data") and kind in OF_DOMAINS and OF_DOMAINS[kind] not in out:
            out.append(OF_DOMAINS[kind])
    return out
