"""Confirmation: members of the front retrained longer, with several seeds, and measured once on the test samples.

The plan is chosen on validation figures and written to the store before anything is trained. Baselines go through the same
protocol.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minas import seeds
from minas.analysis.front import Member, plan_confirmation
from minas.evolution.session import Phase, Session, Stopwatch
from minas.evolution.window import Window
from minas.trial import Candidate, Role

FEWEST_MEMBERS = 3
"""Below which a clock that is too short takes epochs, not members: knee, accurate, frugal."""

FINISHING = 8.0
"""Seconds of the clock that are kept for plots and tables."""

OVERHEAD = 0.3
"""Seconds that a confirmation takes beside its training: building, measuring twice."""

CAUTION = 1.15
"""By how much the expected time is taken for longer: trainings side by side slow each other."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be confirmed, in order of importance.

    Attributes:
        members: numbers of the search's trials.
        epochs: passes over the training samples.
        seeds: how often each member is trained.
        expected: seconds that this should take on the run's workers.
        note: what a short clock cost, in a sentence, or None.
    """

    members: tuple[int, ...]
    epochs: int
    seeds: int
    expected: float
    note: str | None = None


def confirmation_seed(repeat: int) -> int:
    """Return the seed of a confirmation's repeat: the same for members and baselines of every run, so that they pair."""
    return seeds.derive(0, "confirmation", repeat)


def make_plan(session: Session) -> Plan:
    """Return the plan of a run's confirmation, made anew or read from the store, where a new one is written."""
    stored = session.store.fact("confirmation_plan")
    if stored is not None:
        return Plan(**{**stored, "members": tuple(stored["members"])})
    settings, front = session.settings, session.front
    assert front is not None
    members = plan_confirmation(front, settings.members) if settings.members else ()
    left = session.clock.left() - FINISHING
    plan = fit(
        members,
        epochs=settings.confirmation_epochs,
        brief=session.epochs,
        repeats=settings.confirmation_seeds,
        workers=settings.workers,
        seconds=left,
    )
    session.store.put_fact("confirmation_plan", {name: getattr(plan, name) for name in Plan.__dataclass_fields__})
    return plan


def time_for_confirmation(session: Session) -> float:
    """Return the seconds that confirming all that is wanted of the current front should take, plots and tables included."""
    settings, front = session.settings, session.front
    members = plan_confirmation(front, settings.members) if front is not None and settings.members else ()
    wanted = _expected(members, settings.confirmation_epochs, session.epochs, settings.confirmation_seeds, settings.workers)
    return wanted + FINISHING


def fit(members: Sequence[Member], *, epochs: int, brief: int, repeats: int, workers: int, seconds: float) -> Plan:
    """Return the largest plan that should end in time: first members go, down to three, then epochs, then seeds.

    Args:
        members: in order of importance.
        epochs: wanted passes over the training samples.
        brief: passes of the brief training, the fewest that make sense.
        repeats: wanted seeds for each member.
        workers: trainings at a time.
        seconds: what is left of the clock; infinite without one.
    """
    if not members:
        return Plan(members=(), epochs=epochs, seeds=repeats, expected=0.0)
    fewest = min(FEWEST_MEMBERS, len(members))
    shorter = sorted({max(brief, round(epochs * share)) for share in (0.8, 0.6, 0.4, 0.0)}, reverse=True)
    choices = itertools.chain(
        ((count, epochs, repeats) for count in range(len(members), fewest - 1, -1)),
        ((fewest, fewer, repeats) for fewer in shorter if fewer < epochs),
        ((fewest, min(shorter[-1], epochs), fewer) for fewer in range(repeats - 1, 0, -1)),
        ((count, min(shorter[-1], epochs), 1) for count in range(fewest - 1, -1, -1)),
    )
    for count, passes, times in choices:
        expected = _expected(members[:count], passes, brief, times, workers)
        if expected <= seconds or count == 0:
            break
    note = None
    if (count, passes, times) != (len(members), epochs, repeats):
        note = (
            f"the clock allows {count} of {len(members)} members, {passes} of {epochs} epochs, {times} of {repeats} seeds; "
            "a longer --time confirms all"
        )
    numbers = tuple(member.trial.number for member in members[:count])
    return Plan(members=numbers, epochs=passes, seeds=times, expected=expected, note=note)


def _expected(members: Sequence[Member], epochs: int, brief: int, repeats: int, workers: int) -> float:
    """Return the seconds that a plan takes, each training going to the worker that is free first."""
    free = [0.0] * workers
    for member in list(members) * repeats:
        seconds = member.trial.cost.training_seconds * epochs / max(1, brief) + OVERHEAD
        heapq.heappush(free, heapq.heappop(free) + seconds)
    return max(free) * CAUTION


def run_confirmation(session: Session, plan: Plan) -> Window:
    """Train and test what the plan says, seed after seed, the most important member first."""
    by_number = {trial.number: trial for trial in session.store.trials("search")}
    missing = [number for number in plan.members if number not in by_number]
    if missing:
        raise session.store.damaged(f"the confirmation's plan names the trial {missing[0]}, which is not there")
    return run_repeats(session, [by_number[n].candidate for n in plan.members], epochs=plan.epochs, repeats=plan.seeds)


def run_repeats(session: Session, candidates: Sequence[Candidate], *, epochs: int, repeats: int) -> Window:
    """Train and test candidates by the confirmation's protocol, seed after seed, in the order in which they are given."""
    planned = [
        _repeated("confirmation", place, candidate, repeat, epochs)
        for place, (repeat, candidate) in enumerate(itertools.product(range(repeats), candidates))
    ]
    return _run(session, "confirmation", planned)


def run_baselines(session: Session, names: Mapping[str, Mapping[str, Any] | None], *, epochs: int, repeats: int) -> Window:
    """Train and test baselines by the confirmation's protocol.

    Args:
        session: the run.
        names: a baseline's name to its architecture's JSON values, where it has any.
        epochs: passes over the training samples.
        repeats: seeds for each.
    """
    planned = [
        Candidate(
            role="baseline",
            number=place,
            key=f"baseline:{name}",
            architecture=names[name],
            baseline=name,
            seed=confirmation_seed(repeat),
            epochs=epochs,
            part="test",
        )
        for place, (repeat, name) in enumerate(itertools.product(range(repeats), names))
    ]
    return _run(session, "baseline", planned)


def _repeated(role: Role, place: int, candidate: Candidate, repeat: int, epochs: int) -> Candidate:
    return Candidate(
        role=role,
        number=place,
        key=candidate.key,
        architecture=candidate.architecture,
        seed=confirmation_seed(repeat),
        epochs=epochs,
        part="test",
        parents=candidate.parents,
    )


def _run(session: Session, role: Role, planned: Sequence[Candidate]) -> Window:
    """Evaluate candidates that are all known beforehand."""
    phase: Phase = "confirmation" if role == "confirmation" else "baselines"

    def report(window: Window) -> None:
        session.report(phase, told=len(window.finished), asked=len(window.asked), of=len(planned))

    window = Window(
        role=role,
        engine=session.engine,
        store=session.store,
        size=max(1, len(planned)),
        ask=lambda number: planned[number] if number < len(planned) else None,
        tell=lambda trial: None,
        stop=lambda: session.clock.left() < FINISHING / 2,
        tick=report,
        guard=session.guard,
        paced_by=session.store.trials("search"),
    )
    window.load(int(session.store.fact(f"{role}_told", 0)))
    with Stopwatch(session, f"{role}_seconds"):
        window.run()
        window.end()
    return window
