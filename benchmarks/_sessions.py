"""One sitting of a run on an engine of a benchmark's own: what `minas.search` does, up to its phases."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from minas.api.request import Request, configuration_of, load_task
from minas.api.work import space_of, work_of
from minas.engines import Engine
from minas.evolution.clock import Clock
from minas.evolution.session import Listener, Session
from minas.run import configuration, folder
from minas.run.store import Store


def new_run(out: Path, **asked: Any) -> Path:
    """Make a run's folder and its `run.toml`, and return the folder.

    Args:
        out: the folder, new or empty.
        asked: fields of `minas.api.request.Request`.
    """
    request = Request(**asked)
    domain, task, source = load_task(request)
    found, _ = configuration_of(request, domain, task, source)
    made = folder.create(out, domain=request.domain)
    found.write(made)
    return made


@contextlib.contextmanager
def sitting(
    run: Path, start: Callable[[str, configuration.RunConfiguration], Engine], listener: Listener = lambda progress: None
) -> Iterator[Session]:
    """Open a run and its store, start an engine, and close both at the end.

    Args:
        run: the run's folder.
        start: from the run's work, as JSON, and its configuration to an engine.
        listener: hears of progress.
    """
    began = time.monotonic()
    found = configuration.read(run)
    with Store(run / folder.DATABASE) as store:
        engine = start(work_of(found, run).to_json(), found)
        try:
            yield Session(
                folder=run,
                configuration=found,
                store=store,
                engine=engine,
                space=space_of(found, run),
                epochs=int(found.search_space["training"]["epochs"]),
                clock=Clock(found.settings.seconds, spent_before=float(store.fact("spent", 0.0)), started=began),
                listener=listener,
            )
        finally:
            engine.close()
