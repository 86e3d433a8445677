"""A run that is older than a domain beside its own is repeated by the same command as before."""

from __future__ import annotations

import shutil
from pathlib import Path

import minas
from minas import config, spaces
from minas.api.repeating import _bare, repeat_command
from minas.training.settings import TrainingSettings

REFERENCE = Path(__file__).resolve().parents[2] / "results" / "reference" / "vision"


def test_what_a_shipped_space_leaves_out_has_its_default() -> None:
    shipped = spaces.read("physiological", "physiological").values
    training = config.Document(source="", text="", values=dict(shipped)).section("training", TrainingSettings)
    assert _bare({**shipped, "training": config.plain(training)}) == _bare(shipped)
    assert _bare({**shipped, "training": {**config.plain(training), "folds": 2}}) != _bare(shipped)


def test_bounds_of_other_tasks_and_later_settings_are_of_no_concern(tmp_path: Path) -> None:
    shutil.copytree(REFERENCE, tmp_path / "run")
    command = repeat_command(minas.open_run(tmp_path / "run"))
    assert command is not None
    assert command.startswith("minas search vision --trials ")
    assert "--space" not in command
    assert "--objectives" not in command
    assert not (tmp_path / "run" / "objectives.toml").exists()
