"""`minas groups`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

NAME = "groups"
HELP = """Leave one group out: train a front's knee, accurate and frugal member on all groups but one, test on that one.

A row for each group, for data whose samples have groups, such as subjects. By the protocol of the run's confirmation; what was
interrupted goes on. The tables are also written to the run's folder, as groups.json and groups.csv.

    minas groups results/physiological-20261124-101500
    minas groups results/physiological-20261124-101500 --csv
"""


def command(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    workers: Annotated[int | None, typer.Option(help="Worker processes; the run's own number by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print a row a group, and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Leave one group out."""
    from minas.api.groups import groups_csv, leave_one_group_out
    from minas.api.run import open_run
    from minas.cli import _show
    from minas.reporting.live import Live

    _show.one_of(json=json, csv=csv)
    opened = open_run(run)
    with Live(quiet=quiet or json or csv) as live:
        values = leave_one_group_out(opened, workers=workers, listener=live)
    if json:
        _show.as_json(values)
    elif csv:
        print(groups_csv(values), end="")
    else:
        _table(values)


def _table(values: dict[str, Any]) -> None:
    from minas.cli import _show

    members = values["over_groups"]
    header = ["group", "samples", "seen by the search", *(" ".join([m["id"], *m["labels"]]) for m in members)]
    rows = []
    for row in values["groups"]:
        errors = [_error(member["test"]) for member in row["members"]]
        rows.append([row["group"], str(row["samples"]), "yes" if row["seen"] else "no", *errors])
    for name, which in (("mean of all", "all"), ("mean of the unseen", "unseen")):
        if any(member[which] for member in members):
            rows.append([name, "", "", *(_error(member[which]) for member in members)])
    print(f"{values['run']}: test error of each group left out, mean ± 95% interval over seeds; of means over groups")
    _show.table(header, rows)
    for row in values["groups"]:
        if row["reason"]:
            print(f"{row['group']}: {row['reason']}")
    print(f"\n{values['selection']}")


def _error(test: dict[str, Any]) -> str:
    from minas.cli import _show

    found = test.get("error")
    if found is None:
        return "-"
    half = "" if found["high"] is None else f" ±{100 * (found['high'] - found['mean']):.2f}"
    return f"{_show.percent(found['mean'])}{half}"
