"""A run, opened for reading: its front, its trials, its networks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from minas.analysis import comparison, confirmation
from minas.analysis import front as analysis_front
from minas.analysis import pick as analysis_pick
from minas.analysis.confirmation import Interval
from minas.errors import MinasError, UsageError, nearest
from minas.objectives import Bounds
from minas.run import folder as run_folder
from minas.run.configuration import RunConfiguration, read
from minas.run.store import Store
from minas.trial import Role, Status, Trial

if TYPE_CHECKING:
    from torch import nn


FACTS = (
    "baseline_seconds",
    "confirmation_plan",
    "finished",
    "joules",
    "joules_reason",
    "not_repeatable",
    "preprocessing",
    "repeat",
    "search_ended",
    "search_seconds",
    "search_told",
    "spent",
)
"""What a run notes down beside its trials and a reader may ask for."""


def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run's folder for reading. No torch is loaded until a network is asked for.

    Example:
        `minas.open_run("results/vision-20261124-101500").front.knee().measures["error"]`

    Raises:
        UsageError: it is no run folder.
        ConfigError: its configuration is damaged.
    """
    return Run(run_folder.existing(path))


class Run:
    """One search: its configuration, its trials, its front, in one folder.

    Example:
        `for member in minas.open_run("results/vision-20261124-101500").front: print(member.id, member.measures)`

    Attributes:
        path: the folder.
        configuration: what `run.toml` says.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.configuration: RunConfiguration = read(path)

    def __repr__(self) -> str:
        return f"<Run {self.path}: {len(self.told)} trials, {len(self.front)} on the front>"

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.resolve().name

    @cached_property
    def _stored(self) -> tuple[dict[Role, list[Trial]], dict[str, Any]]:
        roles: tuple[Role, ...] = ("initial", "search", "control", "baseline", "confirmation")
        with Store(self.path / run_folder.DATABASE, read_only=True) as store:
            return {role: store.trials(role) for role in roles}, {name: store.fact(name) for name in FACTS}

    def fact(self, name: str) -> Any:
        """Return something that the run noted down beside its trials, or None."""
        return self._stored[1].get(name)

    @property
    def trials(self) -> list[Trial]:
        """The search's trials, in the order in which they were asked for; late ones are flagged."""
        return self._stored[0]["search"]

    @property
    def control(self) -> list[Trial]:
        """Random architectures evaluated by the same budget; empty where none were asked for."""
        return self._stored[0]["control"]

    @property
    def confirmation(self) -> list[Trial]:
        """Repeats of the front's members, trained longer and measured on test samples."""
        return self._stored[0]["confirmation"]

    @property
    def baseline_trials(self) -> list[Trial]:
        """Repeats of the baselines, by the confirmation's protocol."""
        return self._stored[0]["baseline"]

    @property
    def told(self) -> list[Trial]:
        """The trials that count: the longest prefix that was told in time."""
        count = self.fact("search_told") or 0
        return [trial for trial in self.trials if trial.number < count and not trial.late]

    @property
    def bounds(self) -> Mapping[str, Bounds]:
        """Measure to bounds of the hypervolume."""
        return self.configuration.bounds

    @cached_property
    def front(self) -> Front:
        """The run's non-dominated trials."""
        return Front(self, analysis_front.front_of(self.told, self.configuration.objectives, self.bounds))

    @cached_property
    def comparison(self) -> comparison.Comparison:
        """How the front compares with random architectures."""
        return comparison.compare(
            self.front.analysis, self.told, self.control, population=self.configuration.settings.population
        )

    @cached_property
    def units(self) -> dict[str, str]:
        """Measure to unit."""
        from minas.measures import MEASURES

        return {name: MEASURES.get(name).unit for name in self.configuration.measures}

    def trial(self, id_: str) -> Trial:
        """Return the trial of an architecture by its short name or a longer part of its key.

        Raises:
            UsageError: there is none, or more than one.
        """
        found = [trial for trial in [*self.told, *self.trials, *self.control] if trial.candidate.key.startswith(id_)]
        keys = {trial.candidate.key for trial in found}
        if len(keys) > 1:
            raise UsageError(f"'{id_}' is the start of {len(keys)} architectures of {self.path}: give more characters")
        if not found:
            known = [member.id for member in self.front]
            raise UsageError(f"no architecture '{id_}' in {self.path}{nearest(id_, [*known, 'knee', 'accurate', 'frugal'])}")
        return found[0]

    def member(self, name: str) -> Member:
        """Return a member of the front by label or short name, or any other trial by its short name.

        Raises:
            UsageError: there is none of that name.
        """
        if name in analysis_front.LABELS:
            return self.front.labelled(name)
        trial = self.trial(name)
        return self.front.by_key.get(trial.candidate.key) or Member(self, trial, labels=())


@dataclass(frozen=True)
class Member:
    """One architecture of a run with its measures; a member of the front, mostly.

    Example:
        `member = run.front.accurate()`, then `member.measures["action"]`, `member.network()`, `member.export("accurate")`

    Attributes:
        run: the run that it belongs to.
        trial: its trial in the search.
        labels: those of knee, accurate and frugal that it bears.
    """

    run: Run
    trial: Trial
    labels: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Member {' '.join([self.id, *self.labels])} of {self.run.path}>"

    @property
    def id(self) -> str:
        """The short name of the architecture."""
        return self.trial.id

    @property
    def key(self) -> str:
        """The canonical key of the architecture."""
        return self.trial.candidate.key

    @property
    def architecture(self) -> Mapping[str, Any] | None:
        """The architecture as JSON values."""
        return self.trial.candidate.architecture

    @property
    def measures(self) -> Mapping[str, float | None]:
        """Measures on the validation samples after brief training."""
        return self.trial.measures

    @property
    def repeats(self) -> list[Trial]:
        """The confirmation's trials of this architecture."""
        return [trial for trial in self.run.confirmation if trial.candidate.key == self.key]

    @property
    def test(self) -> Mapping[str, Interval] | None:
        """Measures on the test samples after confirmation, over seeds; None where it was not confirmed."""
        return confirmation.summarise(self.repeats).get(self.key) or None

    @property
    def on_front(self) -> float | None:
        """Share of seeds with which it is on the confirmed members' front; None where it was not confirmed."""
        return self.run.front.shares.get(self.key)

    def network(self) -> nn.Module:
        """Return the trained network, in eval mode.

        Of the confirmed repeats the one with the least validation error is taken; without any, the briefly trained network.

        Example:
            `logits = minas.open_run("results/vision-...").front.knee().network()(images)`

        Raises:
            UsageError: its weights were not kept, as those of dominated trials are not.
        """
        from minas.api.networks import trained_network

        return trained_network(self.run, self.chosen)

    def export(self, folder: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write weights, architecture and a `model.py` that needs torch alone, and check that they give the same outputs.

        Example:
            `minas.open_run("results/vision-...").front.knee().export("knee")`

        Args:
            folder: a new or empty folder.
            force: replace what is in it.

        Raises:
            UsageError: the folder is not empty, or the weights were not kept.
            MinasError: the written folder did not give the same outputs; it is removed.
        """
        from minas.api.networks import export_member

        return export_member(self, Path(folder), force=force)

    @property
    def chosen(self) -> Trial:
        """The trial whose weights stand for this architecture; chosen on validation figures."""
        complete = [trial for trial in self.repeats if trial.status is Status.COMPLETE]
        return min(complete, key=lambda trial: (trial.measures.get("error") or 0.0, trial.number), default=self.trial)


class Front(Sequence[Member]):
    """The non-dominated trials of a run, from the lowest error to the highest: a sequence of members.

    Example:
        `front = minas.open_run("results/vision-...").front`, then `len(front)`, `front[0]`, `front.knee()`
    """

    def __init__(self, run: Run, analysis: analysis_front.Front) -> None:
        self.run = run
        self.analysis = analysis
        self._members = [Member(run, member.trial, member.labels) for member in analysis.members]

    def __repr__(self) -> str:
        return f"<Front of {self.run.path}: {len(self)} members, hypervolume {self.hypervolume:.4f}>"

    def __len__(self) -> int:
        return len(self._members)

    @overload
    def __getitem__(self, index: int) -> Member: ...

    @overload
    def __getitem__(self, index: slice) -> list[Member]: ...

    def __getitem__(self, index: int | slice) -> Member | list[Member]:
        return self._members[index]

    @cached_property
    def by_key(self) -> dict[str, Member]:
        """Canonical key to member."""
        return {member.key: member for member in self._members}

    @property
    def hypervolume(self) -> float:
        """Normalised hypervolume between the run's bounds, in [0, 1]."""
        return self.analysis.hypervolume

    @cached_property
    def shares(self) -> dict[str, float]:
        """Canonical key to the share of seeds with which a confirmed member is on the front."""
        return confirmation.share_on_front(self.run.confirmation, self.run.configuration.objectives)

    def knee(self) -> Member:
        """Return the member nearest to the ideal."""
        return self.labelled("knee")

    def accurate(self) -> Member:
        """Return the member with the least error."""
        return self.labelled("accurate")

    def frugal(self) -> Member:
        """Return the member with the least action among those whose error is still useful."""
        return self.labelled("frugal")

    def labelled(self, label: str) -> Member:
        """Return the member that bears a label.

        Raises:
            UsageError: the front is empty, or there is no such label.
        """
        for member in self._members:
            if label in member.labels:
                return member
        if not self._members:
            raise UsageError(
                f"the front of {self.run.path} is empty: no trial completed; look at them with: minas trials {self.run.path}"
            )
        raise UsageError(f"no member is labelled '{label}'{nearest(label, analysis_front.LABELS)}")

    def pick(self, limits: Mapping[str, float], *, by: str = "action") -> Member:
        """Return the member with the least action, or least of another measure, within limits; on validation figures.

        Example:
            `network = run.front.pick({"error": .03, "flops": 200_000}).network()`

        Args:
            limits: measure to its largest value; inclusive.
            by: the measure of which to take the least.

        Raises:
            UsageError: a limit or `by` names a measure that no member has, or a limit is no number of 0 or more.
            MinasError: no member is within the limits; the text names the nearest.
        """
        choice = self.choice(limits, by=by)
        if choice.chosen is None:
            raise MinasError(analysis_pick.explain(choice))
        return self.by_key[choice.chosen.key]

    def choice(self, limits: Mapping[str, float], *, by: str = "action") -> analysis_pick.Pick:
        """Return what `pick` chooses and why: how many are within, the nearest left out, how sure over the seeds.

        Example:
            `print(minas.analysis.pick.explain(run.front.choice({"error": .03})))`

        Raises:
            UsageError: as `pick`.
        """
        return analysis_pick.pick(self.analysis, limits, by=by, confirmation=self.run.confirmation)
