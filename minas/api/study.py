"""A study run: a new one, one that goes on, and the analysis of either."""

from __future__ import annotations

import json
import os
import shlex
import time as clock
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minas import config
from minas.api.sitting import InterruptedRunError
from minas.engines import ENGINES, Engine, checked_options
from minas.errors import UsageError
from minas.evolution.clock import parse_time
from minas.evolution.session import Listener, Progress
from minas.factorial.runner import Runner, put_plan
from minas.run import folder as run_folder
from minas.run.configuration import versions
from minas.run.store import Store

if TYPE_CHECKING:
    from minas.api.study_plan import StudyPlan

DESIGN = "study.toml"
"""The file of a study's folder that says what was planned, with every default written out."""

FACT = "study"
"""What the store keeps of the plan beside its cells."""


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """How a study is worked on, which its cells don't depend on.

    Attributes:
        seconds: after which no further cell is begun, or None.
        workers: worker processes.
        engine: where cells are trained.
        engine_options: what is said of it.
    """

    seconds: float | None
    workers: int
    engine: str
    engine_options: Mapping[str, str]


def sitting(
    *,
    time: str | float | None = None,
    workers: int | None = None,
    engine: str = "local",
    engine_options: Mapping[str, str] | None = None,
) -> Sitting:
    """Return how a study is to be worked on; the arguments are those of `run_study`.

    Raises:
        UsageError: an option is wrong.
    """
    from minas.api.request import check_numbers, cores

    check_numbers({"workers": workers})
    return Sitting(
        seconds=None if time is None else parse_time(time),
        workers=workers or cores(),
        engine=engine,
        engine_options=checked_options(engine, engine_options or {}),
    )


def run_study(
    plan: StudyPlan,
    *,
    out: str | os.PathLike[str] | None = None,
    kind: str = "study",
    time: str | float | None = None,
    workers: int | None = None,
    engine: str = "local",
    engine_options: Mapping[str, str] | None = None,
    listener: Listener | None = None,
) -> tuple[Path, bool]:
    """Start a study.

    Args:
        plan: as `minas.api.study_plan.make_plan` gives it.
        out: its folder; a new one under results by default.
        kind: what the default folder's name begins with.
        time: after which no further cell is begun, as `30m` or in seconds; without it all are trained.
        workers: worker processes; the cores by default. The cells don't depend on it.
        engine: where cells are trained; they don't depend on it.
        engine_options: what is said of the engine.
        listener: hears of progress.

    Returns:
        The folder, and whether every cell is finished.

    Raises:
        UsageError: the folder is in use, or an option is wrong.
        InterruptedRunError: Ctrl-C; what was finished is kept.
    """
    how = sitting(time=time, workers=workers, engine=engine, engine_options=engine_options)
    if out is not None and (Path(os.path.expanduser(out)) / DESIGN).exists():
        raise UsageError(f"{out} already holds a {kind}: go on with it by --resume {out}, or give another --out")
    folder = run_folder.create(out, domain=kind)
    (folder / run_folder.WEIGHTS).rmdir()  # a study keeps figures, not networks
    with run_folder.lock(folder):
        run_folder.write_atomically(folder / DESIGN, config.dumps(plan.design))
        with Store(folder / run_folder.DATABASE) as store:
            put_plan(store, plan.cells, {FACT: {**plan.facts, "kind": kind}})
            done = _sit(store, folder, how, listener)
    return folder, done


def resume_study(
    path: str | os.PathLike[str],
    *,
    kind: str = "study",
    time: str | float | None = None,
    workers: int | None = None,
    engine: str = "local",
    engine_options: Mapping[str, str] | None = None,
    listener: Listener | None = None,
) -> tuple[Path, bool]:
    """Go on with a study that was stopped, from whatever is there; nothing is trained twice.

    Raises:
        UsageError: it is no study's folder, another process works on it, its data have changed, or it was made with another
            torch, numpy or MINAS.
    """
    how = sitting(time=time, workers=workers, engine=engine, engine_options=engine_options)
    folder = Path(os.path.expanduser(path))
    found = study_facts(folder).get("kind", kind)
    if found != kind:
        raise UsageError(f"{folder} holds a {found}: go on with it by minas {found} --resume {folder}")
    with run_folder.lock(folder), Store(folder / run_folder.DATABASE) as store:
        facts = _checked(store.fact(FACT), folder)
        _check_versions(facts, folder)
        _check_data(facts, folder)
        done = _sit(store, folder, how, listener)
    return folder, done


def study_facts(folder: Path) -> dict[str, Any]:
    """Return what a study's store says of its plan.

    Raises:
        UsageError: it is no study's folder.
    """
    if not (folder / run_folder.DATABASE).is_file():
        raise UsageError(f"{folder} is not a study's folder: it has no {run_folder.DATABASE}")
    with Store(folder / run_folder.DATABASE, read_only=True) as store:
        return _checked(store.fact(FACT), folder)


def _checked(facts: Any, folder: Path) -> dict[str, Any]:
    """Refuse what no study writes, as far as anything here relies on it."""
    if facts is None:
        raise UsageError(f"{folder} is not a study's folder: its store plans none")
    tasks = facts.get("tasks") if isinstance(facts, dict) else None
    if (
        not isinstance(tasks, dict)
        or not isinstance(facts.get("design"), dict)
        or not isinstance(facts.get("versions"), dict)
        or not all(isinstance(task, dict) and isinstance(task.get("work"), str) for task in tasks.values())
    ):
        raise UsageError(f"{folder / run_folder.DATABASE} is damaged: its plan does not say its design, tasks and versions")
    return dict(facts)


def _sit(store: Store, folder: Path, how: Sitting, listener: Listener | None) -> bool:
    began = clock.monotonic()
    tasks = _checked(store.fact(FACT), folder)["tasks"]
    tell = listener or (lambda progress: None)

    def spent() -> float:
        return clock.monotonic() - began

    def engine_of(level: str) -> Engine:
        if level not in tasks:
            raise store.damaged(f"the plan has a cell of the task {level}, which it does not know")
        return ENGINES.get(how.engine).start(tasks[level]["work"], how.workers, options=how.engine_options)

    def tick(finished: int, planned: int) -> None:
        left = None if how.seconds is None else max(0.0, how.seconds - spent())
        tell(Progress(phase="study", told=finished, asked=planned, of=planned, left=left, spent=spent()))

    def stop() -> bool:
        return how.seconds is not None and spent() >= how.seconds

    runner = Runner(store=store, engine_of=engine_of, tick=tick, stop=stop)
    try:
        return runner.run()
    except KeyboardInterrupt:
        raise InterruptedRunError(
            f"stopped; what was finished is kept. Go on with: minas {_checked(store.fact(FACT), folder).get('kind', 'study')} "
            f"--resume {shlex.quote(str(folder))}"
        ) from None
    finally:
        store.put_fact("spent", float(store.fact("spent", 0.0)) + spent())


def _check_versions(facts: Mapping[str, Any], folder: Path) -> None:
    """Refuse to go on under another torch or numpy: cells would no longer compare."""
    now = versions()
    for name in ("torch", "numpy", "minas"):
        before = facts["versions"].get(name)
        if before is not None and before != now[name]:
            raise UsageError(
                f"{folder} was made with {name} {before}, and here is {now[name]}: install that version to go on with it"
            )


def _check_data(facts: Mapping[str, Any], folder: Path) -> None:
    """Refuse to go on with a user's data that are no longer what they were."""
    from minas.data.task import DataSource
    from minas.domains import DOMAINS

    for level, task in facts["tasks"].items():
        try:
            work = json.loads(task["work"])
            domain, source = DOMAINS.get(work["domain"]), DataSource(**work["source"])
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{folder / run_folder.DATABASE} is damaged: its task {level} says no work: {error}") from None
        if source.path is None:
            continue
        found = domain.load(source)
        if found.digest != task.get("digest"):
            raise UsageError(
                f"the data of the task {level}, in {work['source']['path']}, are not those that {folder} was made with"
            )
