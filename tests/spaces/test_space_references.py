"""A reference names a space; a new kind of space is one file on the shelf, and its runs open and repeat as any."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shelves import added

import minas
from minas import config, resources, seeds, spaces
from minas.api.repeating import repeat_command
from minas.api.request import Request, configuration_of, load_task, search_space
from minas.api.work import work_of
from minas.domains import DOMAINS
from minas.errors import ConfigError, UsageError
from minas.evaluation.evaluate import evaluate
from minas.evaluation.work import open_space
from minas.run.configuration import RunConfiguration, read
from minas.trial import Candidate, Status

LADDER = '''
"""Linear maps over a hidden layer whose width is one of a few."""

from __future__ import annotations

from minas import config
from minas.errors import UsageError
from minas.spaces import SpaceKind, Variation


class Ladder:
    variation = Variation()

    def __init__(self, domain, widths):
        self.name, self.domain, self.widths = "ladder", domain, widths

    def sample(self, rng):
        return self.widths[int(rng.integers(len(self.widths)))]

    def mutate(self, architecture, rng):
        return self.sample(rng)

    def cross(self, first, second, rng):
        return (first, second)[int(rng.integers(2))]

    def key(self, architecture):
        return str(architecture)

    def dump(self, architecture):
        return {"width": architecture}

    def load(self, dumped):
        return dumped["width"]

    def neighbours(self, architecture):
        yield from ()

    def features(self, architecture, task_shape, classes):
        return {}

    def limits(self, task_shape):
        return {}

    def build(self, architecture, task, seed):
        from torch import nn

        return nn.Sequential(nn.Flatten(), nn.Linear(64, architecture), nn.Linear(architecture, 3))


def _read(reference, domain):
    if not reference:
        raise UsageError("ladder: expected widths, such as ladder:2,4")
    widths = [int(width) for width in reference.split(",")]
    values = {"ladder": {"domain": domain, "widths": widths}, "training": {"epochs": 1, "batch_size": 16, "lambda": 0.0}}
    return config.Document(source=f"ladder:{reference}", text="", values=values)


def _open(document):
    values = document.section("ladder", dict[str, str | tuple[int, ...]])
    return Ladder(values["domain"], values["widths"])


SPACE = SpaceKind(description="linear maps", read=_read, open=_open)
'''


@pytest.fixture
def ladder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with added("minas.spaces", {"ladder": LADDER}, tmp_path_factory.mktemp("shelf")):
        yield


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Write 90 images of 8 x 8 pixels of three classes, and return the file."""
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "images.npz", x=rng.integers(0, 255, size=(90, 8, 8)).astype(np.uint8), y=np.arange(90) % 3)
    return tmp_path / "images.npz"


def configured(**asked: Any) -> RunConfiguration:
    request = Request(**asked)
    return configuration_of(request, *load_task(request))[0]


def test_no_prefix_means_graphs_by_name_or_file() -> None:
    file = resources.find("search_spaces", "vision")
    for reference in ("vision", str(file), "graph:vision", f"graph:{file}"):
        document = spaces.read(reference, "vision")
        assert document.values == config.read(file).values
        assert spaces.open_space(document).name == "vision"


def test_a_file_with_a_colon_in_its_name_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = resources.find("search_spaces", "vision").read_text(encoding="utf-8")
    (tmp_path / "mine:first.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert spaces.open_space(spaces.read("mine:first.toml", "vision")).name == "vision"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("visoin", "no search space named 'visoin', and no such file; did you mean 'vision'?"),
        ("graph:visoin", "no search space named 'visoin'"),
        ("grahp:vision", "no kind of space named 'grahp'; did you mean 'graph'?"),
        ("ladder:", "ladder: expected widths, such as ladder:2,4"),
        ("/no/such:file", "no search space named '/no/such:file'"),
        (r"C:\space.toml", r"no search space named 'C:\space.toml'"),
        ("", "no search space named ''"),
    ],
)
def test_what_names_nothing_is_told(ladder: None, reference: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        spaces.read(reference, "vision")
    assert message in str(caught.value)


def test_a_document_of_an_unknown_kind_names_its_line() -> None:
    with pytest.raises(ConfigError, match=r"^run.toml, line 2: no kind of space named 'ladder'; there are: "):
        open_space('\nspace_kind = "ladder"\n', "run.toml")


def test_the_configuration_keeps_what_a_worker_needs(ladder: None, images: Path, tmp_path: Path) -> None:
    configuration = configured(data=str(images), space="ladder:2,4", trials=3)
    configuration.write(tmp_path)
    again = read(tmp_path)
    assert again == configuration
    assert again.search_space["space_kind"] == "ladder"
    work = work_of(again, None)
    space = open_space(work.space, work.space_source)
    assert (space.name, space.domain, space.widths) == ("ladder", "vision", (2, 4))
    candidate = Candidate(
        role="search", number=0, key="4", architecture=space.dump(space.sample(seeds.generator(0, "t"))), seed=0, epochs=1
    )
    trial = evaluate(dataclasses.replace(work, measures=("error", "params")).to_json(), candidate)
    assert (trial.status, trial.reason) == (Status.COMPLETE, None)


def test_a_document_written_as_a_file_names_the_same_space(ladder: None, tmp_path: Path) -> None:
    """So the command that repeats a run names one file, whatever the kind of space."""
    values, _ = search_space(Request(space="ladder:2,4", epochs=3), DOMAINS.get("vision"))
    (tmp_path / "search_space.toml").write_text(config.dumps(values), encoding="utf-8")
    again, space = search_space(Request(space=str(tmp_path / "search_space.toml")), DOMAINS.get("vision"))
    assert config.plain(again) == config.plain(values)
    assert space.widths == (2, 4)


def test_a_run_of_another_kind_of_space_can_be_repeated(ladder: None, images: Path, tmp_path: Path) -> None:
    class Run:
        """The part of a run that the command is made of."""

        configuration = configured(data=str(images), space="ladder:2,4", trials=3, seed=5)
        path, told = tmp_path, (1, 2, 3)

        def fact(self, name: str) -> None:
            return None

    words = shlex.split(repeat_command(Run()))
    asked = dict(zip(words[3::2], words[4::2], strict=True))
    repeated = configured(
        data=asked["--data"],
        space=asked["--space"],
        trials=int(asked["--trials"]),
        seed=int(asked["--seed"]),
        epochs=int(asked["--epochs"]),
        lambda_=float(asked["--lambda"]),
    )
    assert config.plain(repeated.search_space) == config.plain(Run.configuration.search_space)
    assert (repeated.settings.trials, repeated.settings.seed) == (3, 5)


def test_the_reference_run_still_opens_and_repeats_by_the_shipped_space(tmp_path: Path) -> None:
    stored = Path(__file__).resolve().parents[2] / "results" / "reference" / "vision"
    shutil.copytree(stored, tmp_path / "vision", ignore=shutil.ignore_patterns("weights", "*.png"))
    run = minas.open_run(tmp_path / "vision")
    assert "space_kind" not in run.configuration.search_space
    assert open_space(work_of(run.configuration, None).space, "the run's search_space").name == "vision"
    command = repeat_command(run)
    assert command.startswith(f"minas search vision --trials {run.fact('search_ended')} --seed 0 ")
    assert "--space" not in command
