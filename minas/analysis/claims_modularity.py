"""Does least action bring modular graphs? The excess over what degrees alone bring, against the action, at equal FLOPs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minas.analysis.claim import Claim, judged
from minas.analysis.claims_over_lambda import count_words
from minas.analysis.floors import Floor
from minas.analysis.modularity import Association, Edge, Modularity, modularity, with_action
from minas.errors import ArchitectureError
from minas.graph.exchange import load
from minas.graph.structure import Architecture

NULLS = 20
"""Random graphs for each architecture: their mean is known to within a quarter of their spread."""

Graphs = Mapping[tuple[str, str, str], Mapping[str, Any]]
"""Domain, family and instance to the architecture's JSON values."""


@dataclass(frozen=True, kw_only=True)
class Modular:
    """An architecture's modularity beyond its degrees', beside its least action and its FLOPs, or why it has none."""

    domain: str
    family: str
    instance: str
    nodes: int | None
    edges: int | None
    q: float | None
    null_mean: float | None
    excess: float | None
    z: float | None
    action: float | None
    flops: float | None
    reason: str | None


def edges_of(architecture: Architecture) -> list[Edge]:
    """Return the edges of the whole graph.

    Its vertices are the operators and the outputs of stages, each of which feeds the next stage's entry.
    """
    out: list[Edge] = []
    first = 0
    for number, stage in enumerate(architecture.stages):
        out += [(first + source, first + target) for source, target in stage.edges]
        output = first + stage.output
        first = output + 1
        if number + 1 < len(architecture.stages):
            out.append((output, first))
    return out


def modular(graphs: Graphs, floors: Iterable[Floor]) -> tuple[Modular, ...]:
    """Compare each graph with random ones of its degrees, beside the architecture's energy floor.

    Args:
        graphs: the architectures that are graphs; others may be left out.
        floors: the ceiling's; those with the architecture's own target of error count.
    """
    known = {(floor.domain, floor.family, floor.instance): floor for floor in floors if floor.target == "own"}
    rows = []
    compared: dict[tuple[Edge, ...], Modularity | str] = {}  # many small graphs are alike
    for place, values in graphs.items():
        try:
            edges = tuple(edges_of(load(dict(values))))
        except ArchitectureError:
            continue  # an architecture of another space, or one that can't be read, has no graph to speak of
        if edges not in compared:
            compared[edges] = modularity(edges, nulls=NULLS)
        rows.append(_row(place, compared[edges], known.get(place)))
    return tuple(rows)


def _row(place: tuple[str, str, str], found: Modularity | str, floor: Floor | None) -> Modular:
    reason = found if isinstance(found, str) else None
    if reason is None and (floor is None or floor.action is None or floor.flops is None):
        reason = "no energy floor" if floor is None or floor.reason is None else floor.reason
    graph = None if isinstance(found, str) else found
    return Modular(
        domain=place[0],
        family=place[1],
        instance=place[2],
        nodes=None if graph is None else graph.nodes,
        edges=None if graph is None else graph.edges,
        q=None if graph is None else graph.q,
        null_mean=None if graph is None else graph.null_mean,
        excess=None if graph is None else graph.excess,
        z=None if graph is None else graph.z,
        action=None if floor is None else floor.action,
        flops=None if floor is None else floor.flops,
        reason=reason,
    )


def modularity_and_action(rows: Sequence[Modular]) -> tuple[Claim, ...]:
    """Judge in each domain, and over all, whether architectures of less action are more modular at equal FLOPs."""
    if not rows:
        return ()
    found = {domain: _association(rows, domain) for domain in dict.fromkeys(row.domain for row in rows)}
    out = [_claim(domain, association) for domain, association in found.items()]
    together = pooled([association for association in found.values() if association is not None])
    if together is not None:
        out.append(_claim("", together))
    return judged(out)


def _association(rows: Sequence[Modular], domain: str) -> Association | None:
    used = [row for row in rows if row.domain == domain and row.reason is None]
    return with_action(*([getattr(row, name) or 0.0 for row in used] for name in ("excess", "action", "flops")))


def pooled(found: Sequence[Association]) -> Association | None:
    """Return the domains' correlations together, each by its weight after Fisher's transformation; None for fewer than two."""
    from scipy.stats import norm

    if len(found) < 2:
        return None
    weights = [one.architectures - 4 for one in found]
    sums = sum(
        weight * math.atanh(max(-0.999999, min(0.999999, one.correlation))) for weight, one in zip(weights, found, strict=True)
    )
    mean, error = sums / sum(weights), 1 / math.sqrt(sum(weights))
    reach = 1.959964 * error
    return Association(
        correlation=math.tanh(mean),
        low=math.tanh(mean - reach),
        high=math.tanh(mean + reach),
        p=float(2 * norm.sf(abs(mean) / error)),
        architectures=sum(one.architectures for one in found),
    )


def _claim(domain: str, found: Association | None) -> Claim:
    said = "networks of less action have more modular graphs"
    where = domain or "All domains together"
    if found is None:
        figures = "fewer than six architectures have a graph, an excess and a floor, or they don't differ"
    else:
        figures = (
            f"at equal FLOPs the excess of modularity correlates with the least action by {found.correlation:+.2f} (95% "
            f"interval {found.low:+.2f} to {found.high:+.2f}), over {count_words(found.architectures, 'architecture')}"
        )
    return Claim(
        claim="modularity",
        domain=domain,
        about="excess over graphs of the same degrees",
        said=said,
        claimed=-1,
        value=None if found is None else found.correlation,
        low=None if found is None else found.low,
        high=None if found is None else found.high,
        unit="partial rank correlation",
        p=None if found is None else found.p,
        units=0 if found is None else found.architectures,
        sentence=f"{where}: that {said}: {figures}",
    )
