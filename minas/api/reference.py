"""Baselines' trials, made once for each task: shipped for the default tasks, else kept in the user's cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from minas import config, resources
from minas.errors import DataError, MinasError
from minas.run.configuration import RunConfiguration
from minas.run.folder import write_atomically
from minas.run.records import trial_from_json, trial_to_json
from minas.trial import Trial

SCHEMA = 1

SILENT = {
    "class_weights": "none",
    "patience": 0,
    "vectors": "none",
    "optimizer": "adamw",
    "lambda_scale": "absolute",
    "target_error": 0.0,
}
"""Settings of training that came later, with the value that changes nothing: figures made before them still hold."""


def protocol(configuration: RunConfiguration, *, epochs: int) -> str:
    """Return a name for all that decides what a baseline's trial gives: data, training, length. Machines and seeds aside.

    Args:
        configuration: the run's configuration.
        epochs: passes over the training samples.
    """
    training = {
        name: value
        for name, value in configuration.search_space["training"].items()
        if name not in ("epochs", "folds") and SILENT.get(name) != value
    }
    text = json.dumps([SCHEMA, configuration.task.digest, config.plain(training), epochs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def find(configuration: RunConfiguration, protocol_: str) -> list[Trial]:
    """Return the baselines' trials for a task and protocol; empty where nobody has made them yet."""
    for path in (shipped(configuration), _cached(configuration, protocol_)):
        values = _read(path)
        if values.get("protocol") == protocol_ and values.get("schema") == SCHEMA:
            with contextlib.suppress(DataError, TypeError):  # a damaged cache is as good as none
                return [trial_from_json(trial) for trial in values["trials"]]
    return []


def keep(configuration: RunConfiguration, protocol_: str, trials: list[Trial], *, path: Path | None = None) -> None:
    """Keep the baselines' trials for later runs.

    Args:
        configuration: the run's configuration.
        protocol_: what `protocol` returned.
        trials: all baselines' repeats.
        path: where to; the user's cache folder by default, whose failures are no reason to stop a run.
    """
    values = {
        "schema": SCHEMA,
        "task": configuration.task.name,
        "protocol": protocol_,
        "versions": dict(configuration.versions),
        "machine": dict(configuration.machine),
        "trials": [trial_to_json(trial) for trial in sorted(trials, key=lambda trial: trial.number)],
    }
    target = path or _cached(configuration, protocol_)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, json.dumps(values, indent=1))
    except (OSError, MinasError):
        if path is not None:
            raise


def shipped(configuration: RunConfiguration) -> Path:
    """Return where the shipped figures of a default task lie."""
    return (
        resources.folder("results")
        / "reference"
        / "baselines"
        / f"{configuration.domain}-{safe_name(configuration.task.name)}.json"
    )


def _cached(configuration: RunConfiguration, protocol_: str) -> Path:
    import platformdirs

    name = f"{configuration.domain}-{safe_name(configuration.task.name)}-{protocol_}.json"
    return Path(platformdirs.user_cache_dir("minas")) / "baselines" / name


def safe_name(name: str) -> str:
    """Return a task's name as a part of a file's name."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)


def _read(path: Path) -> dict[str, Any]:
    """Return a file's values; none where it is no such file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) and isinstance(values.get("trials"), list) else {}
