"""Where data lies that installed packages ship."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from minas.errors import DataError


def installed(package: str, relative: str) -> Path:
    """Return the path of a file that an installed package ships, without importing the package.

    Args:
        package: its import name, without dots.
        relative: the file's path inside the package's folder.

    Raises:
        DataError: the package or the file is missing.
    """
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / relative
        if path.is_file():
            return path
    found = f"the installed {package} lacks it" if folders else f"{package} is not installed"
    raise DataError(f"{package}/{relative}: {found}; expected the default data in it: pip install --force-reinstall {package}")
