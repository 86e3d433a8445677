"""A terminal for what looks different on one."""

from __future__ import annotations

import os
import pty
import subprocess
import sys


def on_a_terminal(code: str) -> str:
    """Run Python code whose output is a terminal of 100 columns, and return what it wrote there; it may import what the tests may."""
    here, there = pty.openpty()
    environment = {**os.environ, "COLUMNS": "100", "LINES": "40", "TERM": "xterm-256color"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=there, stderr=there, stdin=there, env=environment)
    os.close(there)
    written = b""
    while True:
        try:
            part = os.read(here, 1 << 16)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        written += part
    os.close(here)
    assert process.wait(30) == 0, written.decode()
    return written.decode()
