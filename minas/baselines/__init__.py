"""The shelf of baselines: published or reference networks, trained by the same protocol as a front's members.

Each module exposes `FAMILY = Family(...)`: one or more named networks of one kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from minas.analysis.pictures import WITHOUT_ACTION
from minas.errors import UsageError, nearest
from minas.shelf import Shelf

if TYPE_CHECKING:
    from torch import nn


Build = Callable[[tuple[int, ...], int, int], "nn.Module"]
"""Makes an untrained network from a sample's shape, the number of classes and a seed."""

Kind = Literal["conventional", "energy-first"]
"""What a network was designed for: to be accurate, or to need little energy. A study's families hold networks of one kind."""


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
        family: the kind of network, as studies compare them.
        variant: whether it is there for studies alone, which need several networks of each family: a published network at
            another size, or a topology that runs in every domain. Neither `minas baselines` nor a search trains it.
    """

    name: str
    source: str
    build: Build
    architecture: Mapping[str, Any] | None = None
    action: bool = True
    in_search: bool = True
    family: Kind = "conventional"
    variant: bool = False


def both_ways(*baselines: Baseline) -> tuple[Baseline, ...]:
    """Return each baseline, and after it the same network trained without the action in its loss, named so."""
    pairs = ((baseline, replace(baseline, name=baseline.name + WITHOUT_ACTION, action=False)) for baseline in baselines)
    return tuple(one for pair in pairs for one in pair)


def at_sizes(published: Baseline, sizes: Mapping[str, Build]) -> tuple[Baseline, ...]:
    """Return a baseline at other sizes, for studies alone.

    Args:
        published: the baseline.
        sizes: what makes each, by what its name says behind the baseline's: `w6` for a first layer of width 6.
    """
    return tuple(
        replace(
            published,
            name=f"{published.name} {size}",
            source=f"{published.source}; here at another size",
            build=build,
            architecture=None,
            in_search=False,
            variant=True,
        )
        for size, build in sizes.items()
    )


@dataclass(frozen=True, kw_only=True)
class Family:
    """Baselines of one kind for one domain."""

    domain: str
    baselines: tuple[Baseline, ...]


FAMILIES: Shelf[Family] = Shelf("minas.baselines", "FAMILY", Family, "family of baselines")


def of_domain(domain: str, *, variants: bool = False) -> dict[str, Baseline]:
    """Return the baselines of a domain by name.

    Args:
        domain: name of the domain.
        variants: whether those that are there for studies alone are among them.
    """
    families = [family for family in FAMILIES.all().values() if family.domain == domain]
    found = (baseline for family in families for baseline in family.baselines)
    return {baseline.name: baseline for baseline in found if variants or not baseline.variant}


def instances(domain: str, family: Kind) -> list[str]:
    """Return the names of a domain's networks of one family, as a study takes them: published sizes first.

    What is in their loss is the study's own affair, so that each network is there once.
    """
    found = [one for one in of_domain(domain, variants=True).values() if one.family == family and one.action]
    return [one.name for one in sorted(found, key=lambda one: one.variant)]


def find(domain: str, name: str) -> Baseline:
    """Return one baseline of a domain; those for studies alone are known too.

    Raises:
        UsageError: the domain has no such baseline.
    """
    known = of_domain(domain, variants=True)
    if name not in known:
        raise UsageError(f"no baseline named '{name}' in the domain {domain}{nearest(name, known)}")
    return known[name]
