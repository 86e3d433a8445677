"""The command line: a file a command, each of which only calls the public Python interface."""

from __future__ import annotations

from time import monotonic
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the program: exits 0, 2 for wrong use, 1 for anything else that failed."""
    began = monotonic()  # the user's clock: everything else is loaded on it
    from minas.cli._main import run

    run(began)
