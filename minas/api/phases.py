"""The phases of a run, one after the other: bounds, search, control, confirmation, baselines, finishing."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from minas import seeds, spaces
from minas.analysis.bounds import score_bounds, worked_out_bounds
from minas.api import line_figures, reference
from minas.api.finish import finish
from minas.api.lines import fit_lines_within
from minas.api.repeating import repeat_command
from minas.api.run import open_run
from minas.api.work import source_of
from minas.baselines import of_domain
from minas.errors import ConfigError, MinasError
from minas.evolution.clock import CONFIRMATION_SHARE
from minas.evolution.confirm import FINISHING, Plan, make_plan, run_baselines, run_confirmation
from minas.evolution.search import run_control, run_search
from minas.evolution.session import Progress, Session
from minas.evolution.window import Window
from minas.run.folder import WEIGHTS, weights_path
from minas.spaces import Architecture
from minas.trial import Candidate, Status, Trial

INITIAL = 32
"""Random architectures whose action at initialisation gives the bounds for data that no objective set knows."""

LINES = 20.0
"""Seconds that a search spends on fitting its field's lines at most; beyond, `minas lines` is for that."""

ATTEMPTS = 1000
"""How often a random architecture within the limits is looked for."""


def run_phases(session: Session) -> None:
    """Do every phase that the store does not know as done."""
    store = session.store
    with _joules(session):
        if not session.bounds:
            work_out_bounds(session)
        searched = _search(session)
        if spaces.of_networks(session.configuration.search_space):
            _confirm_and_compare(session, searched)
    session.report("finishing")
    session.engine.close()  # late trials would write their weights after the others were dropped
    _drop_weights(session)
    store.put_fact("spent", session.clock.spent())
    store.put_fact("repeat", repeat_command(open_run(session.folder)))
    finish(session.folder)
    store.put_fact("finished", True)


def _confirm_and_compare(session: Session, searched: list[Window]) -> None:
    """Do what networks are trained for once the search is over."""
    plan = make_plan(session)
    if plan.note:
        session.report("confirmation", note=plan.note)
    run_confirmation(session, plan)
    for window in searched:
        window.late()
    _baselines(session, plan)
    _lines(session)


def _search(session: Session) -> list[Window]:
    """Search, and evaluate the control where one was asked for."""
    share = 1.0 - CONFIRMATION_SHARE if session.settings.members else 0.97
    search_share = share / 2 if session.settings.control else share
    adaptive = not session.settings.control and bool(session.settings.members) and bool(_known_baselines(session))
    windows = [run_search(session, share=search_share, adaptive=adaptive)]
    if session.settings.control:
        windows.append(run_control(session, int(session.store.fact("search_told", 0)), share=share))
    return windows


def work_out_bounds(session: Session) -> None:
    """Measure untrained random architectures, and fix the hypervolume's bounds by them; stored with the run.

    Raises:
        ConfigError: an objective has no rule for its bounds, so the objective set must give them.
        MinasError: the untrained networks give no bounds.
    """
    configuration = session.configuration
    task = configuration.task

    def ask(number: int) -> Candidate | None:
        if number >= INITIAL:
            return None
        candidate = session.candidate("initial", number, _sampled(session, number))
        return dataclasses.replace(candidate, epochs=0, seed=seeds.derive(0, "initial", candidate.key))

    window = Window(
        role="initial",
        engine=session.engine,
        store=session.store,
        size=INITIAL,
        ask=ask,
        tell=lambda trial: None,
        stop=lambda: False,
        tick=lambda window: session.report("starting"),
        guard=session.guard,
    )
    window.load(int(session.store.fact("initial_told", 0)))
    window.run()
    measured = [trial.measures for trial in window.finished.values()]
    actions = [value for measures in measured if (value := measures.get("action"))]
    flops = [value for measures in measured if (value := measures.get("flops"))]
    largest = session.space.limits(task.shape).get("flops", 2 * max(flops, default=1.0))
    try:
        bounds = worked_out_bounds(task.majority_error, (min(flops, default=1.0) / 4, largest), actions)
    except ValueError as error:
        raise MinasError(
            f'no bounds can be worked out for the task {task.name}: {error}; put [bounds."{task.name}".MEASURE] with ideal '
            "and reference for each objective into an objective set's file, and give it with --objectives"
        ) from error
    scores = score_bounds(task.majority_error, len(task.classes))
    bounds |= {o.measure: scores[o.measure] for o in configuration.objectives.objectives if o.maximise and o.measure in scores}
    for name in configuration.objectives.measures:
        if name not in bounds:
            raise ConfigError(
                f"the objective '{name}' needs bounds for the task {task.name}: put "
                f'[bounds."{task.name}".{name}] with ideal and reference into the objective set\'s file'
            )
    session.configuration = dataclasses.replace(configuration, bounds=bounds)
    session.configuration.write(session.folder)


def _sampled(session: Session, number: int) -> Architecture:
    """Return a random architecture within the space's own limits.

    Neither the run's seed nor a user's limits count: runs on the same data can then be compared.
    """
    rng = seeds.generator(0, "initial", number)
    limits = session.space.limits(session.configuration.task.shape)
    architecture = session.space.sample(rng)
    for _ in range(ATTEMPTS):
        features = session.features(architecture)
        if all(features.get(name, 0.0) <= largest for name, largest in limits.items()):
            break
        architecture = session.space.sample(rng)
    return architecture


def _baselines(session: Session, plan: Plan) -> None:
    """Bring the baselines' trials into the store: shipped ones, those of an earlier run, or trained now."""
    store, configuration = session.store, session.configuration
    training = bool(store.fact("baselines_training", False))
    if store.trials("baseline") and not training:
        return
    protocol = reference.protocol(configuration, epochs=session.settings.confirmation_epochs)
    known = [] if training else _known_baselines(session)
    if known:
        with store.transaction():
            for trial in known:
                store.put_candidate(trial.candidate)
                store.put_trial(trial)
        return
    found = {name: baseline for name, baseline in of_domain(configuration.domain).items() if baseline.in_search}
    needed = len(found) * session.settings.confirmation_seeds
    if not session.settings.members or not found or plan.note or session.clock.left() < 2 * FINISHING + needed:
        return
    store.put_fact("baselines_training", True)
    repeats = session.settings.confirmation_seeds
    architectures = {name: baseline.architecture for name, baseline in found.items()}
    window = run_baselines(session, architectures, epochs=session.settings.confirmation_epochs, repeats=repeats)
    trials = list(window.finished.values())
    if len(trials) == len(found) * repeats and all(trial.status is Status.COMPLETE for trial in trials):
        reference.keep(configuration, protocol, trials)


def _known_baselines(session: Session) -> list[Trial]:
    """Return the baselines' trials, where somebody has made them for this task and protocol."""
    protocol = reference.protocol(session.configuration, epochs=session.settings.confirmation_epochs)
    return reference.find(session.configuration, protocol)


def _lines(session: Session) -> None:
    """Note down what the field's lines reach on the task: shipped figures, those kept from before, or fitted now if cheap."""
    store, configuration = session.store, session.configuration
    if store.fact("lines") is not None:
        return
    found = line_figures.find(configuration.domain, configuration.task)
    if not found and session.settings.members:
        session.report("baselines", note="fitting the lines of the field")
        source = source_of(configuration, session.folder)
        seconds = min(LINES, session.clock.left() - 2 * FINISHING)
        found = fit_lines_within(seconds, configuration.domain, source)
    if found:
        store.put_fact("lines", [line.to_json() for line in found])


def _drop_weights(session: Session) -> None:
    """Delete all weights but those of the front and of its confirmation: a trial's seed gives them back, to the bit.

    What a killed worker left half-written goes too.
    """
    folder, front = session.folder, session.front
    kept = {weights_path(folder, "search", member.trial.number) for member in (front.members if front is not None else ())}
    kept |= {weights_path(folder, "confirmation", trial.number) for trial in session.store.trials("confirmation")}
    for path in (folder / WEIGHTS).iterdir():
        if path not in kept:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _joules(session: Session) -> Iterator[None]:
    """Count the machine's energy while a run works, where a counter can be read; else note down why not."""
    from minas.measures import Unavailable, find_counter

    try:
        counter = find_counter()
    except Unavailable as reason:
        session.store.put_fact("joules_reason", str(reason))
        yield
        return
    inner = session.listener

    def heard(progress: Progress) -> None:
        counter.joules()  # a counter starts again at 0 after some minutes of full load: never miss two such turns
        inner(progress)

    session.listener = heard
    try:
        yield
    finally:
        session.listener = inner
        session.add_fact("joules", counter.joules())
