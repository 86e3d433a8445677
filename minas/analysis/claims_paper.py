"""The paper's two published effect sizes beside a study's own: how much of the accuracy architecture and its domain explain.

The paper crosses architectures with data sets. Networks for text can't run on images, so a study nests instances in families
and domains; what comes nearest to the paper's architecture is the family, and the architecture within it; to its interaction,
the family's with the domain. Where topologies run everywhere, `minas.analysis.crossed` asks the paper's own question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from minas.analysis.anova import Effect
from minas.analysis.claim import WORDS, Claim, ClaimAnswer

ARCHITECTURE = 0.001
ARCHITECTURE_BY_DATASET = 0.44

BESIDE: Mapping[str, float] = {
    "family": ARCHITECTURE,
    "instance": ARCHITECTURE,
    "topology": ARCHITECTURE,
    "domain x family": ARCHITECTURE_BY_DATASET,
    "domain x topology": ARCHITECTURE_BY_DATASET,
}
"""Effect to the paper's partial eta squared (arXiv 2604.24805; of accuracy, so of error as well)."""

WORDED = {
    "family": "family",
    "instance": "architecture within family and domain",
    "topology": "topology, where the same ones run in every domain",
    "domain x family": "family with domain",
    "domain x topology": "topology with domain, where the same ones run in every domain",
}


def beside_the_paper(effects: Iterable[Effect]) -> tuple[Claim, ...]:
    """Set the effects on the error beside the paper's: differing where the paper's figure lies outside the interval."""
    found = {row.term: row for row in effects if (row.response, row.kind, row.ranked) == ("error", "II", False)}
    return tuple(_claim(found[term], paper) for term, paper in BESIDE.items() if term in found)


def _claim(row: Effect, paper: float) -> Claim:
    answer: ClaimAnswer = "not decided"
    figures = "these cells don't allow a test of it"
    if row.eta is not None and row.eta_low is not None and row.eta_high is not None:
        answer = "compatible" if row.eta_low <= paper <= row.eta_high else "differs"
        figures = (
            f"partial eta squared {row.eta:.3f} (95% interval {row.eta_low:.3f} to {row.eta_high:.3f}), the paper's {paper:g}"
        )
    return Claim(
        claim="effect on accuracy",
        domain="",
        about=row.term,
        said=f"partial eta squared of {WORDED[row.term]} is {paper:g}",
        claimed=0,
        value=row.eta,
        low=row.eta_low,
        high=row.eta_high,
        unit="partial eta squared",
        p=row.p,
        p_holm=row.p_holm,
        units=0 if row.error_df is None else round(row.error_df),
        answer=answer,
        sentence=f"Effect on the error of {WORDED[row.term]}: {figures}: {WORDS[answer]}.",
    )
