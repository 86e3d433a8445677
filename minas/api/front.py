"""A run's front and its members, with their networks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from minas.analysis import confirmation
from minas.analysis import front as analysis_front
from minas.analysis import pick as analysis_pick
from minas.analysis.confirmation import Interval
from minas.analysis.quantities import number
from minas.errors import MinasError, UsageError, nearest
from minas.trial import Status, Trial

if TYPE_CHECKING:
    from torch import nn

    from minas.api.run import Run


@dataclass(frozen=True, repr=False)
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

    @cached_property
    def judged(self) -> dict[str, dict[str, float | None]]:
        """Canonical key to the validation figures that a member is judged by: its confirmation's means, else its own trial's.

        A confirmation trains longer and with several seeds, so its means say more; what it does not have is the trial's.
        """
        means = self._confirmed
        return {m.key: {**confirmation.validation_measures(m.trial), **means.get(m.key, {})} for m in self._members}

    @cached_property
    def _confirmed(self) -> dict[str, dict[str, float]]:
        """Canonical key to the means of a confirmation on the validation samples; nothing where no repeat completed."""
        found = confirmation.summarise(self.run.confirmation, test=False)
        return {key: {name: row.mean for name, row in rows.items()} for key, rows in found.items() if rows}

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

    def pick(self, limits: Mapping[str, float | str], *, by: str = "action") -> Member:
        """Return the member with the least action, or least of another measure, within limits.

        Judged on validation figures: the means of the confirmation where a member was confirmed, else those of the search.

        Example:
            `network = run.front.pick({"error": .03, "flops": 200_000}).network()`

        Args:
            limits: measure to its largest value, as a number or as `"200k"`; inclusive. To its least for a score, a measure of
                which more is better, such as `balanced_accuracy`.
            by: the measure of which to take the least; the most of a score.

        Raises:
            UsageError: a limit or `by` names a measure that no member has, or a limit is no number of 0 or more.
            MinasError: no member is within the limits; the text names the nearest.
        """
        choice = self.choice(limits, by=by)
        if choice.chosen is None:
            raise MinasError(analysis_pick.explain(choice))
        return self.by_key[choice.chosen.key]

    def choice(self, limits: Mapping[str, float | str], *, by: str = "action") -> analysis_pick.Pick:
        """Return what `pick` chooses and why: how many are within, the nearest left out, how sure over the seeds.

        Example:
            `print(minas.analysis.pick.explain(run.front.choice({"error": .03})))`

        Raises:
            UsageError: as `pick`.
        """
        from minas.measures import scores

        values = {name: number(value, f"the limit of {name}") for name, value in limits.items()}
        return analysis_pick.pick(
            self.analysis, values, by=by, confirmation=self.run.confirmation, figures=self._confirmed, scores=scores()
        )
