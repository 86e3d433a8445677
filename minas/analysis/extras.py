"""The packages that the analysis of a study needs beyond MINAS's own, imported where they are used: they are slow to load."""

from __future__ import annotations

import importlib
from typing import Any

from minas.errors import MissingExtraError


def statsmodels(module: str) -> Any:
    """Import a module of statsmodels, such as `formula.api`.

    Raises:
        MissingExtraError: statsmodels is not installed.
    """
    try:
        return importlib.import_module(f"statsmodels.{module}")
    except ModuleNotFoundError as error:
        raise MissingExtraError("statsmodels", "study", "analysing a study") from error


def pandas() -> Any:
    """Import pandas.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    try:
        return importlib.import_module("pandas")
    except ModuleNotFoundError as error:
        raise MissingExtraError("pandas", "study", "analysing a study") from error
