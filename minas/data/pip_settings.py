"""What a user has told pip about package indexes: where they are, by which certificates and which proxy."""

from __future__ import annotations

import ast
import contextlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass

PYPI = "https://pypi.org/simple"
_SECTIONS = ("global", "download", ":env:")  # the later one decides, as in pip
_KEYS = ("index-url", "extra-index-url", "cert", "proxy")
_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class PipSettings:
    """The settings of pip that reaching an index needs.

    Attributes:
        indexes: addresses of the indexes, the main one first.
        certificates: a file of certificates to trust, or None.
        proxy: address of a proxy, or None for what the environment says.
    """

    indexes: tuple[str, ...] = (PYPI,)
    certificates: str | None = None
    proxy: str | None = None


def read() -> PipSettings:
    """Return pip's settings, from its files and the environment; from the environment alone where pip is not installed."""
    # In a folder of its own, or a file named pip.py beside the user would run.
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "config", "list"]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
            )
            text = done.stdout if done.returncode == 0 else _environment()
        except (OSError, subprocess.TimeoutExpired):
            text = _environment()
    return parse(text)


def _environment() -> str:
    found = {key: os.environ.get("PIP_" + key.upper().replace("-", "_")) for key in _KEYS}
    return "\n".join(f":env:.{key}={value!r}" for key, value in found.items() if value)


def parse(text: str) -> PipSettings:
    """Return the settings that `pip config list` printed: a line each, `global.index-url='https://pypi.org/simple'`."""
    found: dict[tuple[str, str], str] = {}
    for line in text.splitlines():
        place, _, shown = line.partition("=")
        section, _, key = place.strip().rpartition(".")
        with contextlib.suppress(ValueError, SyntaxError):
            found[section, key] = str(ast.literal_eval(shown.strip()))
    values = {key: found[section, key] for section in _SECTIONS for key in _KEYS if (section, key) in found}
    indexes = [values.get("index-url") or PYPI, *values.get("extra-index-url", "").split()]
    return PipSettings(indexes=tuple(indexes), certificates=values.get("cert") or None, proxy=values.get("proxy") or None)
