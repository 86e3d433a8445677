"""Fitting a field's lines to a task, and keeping what they reach."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import multiprocessing
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minas.analysis.lines import Judged, judged_from_json
from minas.api import line_figures
from minas.api.request import Request, facts_of, load_task
from minas.errors import DataError, MinasError, UsageError
from minas.lines import judge, of_domain

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from minas.data.task import DataSource


def fit_lines(
    domain: str,
    *,
    data: str | None = None,
    image_size: int | None = None,
    preprocessing: str | Mapping[str, Any] | None = None,
    out: Path | None = None,
) -> list[dict[str, Any]]:
    """Fit the lines of a domain, methods without a network, to a task, and keep what they reach.

    Searches on the same task, and readers of their runs, then show it.

    Args:
        domain: name of the domain.
        data: a path, or None for the default data.
        image_size: side, in pixels, to which images are resized.
        preprocessing: what is done to signals, as `minas.search` takes it.
        out: a JSON file to write the figures to as well.

    Returns:
        A row a line: `name`, `source`, `seconds`, and `measures` {name: number} on the validation and `test` {name: {`mean`,
        `low`, `high`, `samples`}} on the test samples, with 95% intervals over samples: a line is fitted once.

    Raises:
        UsageError: there is no such domain, it has no lines, scikit-learn is not installed, or `out` cannot be written.
        DataError: the data cannot be used.
    """
    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise UsageError(f"cannot write to {out}: give a file, in a folder that exists, with --out")
    asked = Request(domain=domain, data=data, image_size=image_size, preprocessing=preprocessing, trials=1)
    found, task, _ = load_task(asked)
    lines = of_domain(found.name)
    if not lines:
        raise UsageError(f"the domain {domain} has no lines")
    judged = [judge(line, task) for line in lines]
    facts = facts_of(task)
    line_figures.keep(found.name, facts, judged)
    if out is not None:
        line_figures.keep(found.name, facts, judged, path=out)
    return [line.to_json() for line in judged]


def fit_lines_within(seconds: float, domain: str, source: DataSource) -> list[Judged]:
    """Fit the lines in a process of their own, which is ended after some seconds; empty where they took longer.

    Args:
        seconds: how long this may take, the start of the process included.
        domain: name of the domain.
        source: where the task comes from.
    """
    if seconds <= 0 or not of_domain(domain) or importlib.util.find_spec("sklearn") is None:
        return []
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(theirs, domain, source), daemon=True)
    with contextlib.closing(ours):
        process.start()
        theirs.close()
        try:
            answer = ours.recv_bytes() if ours.poll(seconds) else b"[]"
            return [judged_from_json(row) for row in json.loads(answer)]
        except (EOFError, OSError, DataError):  # it broke: lines are no reason to stop a run
            return []
        finally:
            process.kill()
            process.join()


def _send(connection: Connection, domain: str, source: DataSource) -> None:
    rows: list[dict[str, Any]] = []
    with contextlib.suppress(MinasError, KeyboardInterrupt):
        rows = fit_lines(domain, data=source.path, image_size=source.image_size, preprocessing=source.preprocessing)
    connection.send_bytes(json.dumps(rows).encode())


def lines_command(domain: str, source: DataSource) -> str:
    """Return the command that fits the lines of a domain to a task."""
    import shlex

    options = {"--data": source.path, "--image-size": source.image_size, "--preprocessing": source.preprocessing}
    given = [text for name, value in options.items() if value is not None for text in (name, str(value))]
    return shlex.join(["minas", "lines", domain, *given])
