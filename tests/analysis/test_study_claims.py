"""The claims beside the ceiling, on cells in which the answer is planted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from planted_study import made_up, planted_share

from minas.analysis.anova import anova
from minas.analysis.cells import Cell
from minas.analysis.claim import Claim, decide
from minas.analysis.claims import other_claims
from minas.analysis.claims_efficiency import efficiency, reached
from minas.analysis.claims_gain import larger_where_claimed
from minas.analysis.claims_modularity import edges_of, modular, modularity_and_action, pooled
from minas.analysis.claims_over_lambda import chosen_differences, distortions, frugal_or_rescaled, generalisation
from minas.analysis.claims_paper import beside_the_paper
from minas.analysis.floors import RULE, Floor
from minas.analysis.gaming import gaming
from minas.analysis.modularity import Association
from minas.analysis.responses import response
from minas.analysis.study import analyse
from minas.graph.exchange import dump
from minas.graph.structure import Architecture, Node, Stage

QUICK = dataclasses.replace(RULE, draws=100, permutations=19)


def changed(cells: list[Cell], work: Callable[[Cell], Mapping[str, float | None]]) -> list[Cell]:
    """Return cells with some measures replaced."""
    return [dataclasses.replace(cell, measures={**cell.measures, **work(cell)}) for cell in cells]


def of(claims: tuple[Claim, ...], name: str, domain: str = "vision") -> Claim:
    (found,) = [claim for claim in claims if (claim.claim, claim.domain) == (name, domain)]
    return found


def test_the_rule_of_a_claim():
    assert decide(0.1, 0.5, 0.01, 1) == "holds"
    assert decide(0.1, 0.5, 0.01, -1) == "opposite"
    assert decide(-0.5, -0.1, 0.01, -1) == "holds"
    assert decide(-0.1, 0.5, 0.01, 1) == "not decided"
    assert decide(0.1, 0.5, 0.06, 1) == "not decided", "the correction counts"
    assert decide(None, None, None, 1) == "not decided"


def generalising(effect: float, *, domains: tuple[str, ...] = ("vision",)) -> list[Cell]:
    """Cells whose test error changes by `effect` with any lambda, beside luck of a seed that both lambdas share."""
    rng = np.random.default_rng(6)
    luck = {(c.architecture, c.seed): rng.normal(0, 0.02) for c in made_up(1, domains=domains)}

    def work(cell: Cell) -> Mapping[str, float | None]:
        error = 0.2 + luck[cell.architecture, cell.seed] + (effect if cell.lambda_ else 0.0) + rng.normal(0, 0.003)
        return {"test_error": error, "test_error_rotated": error + 0.1, "train_error": 0.05}

    return changed(made_up(1, domains=domains), work)


@pytest.mark.parametrize(("effect", "answer"), [(-0.01, "holds"), (0.01, "opposite"), (0.0, "not decided")])
def test_test_errors_and_gaps_over_lambda_come_out_as_planted(effect: float, answer: str):
    claims = generalisation(generalising(effect))
    for name in ("gap", "test error", "test error, rotated"):
        claim = of(claims, name)
        assert claim.answer == answer
        assert claim.value == pytest.approx(effect, abs=0.002)
        assert claim.low < claim.value < claim.high
        assert claim.units == 20
    assert f"{100 * of(claims, 'gap').value:+.2f} percentage points" in of(claims, "gap").sentence


def test_claims_of_a_name_are_corrected_together():
    claims = [c for c in generalisation(generalising(-0.0012, domains=("vision", "text"))) if c.claim == "test error"]
    smallest = min(claims, key=lambda claim: claim.p)
    assert smallest.p_holm == pytest.approx(min(1.0, 2 * smallest.p))


def test_lambda_is_chosen_by_other_seeds_than_those_that_are_read():
    """Seed 0 alone likes the first lambda, seed 1 alone the second: each is read where the other one chose."""
    errors = {(0, 0.1): 0.1, (0, 1.0): 0.2, (1, 0.1): 0.2, (1, 1.0): 0.1}
    cells = [
        Cell(
            domain="d",
            family="f",
            instance="i",
            lambda_=weight,
            functional="action",
            strategy="s",
            seed=seed,
            measures={"error": errors.get((seed, weight), 0.3), "value": weight * (10 if seed else 1)},
        )
        for weight in (0.0, 0.1, 1.0)
        for seed in (0, 1)
    ]
    assert chosen_differences(cells, response("value"), "action") == {("d", "f", "i"): pytest.approx((1.0 + 1.0) / 2)}
    failed = [dataclasses.replace(c, status="failed") if (c.seed, c.lambda_) == (1, 1.0) else c for c in cells]
    assert chosen_differences(failed, response("value"), "action") == {("d", "f", "i"): pytest.approx((0.1 + 1.0) / 2)}


def test_no_functional_helps_by_luck():
    """The best of four lambdas, read on the same seeds, would seem to lower an error that none of them changes."""
    rng = np.random.default_rng(0)
    wrong = 0
    for seed in range(40):

        def work(cell: Cell) -> Mapping[str, float | None]:
            error = 0.1 + rng.normal(0, 0.02)
            return {"error": error, "test_error": error}

        cells = changed(made_up(seed, domains=["vision"], families=["a"], instances=8), work)
        wrong += of(generalisation(cells), "test error").answer != "not decided"
    assert wrong <= 6


def test_one_seed_decides_nothing_and_says_why():
    cells = [cell for cell in generalising(-0.01) if cell.seed == 0]
    claim = of(generalisation(cells), "test error")
    assert (claim.answer, claim.value, claim.units) == ("not decided", None, 0)
    assert "no architecture has seeds enough" in claim.sentence


def test_distortions_are_found_by_the_names_of_measures():
    assert distortions(generalising(0.0)) == ["rotated"]
    assert distortions(made_up(1, domains=["vision"])) == []


def held(action: float) -> list[Cell]:
    """Cells with activation energy in the loss, which falls to a tenth; the action changes by a factor."""
    bare = [c for c in made_up(2, domains=["vision"], noise=0.02) if c.lambda_ == 0]
    return bare + [
        dataclasses.replace(
            c,
            lambda_=1.0,
            functional="activation_energy",
            measures={
                **c.measures,
                "activation_energy": c.measures["activation_energy"] / 10,
                "action": c.measures["action"] * action * (1 + 0.01 * ((c.seed + len(c.instance) + int(c.instance[-1])) % 3)),
            },
        )
        for c in bare
    ]


def test_a_network_that_only_moved_its_energy_is_not_called_frugal():
    moved, saved = of(frugal_or_rescaled(held(3.0)), "activation energy and action"), frugal_or_rescaled(held(0.5))
    assert moved.answer == "opposite"
    assert math.exp(moved.value) == pytest.approx(3.0, rel=0.05)
    assert "the activation energy 0.1 times" in moved.sentence
    assert of(saved, "activation energy and action").answer == "holds"
    assert frugal_or_rescaled(made_up(1, domains=["vision"])) == ()


def with_gain(domain: str, gain: float) -> list[Cell]:
    rng = np.random.default_rng(len(domain))
    own = {c.architecture: rng.normal(0, 0.1) for c in planted_share(1, 0.3, domain=domain)}
    return changed(
        planted_share(1, 0.3, domain=domain),
        lambda c: {"action": c.measures["action"] * (math.exp(1 - gain - own[c.architecture]) if c.lambda_ else 1)},
    )


def test_the_gain_is_compared_between_the_kinds_of_domain_that_there_are():
    both = [*with_gain("vision", 0.5), *with_gain("neuromorphic", 1.0)]
    (larger,) = larger_where_claimed(both)
    assert (larger.answer, larger.about) == ("holds", "neuromorphic against vision")
    assert larger.low < 0.5 < larger.high
    (smaller,) = larger_where_claimed([*with_gain("vision", 1.0), *with_gain("neuromorphic", 0.5)])
    assert smaller.answer == "opposite"
    assert larger_where_claimed(with_gain("vision", 0.5)) == ()


def test_a_tasks_domain_may_be_told():
    cells = [dataclasses.replace(c, domain={"vision": "digits", "neuromorphic": "events"}[c.domain]) for c in [*with_gain("vision", 0.5), *with_gain("neuromorphic", 1.0)]]  # fmt: skip
    assert larger_where_claimed(cells) == ()
    (claim,) = larger_where_claimed(cells, kinds={"digits": "vision", "events": "neuromorphic"})
    assert claim.answer == "holds"


def training(ratio: float, *, lost: Callable[[Cell], bool] = lambda cell: False) -> list[Cell]:
    """Cells in which energy-first networks need so many times the MACs and epochs; those lost never reach the accuracy."""
    rng = np.random.default_rng(7)

    def work(cell: Cell) -> Mapping[str, float | None]:
        if lost(cell):
            return {"epochs_to_accuracy": None, "training_macs_to_accuracy": None}
        cost = 1e9 * (ratio if cell.family == "energy-first" else 1.0) * math.exp(rng.normal(0, 0.1))
        return {"training_macs_to_accuracy": cost, "epochs_to_accuracy": cost / 1e8}

    return changed(made_up(1, domains=["vision"], families=["conventional", "energy-first"]), work)


@pytest.mark.parametrize(("ratio", "answer"), [(0.7, "holds"), (1.4, "opposite"), (1.0, "not decided")])
def test_training_to_a_fixed_accuracy_is_a_ratio(ratio: float, answer: str):
    claims = efficiency(training(ratio))
    assert {claim.claim for claim in claims} == {"training MACs", "training epochs"}
    for claim in claims:
        assert (claim.answer, claim.about) == (answer, "energy-first against conventional")
        assert math.exp(claim.low) < ratio < math.exp(claim.high)


def test_the_order_of_families_does_not_turn_the_ratio():
    claim = of(efficiency(training(0.7)[::-1]), "training MACs")
    assert claim.answer == "holds"
    assert math.exp(claim.value) == pytest.approx(0.7, rel=0.05)


def test_a_family_does_not_win_by_the_cells_that_it_lacks():
    slow = of(efficiency(training(0.7, lost=lambda c: c.family == "energy-first" and c.seed == 0)), "training MACs")
    assert slow.high < 0
    assert (slow.answer, slow.barred is None) == ("not decided", False)
    assert "75% of their cells reach it and 100% of the conventional ones" in slow.sentence
    assert slow.barred in slow.sentence
    others = of(efficiency(training(0.7, lost=lambda c: c.family == "conventional" and c.seed == 0)), "training MACs")
    assert (others.answer, others.barred) == ("holds", None)


def test_where_no_cell_reaches_the_accuracy_nothing_is_asked():
    none = training(1.0, lost=lambda c: True)
    assert (reached(none), efficiency(none)) == ((), ())
    half = training(1.0, lost=lambda c: c.family == "energy-first")
    assert [(row.family, row.share) for row in reached(half)] == [("conventional", 1.0), ("energy-first", 0.0)]
    assert "no cell reaches it" in of(efficiency(half), "training MACs").sentence


def stage(edges: tuple[tuple[int, int], ...], nodes: int) -> Stage:
    return Stage(width=8, stride=2, nodes=(Node(operator="conv3x3"),) * nodes, edges=edges)


def graph(edges: tuple[tuple[int, int], ...], nodes: int, stages: int = 2) -> Architecture:
    return Architecture(kind="image", stages=(stage(edges, nodes),) * stages, head=(("grid", 3),))


LADDER = ((0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (2, 4), (3, 4))
CHAIN = ((0, 1), (1, 2), (2, 3))


def test_stages_are_one_graph_in_a_row():
    assert edges_of(graph(CHAIN, 3)) == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7)]


def floor(instance: str, action: float | None, flops: float = 1e5, domain: str = "vision") -> Floor:
    return Floor(domain=domain, family="random", instance=instance, target="own", limits=(), strategies=(), lambdas=(), action=action, flops=flops, activations=None, reason=None if action else "none")  # fmt: skip


def test_graphs_are_read_beside_their_floors():
    graphs = {
        ("vision", "random", "a"): dump(graph(LADDER, 4)),
        ("vision", "random", "b"): dump(graph(((0, 1),), 1, stages=1)),
        ("vision", "random", "c"): dump(graph(LADDER, 4)),
        ("vision", "random", "d"): {"kind": "of a table"},
    }
    rows = modular(graphs, [floor("a", 10.0), floor("b", 20.0), floor("c", None)])
    assert [(row.instance, row.excess is None, row.reason is None) for row in rows] == [
        ("a", False, True),
        ("b", True, False),
        ("c", False, False),
    ]
    assert (rows[0].action, rows[0].flops, rows[0].edges) == (10.0, 1e5, 15)
    (claim,) = modularity_and_action(rows)
    assert (claim.answer, claim.value) == ("not decided", None)


def test_modularity_that_goes_with_little_action_is_found_and_pooled():
    rng = np.random.default_rng(0)
    (row,) = modular({("vision", "random", "a"): dump(graph(LADDER, 4))}, [floor("a", 10.0)])
    rows = []
    for domain in ("vision", "text"):
        for number in range(16):
            excess, flops = rng.normal(), math.exp(rng.normal(12, 1))
            action = math.exp(-excess + rng.normal(0, 0.3)) * flops
            rows.append(
                dataclasses.replace(row, domain=domain, instance=str(number), excess=excess, flops=flops, action=action)
            )
    claims = {claim.domain: claim for claim in modularity_and_action(rows)}
    assert [claim.answer for claim in claims.values()] == ["holds"] * 3
    assert claims[""].units == 32
    assert claims[""].low > min(claims["vision"].low, claims["text"].low), "together they know more"


def test_pooling_is_fishers_mean():
    one = Association(correlation=0.5, low=0, high=0, p=0, architectures=14)
    other = Association(correlation=0.0, low=0, high=0, p=0, architectures=24)
    both = pooled([one, other])
    assert both.correlation == pytest.approx(math.tanh(10 * math.atanh(0.5) / 30))
    assert (both.low, both.high) == pytest.approx(tuple(math.tanh(10 * math.atanh(0.5) / 30 + side * 1.959964 / math.sqrt(30)) for side in (-1, 1)))  # fmt: skip
    assert pooled([one]) is None


def test_effects_beside_the_papers():
    cells = made_up(1, domains=["vision", "text"], families=["a", "b"], instances=3, lambdas=(0.0, 1.0), seeds=2)
    claims = {claim.about: claim for claim in beside_the_paper(anova(cells, "error", ranks=False).effects)}
    assert set(claims) == {"family", "instance", "domain x family"}
    row = claims["domain x family"]
    assert row.answer == ("compatible" if row.low <= 0.44 <= row.high else "differs")
    strong = changed(cells, lambda c: {"error": 0.1 + 0.1 * int(c.instance[-1]) + 0.001 * c.seed})
    assert {c.about: c.answer for c in beside_the_paper(anova(strong, "error", ranks=False).effects)}["instance"] == "differs"


def test_gaming_gives_means_whatever_the_loss_held():
    rows = gaming(changed(held(3.0), lambda c: {"rescale_gap": 2.0 if c.lambda_ else 1.0}))
    assert [(row.functional, row.lambda_) for row in rows[:2]] == [("", 0.0), ("activation_energy", 1.0)]
    bare, with_energy = rows[:2]
    assert with_energy.activation_energy == pytest.approx(bare.activation_energy / 10)
    assert with_energy.action == pytest.approx(3 * bare.action, rel=0.02)
    assert (bare.rescale_gap, with_energy.rescale_gap, bare.zero_fraction) == (1.0, 2.0, None)


def test_all_claims_of_a_study_at_once():
    cells = [
        cell
        for cell in generalising(-0.01, domains=("vision", "neuromorphic"))
        if cell.lambda_ in (0.0, 0.3) and cell.family in ("conventional", "front")
    ]
    cells[0] = dataclasses.replace(cells[0], status="failed", reason="no memory", measures={})
    found = other_claims(cells, analyse(cells, rule=QUICK))
    names = {claim.claim for claim in found.claims}
    assert names == {"effect on accuracy", "gap", "test error", "test error, rotated", "larger gain", "training MACs", "training epochs"}  # fmt: skip
    assert {row.response for row in found.over_lambda} == {"gap", "test_error", "test_error_rotated"}
    assert found.crossed == ()
    assert all(claim.sentence.endswith(".") for claim in found.claims)
