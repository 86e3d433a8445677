"""The command line: a file a command, each of which only calls the public Python interface."""

from __future__ import annotations

from minas.cli._main import main

__all__ = ["main"]
