"""The user's clock starts with the command, before anything is loaded."""

from __future__ import annotations

import subprocess
import sys
import time

from minas.api import search as api


def test_search_and_resume_are_told_when_the_command_began(cli, finished_run, monkeypatch):
    seen = []
    monkeypatch.setattr(api, "search", lambda *given, **options: seen.append(options["began"]) or finished_run)
    monkeypatch.setattr(api, "resume", lambda *given, **options: seen.append(options["began"]) or finished_run)
    before = time.monotonic()
    assert cli("search", "vision").code == 0
    assert cli("search", "--resume", finished_run.path).code == 0
    assert before <= seen[0] <= seen[1] <= time.monotonic()


def test_the_clock_starts_before_the_commands_are_loaded():
    code = (
        "import sys, minas.cli\n"
        "assert 'typer' not in sys.modules and 'minas.cli._main' not in sys.modules\n"
        "import minas.cli._main as main, time\n"
        "monotonic, main.run = time.monotonic, print\n"
        "minas.cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < float(done.stdout) <= time.monotonic()
