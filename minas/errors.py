"""What users see when something that they did, or that their machine did, stops the work.

Every message says what was given, what was expected and what to type or do instead.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class MinasError(Exception):
    """A run that failed for a reason that can be named. The command line exits with 1."""

    exit_code = 1


class UsageError(MinasError):
    """Wrong use: an option, a name, a file or a configuration. The command line exits with 2."""

    exit_code = 2


class ConfigError(UsageError):
    """A TOML file that says something that MINAS does not understand."""


class DataError(UsageError):
    """A data file that cannot be used; the message names the file and what was expected in it."""


class MissingExtraError(UsageError):
    """An optional package is needed and not installed.

    Args:
        package: the package that could not be imported.
        extra: the extra of MINAS that brings it.
        purpose: what it is needed for.
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the package {package}: pip install 'minas[{extra}]'")


class ArchitectureError(UsageError):
    """An architecture, or an exported folder, that is not valid."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint that names what the user probably meant, to be put behind an error's text.

    Returns:
        `"; did you mean 'conv3x3'?"`, or the list of what there is when nothing is near.
    """
    choices = sorted(known)
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there are: {', '.join(choices)}" if choices else ""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put a file's path before the text of a UsageError that is raised inside and does not name it.

    For values that were read from a file somewhere else, and are understood here.
    """
    try:
        yield
    except UsageError as error:
        if str(path) in str(error):
            raise
        raise UsageError(f"{path}: {error}") from error
