"""A plan holds every combination once, with seeds that pair, and its fraction leaves it balanced."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minas.factorial.design import StrategyDesign, StudyDesign, TaskDesign
from minas.factorial.plan import Instance, PlannedTask, blocks, plan
from minas.training.settings import TrainingSettings
from minas.trial import Candidate


def planned(level: str, instances: int = 3, **own) -> PlannedTask:
    names = [f"net {number}" for number in range(instances)]
    return PlannedTask(
        design=TaskDesign(domain="vision", name=level, **own),
        training=TrainingSettings(epochs=4, learning_rate=0.02),
        instances=tuple(Instance(family="conventional", name=n, key=f"baseline:{n}", baseline=n) for n in names),
    )


def design(**changes) -> StudyDesign:
    return StudyDesign(**{"tasks": (TaskDesign(domain="vision"),), **changes})


def levels(cells: list[Candidate]) -> list[tuple]:
    return [tuple(cell.levels.values()) for cell in cells]


@given(
    seeds=st.integers(1, 4),
    lambdas=st.sampled_from([(0.0,), (0.0, 1.0), (1.0, 0.0, 0.1)]),
    functionals=st.sampled_from([("action",), ("action", "kinetic")]),
    strategies=st.integers(1, 3),
    tasks=st.integers(1, 3),
)
def test_every_combination_is_there_once(seeds, lambdas, functionals, strategies, tasks) -> None:
    kinds = tuple(StrategyDesign(name=f"s{number}") for number in range(strategies))
    whole = design(seeds=seeds, lambdas=lambdas, functionals=functionals, strategies=kinds)
    cells = plan(whole, [planned(f"t{number}") for number in range(tasks)])
    assert [cell.number for cell in cells] == list(range(len(cells)))
    found = levels(cells)
    assert len(set(found)) == len(found)
    expected = {
        (f"t{task}", "conventional", f"net {net}", lambda_, functional if lambda_ else "action", kind.name, seed)
        for task, net, lambda_, functional, kind, seed in itertools.product(
            range(tasks), range(3), lambdas, functionals, kinds, range(seeds)
        )
    }
    assert set(found) == expected


def test_cells_of_an_architecture_and_seed_pair_and_others_do_not() -> None:
    cells = plan(
        design(seeds=3, strategies=(StrategyDesign(name="a"), StrategyDesign(name="b"))), [planned("t"), planned("u")]
    )
    seeds: dict[tuple, set[int]] = {}
    for cell in cells:
        seeds.setdefault((cell.levels["domain"], cell.key, cell.levels["seed"]), set()).add(cell.seed)
    assert all(len(found) == 1 for found in seeds.values())
    assert len({next(iter(found)) for found in seeds.values()}) == len(seeds) == 2 * 3 * 3
    assert plan(design(seed=1), [planned("t")])[0].seed != plan(design(seed=2), [planned("t")])[0].seed


def test_strategies_say_what_is_trained_and_the_space_says_the_rest() -> None:
    kinds = (
        StrategyDesign(name="usual"),
        StrategyDesign(name="other", optimizer="sgd", learning_rate=0.5, weight_decay=0.0, epochs_times=1.5),
        StrategyDesign(name="slow", learning_rate_times=0.5),
    )
    cells = plan(design(strategies=kinds, lambdas=(0.0, 3.0), seeds=1), [planned("t", 1, target_error=0.2)])
    usual, heavy, other, _, slow, _ = cells
    assert usual.training == {
        "lambda": 0.0,
        "lambda_scale": "relative",
        "functional": "action",
        "optimizer": "adamw",
        "learning_rate": 0.02,
        "weight_decay": 0.01,
        "target_error": 0.2,
    }
    assert (usual.epochs, usual.part, usual.role) == (4, "test", "study")
    assert heavy.training == {**usual.training, "lambda": 3.0}
    assert other.training == {**usual.training, "optimizer": "sgd", "learning_rate": 0.5, "weight_decay": 0.0}
    assert other.epochs == 6
    assert slow.training["learning_rate"] == 0.01
    assert plan(design(seeds=1), [planned("t", 1, epochs=9)])[0].epochs == 9


@pytest.mark.parametrize("fraction", [2, 3])
@pytest.mark.parametrize("functionals", [("action",), ("action", "kinetic")])
def test_a_fraction_keeps_whole_paths_of_lambda_and_both_halves_of_the_seeds(fraction, functionals) -> None:
    kinds = tuple(StrategyDesign(name=f"s{number}") for number in range(4))
    seeds = 2 * fraction
    whole = design(seeds=seeds, strategies=kinds, fraction=fraction, functionals=functionals)
    cells = plan(whole, [planned("t", 6)])
    combinations = Counter((c.levels["instance"], c.levels["strategy"], c.levels["seed"]) for c in cells)
    with_functional = [c for c in cells if c.levels["lambda"] > 0]
    full = 6 * len(functionals) * len(kinds) * seeds * (len(whole.lambdas) - 1)
    assert len(with_functional) * fraction == full
    for instance, strategy, seed in combinations:
        own = [
            c for c in cells if (c.levels["instance"], c.levels["strategy"], c.levels["seed"]) == (instance, strategy, seed)
        ]
        assert sum(c.levels["lambda"] == 0 for c in own) == 1
        by_functional = Counter(c.levels["functional"] for c in own if c.levels["lambda"] > 0)
        assert set(by_functional.values()) == {len(whole.lambdas) - 1}
    for instance, strategy in {combination[:2] for combination in combinations}:
        halves = Counter(seed % 2 for one, other, seed in combinations if (one, other) == (instance, strategy))
        assert len(halves) == 2


def test_whatever_is_finished_first_is_balanced_over_tasks_and_architectures() -> None:
    cells = plan(design(seeds=3), [planned("t"), planned("u")])
    first = cells[: len(cells) // 3]
    assert Counter((c.levels["domain"], c.levels["instance"]) for c in first) == Counter(
        {(task, f"net {net}"): 4 for task in "tu" for net in range(3)}
    )
    assert [(name, len(own)) for name, own in blocks(cells)] == [("t", 12), ("u", 12)] * 3
