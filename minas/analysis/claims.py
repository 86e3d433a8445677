"""The claims beside the ceiling, all of them, with the tables that they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from minas.analysis.anova import Effect
from minas.analysis.cells import Cell
from minas.analysis.claim import Claim
from minas.analysis.claims_efficiency import Reached, efficiency, reached
from minas.analysis.claims_gain import NO_KINDS, larger_where_claimed
from minas.analysis.claims_modularity import Graphs, Modular, modular, modularity_and_action
from minas.analysis.claims_over_lambda import asked_over_lambda, frugal_or_rescaled, generalisation
from minas.analysis.claims_paper import beside_the_paper
from minas.analysis.contrasts import LambdaDifference, over_lambda
from minas.analysis.crossed import Untested, crossed_tables
from minas.analysis.gaming import Gaming, gaming
from minas.analysis.study import StudyAnalysis

NO_GRAPHS: Graphs = {}


@dataclass(frozen=True, kw_only=True)
class OtherClaims:
    """What a study says beside the ceiling.

    Attributes:
        claims: each with its verdict.
        over_lambda: gap, test error and errors on distorted samples at each lambda against none, paired by seed.
        reached: of each family, how many cells reach the fixed accuracy.
        modular: the architectures that are graphs.
        gaming: what tells a frugal network from a rescaled or a silent one.
        crossed: effects of topology and domain, where the same topologies run in every domain.
        uncrossed: which of these effects can't be tested, and why.
    """

    claims: tuple[Claim, ...]
    over_lambda: tuple[LambdaDifference, ...]
    reached: tuple[Reached, ...]
    modular: tuple[Modular, ...]
    gaming: tuple[Gaming, ...]
    crossed: tuple[Effect, ...]
    uncrossed: tuple[Untested, ...] = ()


def other_claims(
    cells: Iterable[Cell], analysis: StudyAnalysis, *, graphs: Graphs = NO_GRAPHS, kinds: Mapping[str, str] = NO_KINDS
) -> OtherClaims:
    """Judge the claims beside the ceiling.

    Args:
        cells: the study's, failed ones included.
        analysis: what `minas.analysis.study.analyse` made of them.
        graphs: architectures as JSON values, by domain, family and instance.
        kinds: vision, text, neuromorphic or physiological, where a domain has another name in the cells.

    Raises:
        MissingExtraError: statsmodels is not installed.
    """
    everything = list(cells)
    topologies = crossed_tables(everything)
    graphed = modular(graphs, analysis.ceiling.floors)
    return OtherClaims(
        claims=(
            *beside_the_paper([*analysis.effects, *topologies_only(topologies.effects)]),
            *generalisation(everything),
            *larger_where_claimed(everything, rule=analysis.ceiling.rule, kinds=kinds),
            *efficiency(everything),
            *modularity_and_action(graphed),
            *frugal_or_rescaled(everything),
        ),
        over_lambda=tuple(row for asked in asked_over_lambda(everything) for row in over_lambda(everything, asked)),
        reached=reached(everything),
        modular=graphed,
        gaming=gaming(everything),
        crossed=topologies.effects,
        uncrossed=topologies.untested,
    )


def topologies_only(effects: Iterable[Effect]) -> list[Effect]:
    """Return the effects of topology alone: domain and lambda stand in both kinds of tables under one name."""
    return [row for row in effects if "topology" in row.term]
