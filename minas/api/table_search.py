"""From what a user asks of a table of architectures to a run's whole configuration."""

from __future__ import annotations

import csv
import dataclasses
import io
import os
from collections.abc import Sequence

from minas import spaces
from minas.analysis.bounds import table_bounds
from minas.api.request import LEAST, Request, check_numbers, settings_of
from minas.errors import DataError, UsageError
from minas.objectives import Objective, ObjectiveSet
from minas.run.configuration import DataFacts, RunConfiguration, TaskFacts, machine, versions
from minas.spaces import table
from minas.training.settings import ConfirmationSettings

TRIALS = 250
"""Of a search for which neither a number nor a time was given."""

OF_TRAINING = (
    "image_size",
    "preprocessing",
    "lambda_",
    "epochs",
    "class_weights",
    "vectors",
    "confirmation_epochs",
    "confirmation_seeds",
    "limits",
)
"""What of a request means nothing where nothing is trained."""


def configuration_of(request: Request, file: str) -> tuple[RunConfiguration, table.Table]:
    """Return a search's whole configuration, and the table as a space.

    Args:
        request: what the user asks for.
        file: the table.

    Raises:
        UsageError: something asked for is unknown, out of range, or has no meaning where nothing is trained.
        DataError: the file is no such table, or there is nothing to minimise in it.
    """
    _check(request)
    document = table.describe(file, code=str(request.code), objectives=request.columns, classes=request.classes)
    space = spaces.open_space(document)
    assert isinstance(space, table.Table)
    described = space.described
    try:
        bounds = table_bounds(space.rows.values)
    except ValueError as error:
        raise DataError(f"{file}: {error}; the objectives are {', '.join(described.objectives)}, counted from 0") from error
    asked = dataclasses.replace(
        request,
        trials=TRIALS if request.trials is None and request.time is None else request.trials,
        members=0,
        workers=1 if request.workers is None else request.workers,
    )
    configuration = RunConfiguration(
        domain=table.NAME,
        task=TaskFacts(
            name=space.name, digest=described.sha256, shape=(), classes=(), samples=(0, 0, 0), source=described.file
        ),
        data=DataFacts(),
        settings=settings_of(asked, ConfirmationSettings(), {}, 0.0),
        objectives=ObjectiveSet(name=table.NAME, objectives=tuple(Objective(measure=name) for name in described.objectives)),
        measures=described.objectives,
        search_space=document.values,
        bounds=dict(zip(described.objectives, bounds, strict=True)),
        versions=versions(),
        machine=machine(),
    )
    return configuration, space


def _check(request: Request) -> None:
    """Refuse a request that lacks columns, or that asks for training."""
    if not request.code:
        raise UsageError("a search of a table needs --code: the column of the architectures' codes, a digit for each gene")
    if not request.columns:
        raise UsageError(
            "a search of a table needs --objectives: the columns to minimise, the error first, such as 100-accuracy,flops"
        )
    if len(set(request.columns)) < len(request.columns):
        raise UsageError(f"an objective is named twice: {', '.join(request.columns)}")
    usual = {field.name: field.default for field in dataclasses.fields(Request)}
    for name in OF_TRAINING:
        given = getattr(request, name)
        if given and given != usual[name]:
            shown = "limits" if name == "limits" else f"--{name.removesuffix('_').replace('_', '-')}"
            raise UsageError(f"a search of a table trains nothing, so {shown} can't be given with it; leave it out")
    if request.members:
        raise UsageError("a search of a table trains nothing, so there are no members to confirm; leave --members out")
    check_numbers({name: getattr(request, name) for name in LEAST})


def columns(given: str | os.PathLike[str] | Sequence[str] | None) -> tuple[str, ...]:
    """Return the objectives that a user named; in a text they are separated by commas, and may stand in double quotes."""
    if isinstance(given, os.PathLike):
        given = os.fspath(given)
    if isinstance(given, str):
        given = next(csv.reader(io.StringIO(given), skipinitialspace=True), [])
    return tuple(name.strip() for name in given or ())


def listed(names: Sequence[str]) -> str:
    """Return columns as one text, as the command line takes them."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(names)
    return out.getvalue()
