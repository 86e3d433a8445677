"""What a study's report says of the claims beside the ceiling, and of networks that only look frugal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from minas.analysis.claim import Claim
from minas.analysis.claims import OtherClaims
from minas.analysis.gaming import Gaming
from minas.analysis.quantities import show
from minas.reporting.markdown import table
from minas.reporting.study_words import NONE, chance, counts, points, ratio, share

ORDER = ("holds", "opposite", "not decided", "compatible", "differs")
LONGEST = 48
"""Rows of the table of gaming; beyond, lambda 0 and each functional's largest lambda stand for the others."""

CHOSEN = (
    "Read at the lambda above 0 with the least validation error, chosen by one half of the seeds and read on the other, both "
    "ways, against lambda 0."
)
INTRODUCED = {
    "effect on accuracy": (
        "Partial eta squared beside the paper's",
        "The paper gives .001 for architecture and .44 for architecture with data set. The figure differs where the paper's "
        "lies outside the 95% interval.",
    ),
    "gap": ("A narrower gap between training and test", f"{CHOSEN} Negative points speak for the claim."),
    "test error": ("A lower test error", f"{CHOSEN} Negative points speak for the claim."),
    "distorted": (
        "A lower error out of distribution",
        f"On distorted test samples. {CHOSEN} Negative points speak for the claim.",
    ),
    "larger gain": (
        "A larger gain on neuromorphic and physiological data",
        "The gain is the fall of the action from lambda 0 to the best lambda within the limit on the error, chosen "
        "and read on "
        "different seeds. A ratio above 1 speaks for the claim.",
    ),
    "training MACs": (
        "Less training to a fixed accuracy, in multiply-accumulates",
        "The paper's abstracts give a gain of 5 to 33%, which would be a ratio of .95 to .67. Cells that never reach "
        "the accuracy "
        "have no figure, and they don't lack at random: a verdict that they favour is barred.",
    ),
    "training epochs": ("Less training to a fixed accuracy, in epochs", "Likewise."),
    "modularity": (
        "More modular graphs at less action",
        "Excess of modularity over random graphs of the same degrees, against the energy floor, at equal FLOPs: partial rank "
        "correlations. A negative one speaks for the claim. Stages in a row bring some excess to every graph; what "
        "counts here "
        "is how it goes with the action.",
    ),
    "activation energy and action": (
        "Less action by activation energy in the loss",
        "Whether a network trained for little activation energy has less action too, or has only moved it into its "
        "maps. A ratio "
        "below 1 speaks for the claim.",
    ),
}
"""Claim to its heading and what is asked; those on each kind of distorted samples stand together."""

CHOSEN_FRUGAL = {
    "training MACs": (
        "Front members were chosen for few FLOPs, and by the validation samples on which the accuracy is read: that they need "
        "fewer multiply-accumulates to it is in part what they were chosen for."
    ),
    "training epochs": "Front members were chosen by the validation samples on which the accuracy is read.",
}
"""What a ratio of front members says of how they were chosen, by claim."""


def claims_section(claims: OtherClaims) -> str:
    """Return the section of the other claims: for each what is asked, how it comes out, and the figures."""
    groups: dict[str, list[Claim]] = {}
    for claim in claims.claims:
        groups.setdefault("distorted" if claim.claim.startswith("test error, ") else claim.claim, []).append(claim)
    parts = ["## The other claims"]
    for name, own in groups.items():
        heading, asked = INTRODUCED[name]
        answers = counts([claim.answer for claim in own], ORDER)
        parts += [f"### {heading}", f"{asked} Of {len(own)}: {answers}.", _table(own)]
        parts += _barred(own)
        if name in CHOSEN_FRUGAL and any(claim.about.startswith("front ") for claim in own):
            parts.append(CHOSEN_FRUGAL[name])
        if name == "training MACs":
            parts.append(_reached(claims))
    missing = [INTRODUCED[name][0].lower() for name in INTRODUCED if name not in groups]
    if missing:
        parts.append(f"These cells don't ask: {'; '.join(missing)}.")
    return "\n\n".join(parts)


def _table(claims: Sequence[Claim]) -> str:
    rows = [
        (
            claim.domain or "all",
            _about(claim),
            _figure(claim),
            chance(claim.p_holm),
            f"{claim.units}",
            claim.answer,
        )
        for claim in claims
    ]
    return table(("domain", "of", _unit(claims[0]), "p (Holm)", _units(claims[0]), "answer"), rows)


def _about(claim: Claim) -> str:
    distorted = claim.claim.removeprefix("test error, ") if claim.claim.startswith("test error, ") else ""
    return f"{claim.about.replace('_', ' ')}" + (f", {distorted}" if distorted else "")


def _figure(claim: Claim) -> str:
    if claim.unit == "share of samples":
        return points(claim.value, claim.low, claim.high)
    if claim.unit == "natural logarithm of a ratio":
        return ratio(*(None if end is None else math.exp(end) for end in (claim.value, claim.low, claim.high)))
    return share(claim.value, claim.low, claim.high)


def _unit(claim: Claim) -> str:
    named = {"share of samples": "percentage points", "natural logarithm of a ratio": "ratio"}
    return f"{named.get(claim.unit, claim.unit)} (95% interval)"


def _units(claim: Claim) -> str:
    return "error df" if claim.claim == "effect on accuracy" else "architectures"


def _barred(claims: Iterable[Claim]) -> list[str]:
    barred = [f"- {claim.domain}, {claim.about}: {claim.barred}" for claim in claims if claim.barred]
    return ["\n".join(barred)] if barred else []


def _reached(claims: OtherClaims) -> str:
    """Return the table of the cells that reach the fixed accuracy."""
    rows = [(row.domain, row.family, f"{row.reached} of {row.cells}", f"{row.share:.0%}") for row in claims.reached]
    return "Complete cells that reach the fixed accuracy:\n\n" + table(("domain", "family", "cells", "share"), rows)


def gaming_section(claims: OtherClaims) -> str:
    """Return the section that shows what tells a frugal network from one that only looks so."""
    if not claims.gaming:
        return ""
    rows = [
        (
            row.domain,
            row.family,
            row.functional.replace("_", " ") or "none",
            f"{row.lambda_:g}",
            f"{row.cells}",
            show(row.action),
            show(row.activation_energy),
            _two(row.rescale_gap),
            _two(row.zero_fraction),
            _two(row.participation_ratio),
            NONE if row.error is None else f"{100 * row.error:.1f}%",
        )
        for row in _shown(claims.gaming)
    ]
    headers = (
        "domain",
        "family",
        "in the loss",
        "lambda",
        "cells",
        "action",
        "activation energy",
        "rescale gap",
        "zeros",
        "participation",
        "error",
    )
    short = "" if len(rows) == len(claims.gaming) else " Lambda 0 and the largest ones; all of them in gaming.csv."
    return "\n\n".join(
        [
            "## Frugal, or only looking so?",
            "The rescale gap is how much the best rescaling that leaves the function as it is could still lower the "
            "action: a large "
            "one means that the figure hangs on scale. A zero fraction near 1, or a participation ratio near 0, "
            "means that few "
            "units carry the network. Where activation energy was in the loss, its own figure is held down by it, "
            "and the action "
            f"beside it tells whether anything was saved.{short}",
            table(headers, rows),
        ]
    )


def _shown(rows: Sequence[Gaming]) -> list[Gaming]:
    if len(rows) <= LONGEST:
        return list(rows)
    last: dict[tuple[str, str, str], float] = {}
    for row in rows:
        place = (row.domain, row.family, row.functional)
        last[place] = max(last.get(place, 0.0), row.lambda_)
    return [row for row in rows if row.lambda_ == last[row.domain, row.family, row.functional]]


def _two(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"
