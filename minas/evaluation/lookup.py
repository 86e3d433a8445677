"""One evaluation in a table: nothing is trained, figures are looked up."""

from __future__ import annotations

import json
import time
from functools import lru_cache

from minas import config, spaces
from minas.errors import ArchitectureError
from minas.spaces.table import Table
from minas.trial import Candidate, Cost, Status, Trial


def work(space: str, source: str) -> str:
    """Return what every look-up of a run shares, as JSON.

    Args:
        space: the space's document, as text.
        source: how errors name it.
    """
    return json.dumps({"space": space, "source": source}, sort_keys=True)


def prepare(work: str) -> None:
    """Make a fresh worker process ready: read the table.

    Raises:
        MinasError: the table can't be read, or has changed.
    """
    _table(work)


def evaluate(work: str, candidate: Candidate) -> Trial:
    """Look a candidate up.

    Args:
        work: what `work` returned.
        candidate: what to evaluate.

    Returns:
        The trial. One whose architecture does not stand in the table has failed.
    """
    table, started = _table(work), time.perf_counter()
    try:
        measures = table.look_up(table.load(candidate.architecture or {}))
    except ArchitectureError as error:
        return Trial(candidate=candidate, status=Status.FAILED, reason=str(error))
    reasons = {name: "the table has no number there" for name, value in measures.items() if value is None}
    cost = Cost(seconds=time.perf_counter() - started)
    return Trial(candidate=candidate, status=Status.COMPLETE, measures=measures, reasons=reasons, cost=cost)


@lru_cache(maxsize=1)
def _table(work: str) -> Table:
    values = json.loads(work)
    space = spaces.open_space(config.parse(values["space"], source=values["source"]))
    assert isinstance(space, Table)
    return space
