"""A run's front as numbers: what `minas front --json` and `--csv` print, kept stable."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from minas.analysis import confirmation
from minas.analysis.confirmation import Interval
from minas.analysis.lines import Judged
from minas.measures import known_before_training
from minas.run import records
from minas.trial import Status, Trial

if TYPE_CHECKING:
    from minas.api.run import Run

SCHEMA = 1


def front_values(run: Run) -> dict[str, Any]:
    """Return what `minas front RUN --json` prints: numbers, never strings, and null where there is none.

    `lines` are what the field's methods without a network reach, a row each: `name`, `measures` {name: number} on validation
    and `test` {name: {`mean`, `low`, `high`, `samples`}} on test samples, the 95% interval over samples. `average` is the
    average random architecture: `measures` {name: median}, over `architectures` of `source`, the `control` or the
    `initial population`; null where there is none.
    """
    shares = run.front.shares
    return {
        "schema": SCHEMA,
        "run": run.name,
        "domain": run.configuration.domain,
        "task": run.configuration.task.name,
        "seed": run.configuration.settings.seed,
        "trials": len(run.told),
        "hypervolume": run.front.hypervolume,
        "units": run.units,
        "objectives": run.configuration.objectives.names,
        "members": [_row(member.trial, member.test, shares.get(member.key), member.labels) for member in run.front],
        "baselines": baseline_rows(run.baseline_trials),
        "control": [
            _row(trial, None, None, ()) for trial in run.control if trial.status is Status.COMPLETE and not trial.late
        ],
        "lines": [line_row(line) for line in run.lines],
        "average": _average(run),
    }


def line_row(line: Judged) -> dict[str, Any]:
    """Return the row of a method without a network."""
    return {
        "name": line.name,
        "measures": dict(line.measures),
        "test": {name: dataclasses.asdict(spread) for name, spread in line.test.items()},
    }


def _average(run: Run) -> dict[str, Any] | None:
    """Return the average random architecture."""
    found = run.comparison
    if not found.average:
        return None
    return {"source": found.source, "architectures": found.random_trials, "measures": finite(found.average)}


def baseline_rows(baselines: Iterable[Trial]) -> list[dict[str, Any]]:
    """Return a row for each baseline, from its repeats: means on the validation samples, intervals on the test samples."""
    trials = [trial for trial in baselines if trial.status is Status.COMPLETE]
    tests, validations = confirmation.summarise(trials), confirmation.summarise(trials, test=False)
    rows = []
    for key, repeats in confirmation.repeats(trials).items():
        means = {name: interval.mean for name, interval in validations.get(key, {}).items()}
        row = _row(dataclasses.replace(repeats[0], measures=means), tests.get(key), None, ())
        rows.append({"name": repeats[0].candidate.baseline, **row})
    return rows


def _row(trial: Trial, test: Mapping[str, Interval] | None, on_front: float | None, labels: Iterable[str]) -> dict[str, Any]:
    return {
        "id": trial.id,
        "architecture": trial.candidate.architecture,
        "measures": finite(confirmation.validation_measures(trial)),
        "test": None if not test else {name: dataclasses.asdict(interval) for name, interval in test.items()},
        "on_front": on_front,
        "labels": list(labels),
    }


def finite(measures: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return measures with None for what is not finite: JSON has no word for it."""
    return {name: value if value is not None and math.isfinite(value) else None for name, value in measures.items()}


def varies(measure: str) -> bool:
    """Tell whether a measure can differ between seeds; what training does not change has no interval that says anything."""
    return measure not in known_before_training()


def trials_values(run: Run) -> list[dict[str, Any]]:
    """Return what `minas trials RUN --json` prints: a row for each trial of the search, in the order asked for."""
    rows = records.table(run.trials)
    return [{**row, "measures": finite(row["measures"])} for row in rows]


def front_csv(run: Run) -> str:
    """Return what `minas front RUN --csv` prints: a row a member, the same names as in JSON, dotted where nested.

    Test intervals of measures that cannot differ between seeds are left out: they repeat the measure itself.
    """
    return csv_of([_flat(row) for row in front_values(run)["members"]], ("id", "labels", "on_front"))


def csv_of(rows: list[dict[str, Any]], names: Iterable[str] = ()) -> str:
    """Return rows as CSV, null as an empty field; the names given first, then others in the order in which they appear."""
    names = list(dict.fromkeys([*names, *(name for row in rows for name in row)]))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat = {"id": row["id"], "labels": " ".join(row["labels"]), "on_front": row["on_front"]}
    flat |= {f"measures.{name}": value for name, value in row["measures"].items()}
    for name, interval in ((name, found) for name, found in (row["test"] or {}).items() if varies(name)):
        flat |= {f"test.{name}.{part}": value for part, value in interval.items()}
    return {**flat, "architecture": json.dumps(row["architecture"])}


def trials_csv(rows: list[dict[str, Any]]) -> str:
    """Return what `minas trials RUN --csv` prints, from the rows of `--json`."""
    return csv_of(
        [
            {
                **{name: value for name, value in row.items() if name not in ("measures", "architecture")},
                **{f"measures.{name}": value for name, value in row["measures"].items()},
                "architecture": json.dumps(row["architecture"]),
            }
            for row in rows
        ],
        ("number", "id", "status", "reason", "seconds"),
    )
