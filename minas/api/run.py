"""A run, opened for reading: its front, its trials, its networks."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from minas import spaces
from minas.analysis import comparison
from minas.analysis import front as analysis_front
from minas.analysis.lines import Judged, judged_from_json
from minas.api.front import Front, Member
from minas.errors import ConfigError, DataError, UsageError, naming, nearest
from minas.objectives import Bounds
from minas.run import folder as run_folder
from minas.run.configuration import RunConfiguration, read
from minas.run.store import Store
from minas.trial import Role, Trial

FACTS = (
    "baseline_seconds",
    "confirmation_plan",
    "finished",
    "joules",
    "joules_reason",
    "lines",
    "not_repeatable",
    "preprocessing",
    "repeat",
    "search_ended",
    "search_exhausted",
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

    @cached_property
    def lines(self) -> list[Judged]:
        """What the field's methods without a network reach on the run's task: as the run noted it down, else as known since.

        Empty where nobody has fitted them yet: `minas lines` does.

        Raises:
            UsageError: the run's store is damaged.
        """
        from minas.api import line_figures

        if (noted := self.fact("lines")) is None:
            return line_figures.find(self.configuration.domain, self.configuration.task)
        try:
            return [judged_from_json(row) for row in noted]
        except DataError as error:
            raise UsageError(f"{self.path / run_folder.DATABASE}: {error}") from error

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
        if self.told and not self.bounds:
            raise ConfigError(f"{self.path / run_folder.CONFIGURATION}: the run has trials, and no bounds to judge them by")
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

        if not self.of_networks:  # columns of a table, which says nothing of their units
            return dict.fromkeys(self.configuration.measures, "")
        with naming(self.path / run_folder.CONFIGURATION):
            return {name: MEASURES.get(name).unit for name in self.configuration.measures}

    @cached_property
    def of_networks(self) -> bool:
        """Whether its architectures are networks: those of a table are rows of figures.

        Raises:
            UsageError: the configuration names a kind of space that there is not.
        """
        with naming(self.path / run_folder.CONFIGURATION):
            return spaces.of_networks(self.configuration.search_space)

    def check_networks(self, id_: str) -> None:
        """Refuse what needs a network where architectures are rows of a table.

        Raises:
            UsageError: they are.
        """
        if not self.of_networks:
            raise UsageError(
                f"{self.path} is the search of a table: {id_} is a row of it, and there is no network to build, draw or export"
            )

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
            hint = nearest(id_, [*known, *analysis_front.LABELS])
            listed = f"; those of the front are listed by: minas front {shlex.quote(str(self.path))}"
            raise UsageError(f"no architecture '{id_}' in {self.path}{hint if 'did you mean' in hint else listed}")
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

    def leave_one_group_out(self, *, workers: int | None = None) -> dict[str, Any]:
        """Train the knee, accurate and frugal member on all groups but one, test on that one, and do so for each group.

        Example:
            `for row in run.leave_one_group_out()["groups"]: print(row["group"], row["members"][0]["test"]["error"]["mean"])`

        Args:
            workers: worker processes; the run's own number by default.

        Returns:
            Figures a group and over all groups, as `minas groups --json` prints them.

        Raises:
            UsageError: the data have no groups, the front is empty, or the folder is in use.
            MinasError: the machine failed; what was finished is kept.
        """
        from minas.api.groups import leave_one_group_out

        return leave_one_group_out(self, workers=workers)
