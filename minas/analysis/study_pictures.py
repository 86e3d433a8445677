"""The numbers behind the plots of a study: what is drawn where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minas.analysis.ceiling import Verdict
from minas.analysis.cells import Cell, along_path, domains_of
from minas.analysis.claims_over_lambda import functionals_of, mean_interval
from minas.analysis.claims_paper import BESIDE
from minas.analysis.responses import response
from minas.analysis.study import StudyAnalysis


@dataclass(frozen=True, kw_only=True)
class StudySubject:
    """A study, as its plots see it.

    Attributes:
        title: the words over each plot, such as the study's name.
        cells: failed ones included.
        analysis: what was worked out of them.
    """

    title: str
    cells: Sequence[Cell]
    analysis: StudyAnalysis


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One effect: partial eta squared with its interval, partial omega squared, and the paper's figure where it has one."""

    term: str
    eta: float
    low: float
    high: float
    omega: float
    paper: float | None


@dataclass(frozen=True, kw_only=True)
class EffectsPicture:
    """Effects on each response that has a table: response to its bars, in the order of the tables."""

    title: str
    panels: dict[str, tuple[Bar, ...]]


@dataclass(frozen=True, kw_only=True)
class Point:
    """A mean with its interval; both ends are the mean where there is one architecture alone."""

    lambda_: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class LambdaPicture:
    """Responses over lambda.

    Attributes:
        title: over the plot.
        functional: in the loss.
        lambdas: the grid, lambda 0 among it.
        domains: the columns.
        lines: response, domain and family to its points; the logarithm of the action is turned back into action.
    """

    title: str
    functional: str
    lambdas: tuple[float, ...]
    domains: tuple[str, ...]
    lines: dict[tuple[str, str, str], tuple[Point, ...]]


@dataclass(frozen=True, kw_only=True)
class FloorsPicture:
    """Energy floors: domain to family to (FLOPs, action) of each architecture; `without` counts those that have none."""

    title: str
    points: dict[str, dict[str, tuple[tuple[float, float], ...]]]
    without: int


@dataclass(frozen=True, kw_only=True)
class VerdictPicture:
    """The shares of architecture and strategy of each domain's main verdict, and beside it with size left in."""

    title: str
    threshold: float
    domains: tuple[str, ...]
    main: dict[str, Verdict]
    size_in: dict[str, Verdict]


LAMBDA_RESPONSES = {"log_action": "action", "error": "error"}
"""What is drawn over lambda, and what its axis is called."""


def effects_picture(study: StudySubject, responses: Sequence[str] = ("error", "log_action")) -> EffectsPicture:
    """Work out the bars of the type II tables."""
    panels = {}
    for name in responses:
        rows = [row for row in study.analysis.effects if (row.response, row.kind, row.ranked) == (name, "II", False)]
        bars = tuple(
            Bar(
                term=row.term,
                eta=row.eta,
                low=row.eta_low,
                high=row.eta_high,
                omega=row.omega,
                paper=BESIDE.get(row.term) if name == "error" else None,
            )
            for row in rows
            if row.eta is not None and row.eta_low is not None and row.eta_high is not None and row.omega is not None
        )
        if bars:
            panels[name] = bars
    return EffectsPicture(title=study.title, panels=panels)


def lambda_picture(study: StudySubject) -> LambdaPicture:
    """Work out the lines over lambda: of the functional that the ceiling is judged by, or else the study's first.

    Each point is the mean over a family's architectures, each of them the mean over its strategies and seeds.
    """
    functionals = functionals_of(study.cells)
    judged = study.analysis.ceiling.rule.functional
    functional = judged if judged in functionals or not functionals else functionals[0]
    path = along_path(study.cells, functional)
    lines = {}
    for name in LAMBDA_RESPONSES:
        asked = response(name)
        each: dict[tuple[str, str, float], dict[str, list[float]]] = {}
        for cell in path:
            found = asked.of(cell)
            if not isinstance(found, str):
                each.setdefault((cell.domain, cell.family, cell.lambda_), {}).setdefault(cell.instance, []).append(found)
        for domain, family in dict.fromkeys(place[:2] for place in each):
            weights = sorted(weight for *place, weight in each if tuple(place) == (domain, family))
            points = tuple(_point(weight, each[domain, family, weight], logarithm=asked.logarithm) for weight in weights)
            lines[name, domain, family] = points
    return LambdaPicture(
        title=study.title,
        functional=functional,
        lambdas=tuple(sorted({cell.lambda_ for cell in path})),
        domains=tuple(domains_of(path)),
        lines=lines,
    )


def _point(weight: float, architectures: dict[str, list[float]], *, logarithm: bool) -> Point:
    means = [float(np.mean(values)) for values in architectures.values()]
    mean, low, high, _ = mean_interval(means)
    ends = [float(np.mean(means)) if end is None else end for end in (mean, low, high)]
    at, lower, upper = np.exp(ends) if logarithm else ends
    return Point(lambda_=weight, mean=float(at), low=float(lower), high=float(upper))


def floors_picture(study: StudySubject) -> FloorsPicture:
    """Work out the floors, each architecture's error limited by its own best."""
    own = [floor for floor in study.analysis.ceiling.floors if floor.target == "own"]
    points: dict[str, dict[str, tuple[tuple[float, float], ...]]] = {}
    without = 0
    for floor in own:
        if floor.action is None or floor.flops is None:
            without += 1
            continue
        families = points.setdefault(floor.domain, {})
        families[floor.family] = (*families.get(floor.family, ()), (floor.flops, floor.action))
    return FloorsPicture(title=study.title, points=points, without=without)


def verdict_picture(study: StudySubject) -> VerdictPicture:
    """Work out the shares of each domain; one whose cells don't suffice has none."""
    verdicts = study.analysis.ceiling.verdicts
    return VerdictPicture(
        title=study.title,
        threshold=study.analysis.ceiling.rule.threshold,
        domains=tuple(dict.fromkeys(row.domain for row in verdicts)),
        main={row.domain: row for row in verdicts if row.main},
        size_in={row.domain: row for row in verdicts if row.target == "own" and not row.size_out},
    )
