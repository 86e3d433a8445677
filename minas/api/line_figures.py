"""The lines' figures, made once for each task: shipped for the default tasks, else kept in the user's cache folder."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

from minas import resources
from minas.analysis.lines import Judged, judged_from_json
from minas.api.reference import safe_name
from minas.errors import DataError, MinasError
from minas.lines import of_domain
from minas.run.configuration import TaskFacts, machine, versions
from minas.run.folder import write_atomically

SCHEMA = 1


def find(domain: str, task: TaskFacts) -> list[Judged]:
    """Return what the lines of a domain reach on a task; empty where nobody has fitted all that are on the shelf.

    The task is known by the digest of its samples and by their shape, which says how they were brought down.
    """
    wanted = {line.name for line in of_domain(domain)}
    for path in (shipped(domain, task), _cached(domain, task)):
        with contextlib.suppress(DataError, KeyError, TypeError):  # a damaged cache is as good as none
            values = _read(path)
            if values.get("schema") == SCHEMA and _identity(values["task"]) == (task.digest, list(task.shape)):
                found = [judged_from_json(row) for row in values["lines"]]
                if {line.name for line in found} == wanted:
                    return found
    return []


def keep(domain: str, task: TaskFacts, lines: list[Judged], *, path: Path | None = None) -> None:
    """Keep what a task's lines reached, for searches and readers.

    Args:
        domain: name of the domain.
        task: what the lines were fitted to.
        lines: all lines of the domain.
        path: where to; the user's cache folder by default, whose failures are no reason to stop anything.
    """
    values = {
        "schema": SCHEMA,
        "domain": domain,
        "task": {"name": task.name, "digest": task.digest, "shape": list(task.shape), "samples": list(task.samples)},
        "versions": {**versions(), "scikit-learn": _version("scikit-learn")},
        "machine": machine(),
        "lines": [line.to_json() for line in lines],
    }
    target = path or _cached(domain, task)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, json.dumps(values, indent=1) + "\n")
    except (OSError, MinasError):
        if path is not None:
            raise


def shipped(domain: str, task: TaskFacts) -> Path:
    """Return where the shipped figures of a default task lie."""
    return resources.folder("results") / "reference" / "lines" / f"{domain}-{safe_name(task.name)}.json"


def _cached(domain: str, task: TaskFacts) -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("minas")) / "lines" / f"{domain}-{safe_name(task.name)}-{task.digest[:16]}.json"


def _identity(task: Any) -> tuple[Any, Any]:
    return task["digest"], task["shape"]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _read(path: Path) -> dict[str, Any]:
    """Return a file's values; none where it is no such file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
