"""`run.toml`: the whole configuration goes through the file unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from minas.errors import ConfigError
from minas.objectives import Bounds, Objective, ObjectiveSet
from minas.run import configuration
from minas.run.configuration import RunConfiguration, Settings, TaskFacts


def example(**changes) -> RunConfiguration:
    values = {
        "domain": "vision",
        "task": TaskFacts(name='digits "ä"', digest="ab", shape=(1, 28, 28), classes=("0", "1"), samples=(30, 10, 10)),
        "data": {"path": "C:\\data\n", "seed": 2**62},
        "settings": Settings(seed=-3, trials=40, limits={"flops": 2e5}, control=True),
        "objectives": ObjectiveSet(
            name="mine",
            objectives=(Objective(measure="error"), Objective(measure="action", scale="log")),
            bounds={"mnist-5k": {"error": Bounds(ideal=0.0, reference=0.9), "action": Bounds(ideal=1.0, reference=1e5)}},
        ),
        "measures": ("error", "action"),
        "search_space": {"space": {"name": "vision"}, "training": {"lambda": 1e-5, "augmentation": {"shift": 2}}},
        "bounds": {"error": Bounds(ideal=0.0, reference=0.3), "action": Bounds(ideal=1.0, reference=2.5)},
        "versions": {"torch": "2.13.0"},
        "machine": {"cores": "2"},
    }
    return RunConfiguration(**{**values, **changes})


@pytest.mark.parametrize("settings", [Settings(trials=1), Settings(seconds=0.5, members=0), Settings(seed=7, workers=3)])
def test_a_configuration_survives_its_file(tmp_path: Path, settings: Settings) -> None:
    for written in (example(settings=settings), example(bounds={}, versions={}, settings=settings)):
        written.write(tmp_path)
        assert configuration.read(tmp_path) == written
    assert [path.name for path in tmp_path.iterdir()] == ["run.toml"]


def test_a_newer_configuration_is_refused_before_its_keys_are(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("schema = 2\nnew_key = 1\n")
    with pytest.raises(ConfigError, match=r"run\.toml was written by a newer MINAS \(schema 2\): update MINAS"):
        configuration.read(tmp_path)


def test_a_damaged_configuration_names_file_and_key(tmp_path: Path) -> None:
    example().write(tmp_path)
    path = tmp_path / "run.toml"
    path.write_text(path.read_text().replace("population = 20", "popluation = 20"))
    with pytest.raises(ConfigError, match=r"run\.toml.*unknown key 'popluation'.*did you mean 'population'"):
        configuration.read(tmp_path)


def test_versions_and_machine_are_plain_texts() -> None:
    found = configuration.versions()
    assert set(found) == {"python", *configuration.PACKAGES}
    assert all(isinstance(text, str) and text for text in [*found.values(), *configuration.machine().values()])
