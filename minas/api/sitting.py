"""One sitting of a run: from its configuration to wherever it ends."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minas import spaces
from minas.errors import MinasError
from minas.evolution.clock import Clock
from minas.evolution.session import Listener, Progress, Session
from minas.run.configuration import RunConfiguration
from minas.run.folder import DATABASE
from minas.run.store import Store
from minas.spaces import SPACES

if TYPE_CHECKING:
    from minas.spaces import Space


class InterruptedRunError(MinasError):
    """The user stopped a run; what was finished is kept."""


def sit(
    folder: Path,
    configuration: RunConfiguration,
    space: Space,
    listener: Listener | None,
    began: float,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Do whatever of a run is left to do.

    Args:
        folder: the run's folder, locked.
        configuration: what `run.toml` says.
        space: what is searched.
        listener: hears of progress.
        began: when the user's clock began for this sitting, by `time.monotonic()`.
        facts: kept in the store first.

    Raises:
        InterruptedRunError: Ctrl-C.
        MinasError: the machine failed; what was finished is kept.
    """
    try:
        _work(folder, configuration, space, listener or (lambda progress: None), began, facts or {})
    except KeyboardInterrupt:
        raise InterruptedRunError(
            f"stopped; what was finished is kept. Go on with: minas search --resume {shlex.quote(str(folder))}"
        ) from None


def _work(
    folder: Path, configuration: RunConfiguration, space: Space, listener: Listener, began: float, facts: Mapping[str, Any]
) -> None:
    from minas.api.phases import run_phases
    from minas.api.work import work_text
    from minas.engines import ENGINES, EVALUATOR

    settings = configuration.settings
    with Store(folder / DATABASE) as store:
        for name, value in facts.items():
            store.put_fact(name, value)
        clock = Clock(settings.seconds, spent_before=float(store.fact("spent", 0.0)), started=began)
        starting = Progress(phase="starting", left=None if clock.total is None else max(0.0, clock.left()))
        listener(starting)
        evaluator = SPACES.get(spaces.kind_of(configuration.search_space)).evaluator or EVALUATOR
        engine = ENGINES.get(settings.engine).start(
            work_text(configuration, folder), settings.workers, evaluator=evaluator, options=settings.engine_options
        )
        if engine.note:
            listener(dataclasses.replace(starting, note=engine.note))
        try:
            session = Session(
                folder=folder,
                configuration=configuration,
                store=store,
                engine=engine,
                space=space,
                epochs=int(configuration.search_space["training"]["epochs"]) if evaluator == EVALUATOR else 0,
                clock=clock,
                listener=listener,
            )
            run_phases(session)
        finally:
            engine.close()
            with contextlib.suppress(MinasError):
                store.put_fact("spent", clock.spent())
