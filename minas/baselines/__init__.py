"""The shelf of baselines: published or reference networks, trained by the same protocol as a front's members.

Each module exposes `FAMILY = Family(...)`: one or more named networks of one kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from minas.analysis.pictures import WITHOUT_ACTION
from minas.errors import UsageError, nearest
from minas.shelf import Shelf

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """One hand-designed network.

    Attributes:
        name: how tables and plots name it.
        source: where it is published, or who drew it.
        build: makes the untrained network from a sample's shape, the number of classes and a seed.
        architecture: the same network as an architecture's JSON values, where the domain's space can say it.
        action: whether the action is in its loss, as it is in that of a found network, or cross-entropy alone.
        in_search: whether a search on data for which nobody has trained it yet may do so, which takes from its time; else
            only `minas baselines` does.
    """

    name: str
    source: str
    build: Callable[[tuple[int, ...], int, int], nn.Module]
    architecture: Mapping[str, Any] | None = None
    action: bool = True
    in_search: bool = True


def both_ways(*baselines: Baseline) -> tuple[Baseline, ...]:
    """Return each baseline, and after it the same network trained without the action in its loss, named so."""
    pairs = ((baseline, replace(baseline, name=baseline.name + WITHOUT_ACTION, action=False)) for baseline in baselines)
    return tuple(one for pair in pairs for one in pair)


@dataclass(frozen=True, kw_only=True)
class Family:
    """Baselines of one kind for one domain."""

    domain: str
    baselines: tuple[Baseline, ...]


FAMILIES: Shelf[Family] = Shelf("minas.baselines", "FAMILY", Family, "family of baselines")


def of_domain(domain: str) -> dict[str, Baseline]:
    """Return the baselines of a domain by name."""
    families = (FAMILIES.get(name) for name in FAMILIES.names())
    return {baseline.name: baseline for family in families if family.domain == domain for baseline in family.baselines}


def find(domain: str, name: str) -> Baseline:
    """Return one baseline of a domain.

    Raises:
        UsageError: the domain has no such baseline.
    """
    known = of_domain(domain)
    if name not in known:
        raise UsageError(f"no baseline named '{name}' in the domain {domain}{nearest(name, known)}")
    return known[name]
