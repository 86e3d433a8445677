"""Training a domain's baselines by the protocol of a front's confirmation."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minas.api import reference
from minas.api.request import Request, configuration_of, load_task
from minas.api.tables import baseline_rows
from minas.api.work import work_of
from minas.baselines import of_domain
from minas.errors import MinasError, UsageError
from minas.evolution.clock import Clock
from minas.evolution.confirm import run_baselines
from minas.evolution.session import Listener, Session
from minas.run.folder import DATABASE
from minas.run.store import Store
from minas.trial import Status


def train_baselines(
    domain: str,
    *,
    data: str | None = None,
    preprocessing: str | Mapping[str, Any] | None = None,
    space: str | None = None,
    lambda_: float | None = None,
    class_weights: str | None = None,
    vectors: str | None = None,
    workers: int | None = None,
    out: Path | None = None,
    listener: Listener | None = None,
) -> list[dict[str, Any]]:
    """Train a domain's baselines and keep their trials, so that later searches on the same task draw them.

    Args:
        domain: name of the domain.
        data: a path, or None for the default data.
        preprocessing: what is done to signals, as `minas.search` takes it.
        space: the search space whose training is used; the domain's own by default.
        lambda_: weight of the action in the loss.
        class_weights: `balanced` or `none`.
        vectors: `naive_bayes`, `glove` or `none`: what the rows of a text's words start from.
        workers: worker processes.
        out: a JSON file to write the trials to as well.
        listener: hears of progress.

    Returns:
        A row a baseline, as `minas front --json` gives them.

    Raises:
        UsageError: the domain has no baselines, or `out` cannot be written.
        MinasError: one of them failed.
    """
    from minas.engines import ENGINES

    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise UsageError(f"cannot write to {out}: give a file, in a folder that exists, with --out")
    request = Request(
        domain=domain,
        data=data,
        preprocessing=preprocessing,
        space=space,
        lambda_=lambda_,
        class_weights=class_weights,
        vectors=vectors,
        workers=workers,
        trials=1,
    )
    found, task, source = load_task(request)
    configuration, opened = configuration_of(request, found, task, source)
    baselines = of_domain(domain)
    if not baselines:
        raise UsageError(f"the domain {domain} has no baselines")
    settings = configuration.settings
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / DATABASE) as store:
        engine = ENGINES.get(settings.engine).start(
            work_of(configuration, None).to_json(), settings.workers, options=settings.engine_options
        )
        try:
            session = Session(
                folder=Path(folder),
                configuration=configuration,
                store=store,
                engine=engine,
                space=opened,
                epochs=settings.confirmation_epochs,
                clock=Clock(None),
                listener=listener or (lambda progress: None),
            )
            names = {name: baseline.architecture for name, baseline in baselines.items()}
            window = run_baselines(session, names, epochs=settings.confirmation_epochs, repeats=settings.confirmation_seeds)
        finally:
            engine.close()
    trials = list(window.finished.values())
    for trial in trials:
        if trial.status is not Status.COMPLETE:
            raise MinasError(f"the baseline {trial.candidate.baseline} failed: {trial.reason}")
    protocol = reference.protocol(configuration, epochs=settings.confirmation_epochs)
    reference.keep(configuration, protocol, trials)
    if out is not None:
        reference.keep(configuration, protocol, trials, path=out)
    return baseline_rows(trials)
