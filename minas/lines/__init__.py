"""The shelf of lines: what a field's plain methods reach without a network, one file a line, by scikit-learn.

A front that does not lie below its field's lines shows nothing. Each module exposes `LINE = Line(...)`; scikit-learn is
imported when a line is fitted, and comes with the extra `lines`.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minas.analysis.lines import Judged, measured, spreads
from minas.errors import MissingExtraError
from minas.shelf import Shelf

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from minas.data.task import Task

    Predict = Callable[[NDArray[Any]], NDArray[np.int64]]
    """From samples (samples, *shape), as the task holds them, to class indices (samples,)."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One method without a network.

    Attributes:
        name: how tables and plots name it.
        domain: the domain that it is a line of.
        source: what it is, and where it is published.
        fit: learns from a task's training part, chooses by its validation part, and leaves its test part alone.
    """

    name: str
    domain: str
    source: str
    fit: Callable[[Task], Predict]


LINES: Shelf[Line] = Shelf("minas.lines", "LINE", Line, "line")


def of_domain(domain: str) -> list[Line]:
    """Return the lines of a domain."""
    return [line for line in LINES.all().values() if line.domain == domain]


def judge(line: Line, task: Task) -> Judged:
    """Fit a line to a task, and judge it on the validation and the test samples, there with intervals over samples.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    began = time.perf_counter()
    predict = line.fit(task)
    seconds = time.perf_counter() - began
    return Judged(
        name=line.name,
        source=line.source,
        seconds=seconds,
        measures=measured(task.validation.targets, predict(task.validation.inputs)),
        test=spreads(task.test.targets, predict(task.test.inputs)),
    )


def scikit_learn(module: str) -> Any:
    """Import a module of scikit-learn, such as `svm`.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        return importlib.import_module(f"sklearn.{module}")
    except ModuleNotFoundError as error:
        raise MissingExtraError("scikit-learn", "lines", "fitting a line of the field") from error
