"""`run.toml`: the whole configuration goes through the file unchanged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from minas.data.task import DataSource
from minas.errors import ConfigError
from minas.objectives import Bounds, Objective, ObjectiveSet
from minas.run import configuration
from minas.run.configuration import DataFacts, RunConfiguration, Settings, TaskFacts


def example(**changes) -> RunConfiguration:
    values = {
        "domain": "vision",
        "task": TaskFacts(name='digits "ä"', digest="ab", shape=(1, 28, 28), classes=("0", "1"), samples=(30, 10, 10)),
        "data": DataFacts(path="C:\\data\n", seed=2**62),
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


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("seed = 4611686018427387904", "sed = 1"), "unknown key 'sed' in data; did you mean 'seed'?"),
        (("seed = 4611686018427387904", 'seed = "1"'), "data.seed must be an integer, not '1'"),
        (("path = ", "path = 1 # "), "data.path must be a text in quotes, not 1"),
        (("    28,\n", "    0,\n"), "must be a list, each item an integer, at least 1|must be an integer, at least 1, not 0"),
        (("    28,\n", f"    {2**40},\n"), "a sample of shape .* has more than 67,108,864 values"),
        (("[bounds.error]", "[bounds.flops]"), "there are bounds, and none for the objective 'error'"),
    ],
)
def test_what_no_run_writes_is_refused_by_file_and_key(tmp_path: Path, change: tuple[str, str], text: str) -> None:
    example().write(tmp_path)
    path = tmp_path / "run.toml"
    content = path.read_text()
    assert change[0] in content
    path.write_text(content.replace(*change, 1))
    with pytest.raises(ConfigError, match=rf"run\.toml.*({text})"):
        configuration.read(tmp_path)


def test_where_data_come_from_is_what_a_data_source_takes() -> None:
    assert [part.name for part in dataclasses.fields(DataFacts)] == [part.name for part in dataclasses.fields(DataSource)]
    assert dataclasses.asdict(DataFacts()) == dataclasses.asdict(DataSource())
