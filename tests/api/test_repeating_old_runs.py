"""A run that is older than a domain beside its own is repeated by the same command as before."""

from __future__ import annotations

import shutil
from pathlib import Path

import minas
from minas.api.repeating import repeat_command

REFERENCE = Path(__file__).resolve().parents[2] / "results" / "reference" / "vision"


def test_bounds_of_other_tasks_and_later_settings_are_of_no_concern(tmp_path: Path) -> None:
    shutil.copytree(REFERENCE, tmp_path / "run")
    command = repeat_command(minas.open_run(tmp_path / "run"))
    assert command is not None
    assert command.startswith("minas search vision --trials ")
    assert "--space" not in command
    assert "--objectives" not in command
    assert not (tmp_path / "run" / "objectives.toml").exists()
