"""A study's design: what its file may say, and what is refused with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from minas import config, resources
from minas.errors import ConfigError
from minas.factorial.design import FAMILIES, StudyDesign

LEAST = '[[tasks]]\ndomain = "vision"\n'


def load(tmp_path: Path, text: str) -> StudyDesign:
    path = tmp_path / "study.toml"
    path.write_text(text)
    return config.load(path, StudyDesign)


@pytest.mark.parametrize("name", resources.names("studies"))
def test_shipped_designs_can_be_read_and_written_again(name: str, tmp_path: Path) -> None:
    design = config.load(resources.find("studies", name), StudyDesign)
    assert load(tmp_path, config.dumps(design)) == design
    assert design.description


def test_a_task_alone_is_a_study_of_the_four_families(tmp_path: Path) -> None:
    design = load(tmp_path, LEAST)
    assert design.families == FAMILIES
    assert list(design.families_of(design.tasks[0])) == ["conventional", "energy-first", "random", "front"]
    assert (design.tasks[0].level, design.lambda_scale, design.fraction) == ("vision", "relative", 1)


def test_a_task_may_have_families_of_its_own(tmp_path: Path) -> None:
    own = '\n[[tasks]]\ndomain = "text"\nname = "words"\nfamilies = { few = { source = "random", instances = 2 } }\n'
    design = load(tmp_path, LEAST + own)
    assert list(design.families_of(design.tasks[1])) == ["few"]
    assert design.tasks[1].level == "words"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lambdas = [0.1, 1.0]\n" + LEAST, "0 is not among the lambdas"),
        ("lambdas = [0.0, -1.0]\n" + LEAST, "a lambda of -1"),
        ("lambdas = [0.0, 1.0, 1.0]\n" + LEAST, "1.0 stands twice in lambdas"),
        ("lambdas = []\n" + LEAST, "a study needs lambdas"),
        ('functionals = ["acton"]\n' + LEAST, "no functional named 'acton'.*action"),
        ("fraction = 2\nseeds = 6\n" + LEAST, "a fraction of 2 needs 4 seeds or a multiple, not 6"),
        ("seeds = 0\n" + LEAST, "seeds.*at least 1"),
        (LEAST + LEAST, "'vision' stands twice in tasks"),
        ("tasks = []\n", "a study needs tasks"),
        (LEAST + "target = 0.1\n", "unknown key 'target'.*target_error"),
        (LEAST + '[[strategies]]\nname = "a"\noptimizer = "adam"\n', "optimizer"),
        (LEAST + '[families]\nx = { source = "drawn" }\n', "source"),
    ],
)
def test_what_no_study_can_be_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        load(tmp_path, text)
