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
    return _import(f"statsmodels.{module}", "statsmodels")


def pandas() -> Any:
    """Import pandas.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    return _import("pandas", "pandas")


def _import(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(package, "study", "analysing a study") from error
