"""Fitting a field's lines to a task."""

from __future__ import annotations

import dataclasses
from typing import Any

from minas.api.request import Request, load_task
from minas.errors import UsageError
from minas.lines import judge, of_domain


def fit_lines(domain: str, *, data: str | None = None, image_size: int | None = None) -> list[dict[str, Any]]:
    """Fit the lines of a domain, methods without a network, to a task.

    Args:
        domain: name of the domain.
        data: a path, or None for the default data.
        image_size: side, in pixels, to which images are resized.

    Returns:
        A row a line: `name`, `source`, `seconds`, and `measures` on the validation and `test` on the test samples, each with
        `error` and `balanced_accuracy`.

    Raises:
        UsageError: there is no such domain, it has no lines, or scikit-learn is not installed.
        DataError: the data cannot be used.
    """
    found, task, _ = load_task(Request(domain=domain, data=data, image_size=image_size, trials=1))
    lines = of_domain(found.name)
    if not lines:
        raise UsageError(f"the domain {domain} has no lines")
    return [dataclasses.asdict(judge(line, task)) for line in lines]
