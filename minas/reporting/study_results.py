"""What a study's report says of architecture, strategy, effects, lambda and floors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from minas.analysis.anova import RESIDUAL, Effect
from minas.analysis.claim import CHANCE
from minas.analysis.claims import OtherClaims
from minas.analysis.claims_over_lambda import count_words
from minas.analysis.claims_paper import BESIDE
from minas.analysis.study import StudyAnalysis
from minas.reporting.markdown import table
from minas.reporting.study_readings import Read, why_missing
from minas.reporting.study_words import NONE, chance, points, ratio, several, share

TITLES = {"error": "Error", "log_action": "Log action"}


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A plot: its file and what it shows; or no file, and why not."""

    file: str | None
    description: str


def results(analysis: StudyAnalysis, claims: OtherClaims, drawn: Mapping[str, Drawn], read: Sequence[Read]) -> str:
    """Return the section of results.

    Args:
        analysis: of the cells.
        claims: those beside the ceiling.
        drawn: name of a plot to its file, or to why it was not drawn.
        read: the verdicts, each with the combinations of architecture and strategy behind it.
    """
    parts = [
        "## Result",
        "### Architecture against strategy",
        _shares(read),
        why_missing(analysis.ceiling.missing),
        _plot(drawn, "verdict"),
        "### What explains error and action",
        *_effects(analysis),
        _plot(drawn, "effects"),
        _crossed(claims.crossed),
        "### Over lambda",
        _over_lambda(analysis),
        _plot(drawn, "over_lambda"),
        "### Energy floors",
        _floors(analysis),
        _plot(drawn, "floors"),
        "### Checks",
        _checks(analysis),
    ]
    return "\n\n".join(part for part in parts if part)


def _plot(drawn: Mapping[str, Drawn], name: str) -> str:
    plot = drawn.get(name)
    if plot is None:
        return ""
    return f"![{plot.description}]({plot.file})" if plot.file else f"No plot: {plot.description}."


def _shares(read: Sequence[Read]) -> str:
    rows = [
        (
            row.domain,
            "its own best" if row.target == "own" else "common",
            "equal" if row.size_out else "left in",
            share(row.architecture, row.architecture_low, row.architecture_high),
            share(row.strategy, row.strategy_low, row.strategy_high),
            share(row.interaction),
            share(row.seeds),
            chance(row.p),
            f"{item.read} of {item.planned}",
            f"**{row.answer}**" if row.main else row.answer,
        )
        for item in read
        for row in (item.verdict,)
    ]
    headers = ("domain", "error limit", "size", "architecture", "strategy", "together", "seeds", "p", "read", "answer")
    return (
        "Shares of the variance of log action, with intervals. The verdict is in bold; the other rows show what "
        "hangs on how the "
        "limit on the error is set and on size. `together` is how a strategy suits an architecture, p that of the permutation "
        "test that architecture has no effect, `read` how many of the planned combinations of architecture and strategy have "
        "a reading.\n\n" + table(headers, rows)
    )


def _effects(analysis: StudyAnalysis) -> list[str]:
    parts = []
    for response, title in TITLES.items():
        own = [row for row in analysis.effects if (row.response, row.kind, row.ranked) == (response, "II", False)]
        if response in analysis.skipped:
            parts.append(f"{title}: no table ({analysis.skipped[response].removeprefix(f'{response}: ')}).")
        elif own:
            parts.append(f"**{title}**, type II:\n\n{_table(own, paper=response == 'error')}")
    if not parts:
        return ["No response could be analysed."]
    if any(table.response in TITLES for table in analysis.tables):
        parts.append(
            "Chance alone gives an effect of many degrees of freedom a large eta squared, which its interval and omega "
            "squared take off: eta squared may then lie above its own interval. The paper's figures are of accuracy; there, "
            "architectures were crossed with data sets."
        )
    if _share_weights([row for row in analysis.effects if row.response in TITLES and row.error_term == RESIDUAL], "instance"):
        parts.append(
            "Cells of one seed at several lambdas start from the same weights, which the residual takes for independent: "
            "where an instance is tested against it, the interval is somewhat too narrow."
        )
    others = [name for name in analysis.skipped if name not in TITLES]
    if others:
        parts.append(f"Too few cells have {several(name.replace('_', ' ') for name in others)} for a table.")
    return parts


def _table(rows: Iterable[Effect], *, paper: bool) -> str:
    headers = ["effect", "tested against", "df", "F", "p (Holm)", "eta squared", "omega squared"]
    body = []
    for row in rows:
        if row.term == "residual":
            continue
        cells = [
            row.term,
            row.error_term or "nothing",
            f"{row.df:g}" + ("" if row.error_df is None else f", {row.error_df:g}"),
            NONE if row.f is None else f"{row.f:.2f}",
            chance(row.p_holm),
            share(row.eta, row.eta_low, row.eta_high),
            share(row.omega),
        ]
        if paper:
            cells.append(f"{BESIDE[row.term]:g}" if row.term in BESIDE else "")
        body.append(cells)
    return table([*headers, "the paper's"] if paper else headers, body)


def _crossed(effects: Sequence[Effect]) -> str:
    parts = []
    for response, title in TITLES.items():
        own = [row for row in effects if (row.response, row.kind, row.ranked) == (response, "II", False)]
        if own:
            parts.append(
                f"**{title}**, topologies that run in every domain, crossed with "
                f"it:\n\n{_table(own, paper=response == 'error')}"
            )
    if _share_weights(effects, "topology"):
        parts.append(
            "Cells of one seed at several lambdas start from the same weights, which the residual takes for independent: the "
            "intervals of effects without lambda in them are somewhat too narrow."
        )
    return "\n\n".join(parts)


def _share_weights(effects: Iterable[Effect], term: str) -> bool:
    """Return whether an effect is tested over cells at several lambdas."""
    terms = {row.term for row in effects}
    return term in terms and any("lambda" in other for other in terms)


def _over_lambda(analysis: StudyAnalysis) -> str:
    energies = {(row.domain, row.functional, row.lambda_): row for row in analysis.over_lambda if row.response == "log_action"}
    errors = {(row.domain, row.functional, row.lambda_): row for row in analysis.over_lambda if row.response == "error"}
    places = list(dict.fromkeys([*energies, *errors]))
    if not places:
        return "No lambda above 0 can be compared with lambda 0."
    rows = []
    domains = [row.domain for row in analysis.counted]
    functionals = [place[1] for place in places]
    for place in sorted(places, key=lambda place: (domains.index(place[0]), functionals.index(place[1]), place[2])):
        energy, error = energies.get(place), errors.get(place)
        rows.append(
            (
                place[0],
                place[1].replace("_", " "),
                f"{place[2]:g}",
                NONE if energy is None else ratio(*(_exp(end) for end in (energy.difference, energy.low, energy.high))),
                NONE if error is None else points(error.difference, error.low, error.high),
                f"{(error or energy).pairs}",  # type: ignore[union-attr]
            )
        )
    headers = ("domain", "functional", "lambda", "action, times that at 0", "error, points more", "pairs")
    return (
        "Against lambda 0, paired by architecture, strategy and seed, with 95% intervals over architectures (or over "
        "seeds where "
        "there is one architecture):\n\n" + table(headers, rows)
    )


def _exp(value: float | None) -> float | None:
    return None if value is None else math.exp(value)


def _floors(analysis: StudyAnalysis) -> str:
    own = [floor for floor in analysis.ceiling.floors if floor.target == "own"]
    without = [floor for floor in own if floor.action is None]
    if not own:
        return "No architecture has a floor."
    said = f"{len(own) - len(without)} of {count_words(len(own), 'architecture')} have a floor."
    unsure = sum(len(set(floor.lambdas)) > 1 or len(set(floor.strategies)) > 1 for floor in own if floor.action is not None)
    if unsure:
        said += f" For {unsure} of them the two halves of the seeds chose different lambdas or strategies."
    if without:
        names = several(f"{floor.domain}/{floor.family}/{floor.instance}" for floor in without[:8])
        more = f" and {len(without) - 8} others" if len(without) > 8 else ""
        said += f" None: {names}{more} ({without[0].reason})."
    return said


def _checks(analysis: StudyAnalysis) -> str:
    tests = analysis.assumptions
    against = [row for row in tests if row.p_holm < CHANCE]
    lines = [
        f"- {len(against)} of {count_words(len(tests), 'test')} of assumptions (normal residuals and architectures, "
        f"equal variances) "
        "speak against them; with many cells they find departures too small to matter."
        if tests
        else "- No assumption could be tested."
    ]
    for response, title in TITLES.items():
        lines += _changes(analysis.effects, response, title)
    for item in analysis.mixed:
        if item.warnings or not item.converged:
            told = "; ".join(text.rstrip(".") for text in item.warnings) or "no word of why"
            ended = "came to its end and warns" if item.converged else "came to no end"
            lines.append(f"- The mixed model of {item.response.replace('_', ' ')} {ended}: {told}.")
    return "\n".join(lines)


def _changes(effects: Iterable[Effect], response: str, title: str) -> list[str]:
    """Say which effects are told from chance in one kind of table and not in the other."""
    found: dict[tuple[str, str, bool], float] = {
        (row.term, row.kind, row.ranked): row.p_holm for row in effects if row.response == response and row.p_holm is not None
    }
    plain = {term: p for (term, kind, ranked), p in found.items() if (kind, ranked) == ("II", False)}
    if not plain:
        return []
    lines = []
    for words, key in (("type III", ("III", False)), ("ranks", ("II", True))):
        other = [
            term
            for term, p in plain.items()
            if (q := found.get((term, key[0], key[1]))) is not None and (p < CHANCE) != (q < CHANCE)
        ]
        same = f"- {title}: by {words} the same effects are told from chance."
        lines.append(f"- {title}: by {words} it comes out otherwise for {several(other)}." if other else same)
    return lines
