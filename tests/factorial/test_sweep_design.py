"""A sweep's plan: the same seeds at every lambda, lambda 0 once, absolute weights, networks in their own families."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from minas import baselines
from minas.errors import UsageError
from minas.factorial.design import FamilyDesign, StudyDesign, TaskDesign
from minas.factorial.plan import Instance, PlannedTask, plan
from minas.factorial.sweep import LAMBDAS, sweep_design, usual_architecture
from minas.training.settings import TrainingSettings
from minas.trial import Candidate

TASK = TaskDesign(domain="vision", epochs=4)


def planned(design: StudyDesign) -> list[Candidate]:
    instances = tuple(
        Instance(family=family, name=name, key=f"baseline:{name}", baseline=name)
        for family, own in design.families.items()
        for name in own.names
    )
    return plan(design, [PlannedTask(design=design.tasks[0], training=TrainingSettings(), instances=instances)])


def test_all_lambdas_and_functionals_share_their_seeds_so_that_they_pair() -> None:
    cells = planned(sweep_design(TASK, functionals=("activation", "action"), repeats=3))
    seeds = {}
    for cell in cells:
        seeds.setdefault((cell.levels["functional"], cell.levels["lambda"]), []).append(cell.seed)
    assert len(set(seeds["activation_energy", 0.0])) == 3
    assert all(found == seeds["activation_energy", 0.0] for found in seeds.values())
    assert cells == planned(sweep_design(TASK, functionals=("activation", "action"), repeats=3))


def test_lambda_zero_is_trained_once_however_many_functionals_there_are() -> None:
    cells = planned(sweep_design(TASK, architectures=("MLP", "LeNet-5"), functionals=("activation", "action"), repeats=2))
    counted = Counter((cell.levels["instance"], cell.levels["lambda"]) for cell in cells)
    for name in ("MLP", "LeNet-5"):
        assert [counted[name, weight] for weight in LAMBDAS] == [2, 4, 4, 4, 4]


def test_the_weights_are_those_in_the_loss() -> None:
    cells = planned(sweep_design(TASK, lambdas=(1e-3,), functionals=("action",), repeats=1, learning_rate=0.002))
    assert [cell.levels["lambda"] for cell in cells] == [0.0, 1e-3], "lambda 0 is always there"
    for cell in cells:
        assert cell.training["lambda"] == cell.levels["lambda"]
        assert cell.training["lambda_scale"] == "absolute"
        assert cell.training["functional"] == "action"
        assert cell.training["learning_rate"] == 0.002
        assert cell.epochs == 4
        assert cell.part == "test"


def test_networks_keep_their_families() -> None:
    design = sweep_design(TASK, architectures=("LeNet-5", "Lagrangian", "MLP", "LeNet-5"))
    assert {name: family.names for name, family in design.families.items()} == {
        "conventional": ("LeNet-5", "MLP"),
        "energy-first": ("Lagrangian",),
    }


def test_members_of_a_front_are_named_by_its_run(tmp_path: Path) -> None:
    run = tmp_path / "vision-1"
    names = (f"{run}:knee", "LeNet-5", f"{run}:1a2b3c4d", "reference:frugal")
    assert sweep_design(TASK, architectures=names).families == {
        "front": FamilyDesign(source="front", front=str(run), names=("knee", "1a2b3c4d"), instances=2),
        "conventional": FamilyDesign(names=("LeNet-5",), instances=1),
        "front reference": FamilyDesign(source="front", names=("frugal",), instances=1),
    }


@pytest.mark.parametrize("domain", ["vision", "text", "neuromorphic", "physiological"])
def test_without_a_name_each_domain_has_a_network_that_lambda_can_change(domain: str) -> None:
    name = usual_architecture(domain)
    assert baselines.find(domain, name).action
    assert (name == "MLP") == (domain == "vision")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"architectures": ("LeNet5",)}, "no baseline named 'LeNet5' in the domain vision; did you mean 'LeNet-5'?"),
        ({"architectures": ("LeNet-5 without action",)}, "whatever lambda is: sweep 'LeNet-5', whose lambda 0 is the same"),
        ({"functionals": ("activations",)}, "no functional of a sweep named 'activations'; did you mean 'activation'?"),
        ({"lambdas": (1e-3, -1.0)}, "lambda must be at least 0, not -1: give weights such as --lambda 1e-4"),
        ({"lambdas": (float("nan"),)}, "lambda must be at least 0, not nan"),
        ({"lambdas": (0.0,)}, "a sweep over lambda 0 alone has nothing to compare"),
        ({"repeats": 0}, "seeds must be at least 1, not 0"),
        ({"learning_rate": 0.0}, "learning-rate must be above 0, not 0"),
    ],
)
def test_what_no_sweep_can_be_made_of_is_refused(options, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        sweep_design(TASK, **options)
    assert text in str(caught.value)
