"""Class weights from what a user asks for to the command that repeats a run; figures made before them still hold."""

from __future__ import annotations

import dataclasses
import json

import pytest

from minas import config
from minas.api import reference
from minas.api.repeating import repeat_command
from minas.api.request import Request, configuration_of, load_task
from minas.errors import UsageError


@pytest.fixture(scope="module")
def task():
    return load_task(Request())


def configured(task, **asked):
    return configuration_of(Request(**asked), *task)[0]


def test_none_is_the_default_and_balanced_is_part_of_the_configuration(task):
    assert configured(task).search_space["training"]["class_weights"] == "none"
    assert configured(task, class_weights="balanced").search_space["training"]["class_weights"] == "balanced"
    with pytest.raises(UsageError, match="no class weights named 'balancd'; did you mean 'balanced'"):
        configured(task, class_weights="balancd")


def test_the_shipped_baselines_hold_without_weights_and_only_so(task):
    plain, weighted = configured(task), configured(task, class_weights="balanced")
    epochs = plain.settings.confirmation_epochs
    shipped = json.loads(reference.shipped(plain).read_text())
    assert reference.protocol(plain, epochs=epochs) == shipped["protocol"]
    assert reference.protocol(weighted, epochs=epochs) != shipped["protocol"]


def test_a_run_says_how_to_repeat_it(finished_run, tmp_path):
    import shutil

    import minas

    folder = shutil.copytree(finished_run.path, tmp_path / "run")
    space = json.loads(json.dumps(config.plain(dict(finished_run.configuration.search_space))))
    assert "--class-weights" not in finished_run.fact("repeat")
    space["training"]["class_weights"] = "balanced"
    dataclasses.replace(finished_run.configuration, search_space=space).write(folder)
    command = repeat_command(minas.open_run(folder))
    assert " --class-weights balanced " in command
    assert "--space" not in command
    del space["training"]["class_weights"]  # as in runs made before there were any
    dataclasses.replace(finished_run.configuration, search_space=space).write(folder)
    assert repeat_command(minas.open_run(folder)) == finished_run.fact("repeat")
