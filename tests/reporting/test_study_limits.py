"""What bounds a study's result stands in its report: readings that lack, few seeds, coarse errors, networks that learnt nothing."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from minas.analysis.ceiling import ceiling
from minas.analysis.cells import Cell
from minas.analysis.claims import OtherClaims, other_claims
from minas.analysis.claims_efficiency import efficiency, reached
from minas.analysis.floors import RULE
from minas.analysis.study import StudyAnalysis, analyse
from minas.api.study import FACT
from minas.api.study_analysis import NOTES, analyse_study
from minas.reporting.study import write_study
from minas.reporting.study_at_chance import at_chance
from minas.reporting.study_claims import claims_section
from minas.reporting.study_limits import limits
from minas.reporting.study_readings import read_of, why_missing
from minas.reporting.study_results import results
from minas.run.store import Store
from minas.trial import Candidate

QUICK = dataclasses.replace(RULE, draws=200, permutations=19)
STRATEGIES = ("usual", "slow", "other")
Measured = Callable[[int, str, float, int], dict[str, float]]


def cells(
    more: Measured = lambda *_: {}, *, seeds: int = 4, family: str = "conventional", domain: str = "vision"
) -> list[Cell]:
    """Cells of eight architectures with an error of a tenth; `more` changes measures by architecture, strategy, lambda, seed."""
    rng = np.random.default_rng(3)
    out = []
    for number in range(8):
        own, flops = rng.normal(), float(np.exp(rng.normal(12, 1)))
        for strategy in STRATEGIES:
            for weight in (0.0, 1.0):
                for seed in range(seeds):
                    measures = {
                        "error": 0.1 + rng.normal(0, 0.001),
                        "action": float(np.exp(8 + own - weight + rng.normal(0, 0.1))),
                        "flops": flops,
                        "activations": flops / 100,
                        **more(number, strategy, weight, seed),
                    }
                    out.append(
                        Cell(
                            domain=domain,
                            family=family,
                            instance=str(number),
                            lambda_=weight,
                            functional="action",
                            strategy=strategy,
                            seed=seed,
                            measures=measures,
                        )
                    )
    return out


def half_of(whole: list[Cell]) -> list[Cell]:
    """Return what a study of fraction 2 trains: of each combination two of four seeds, one of either half."""
    places = {name: place for place, name in enumerate(STRATEGIES)}
    return [c for c in whole if (int(c.instance) + places[c.strategy] + (c.seed + 1) // 2) % 2 == 0]


@pytest.fixture(scope="module")
def analysed() -> StudyAnalysis:
    return analyse(cells(), rule=QUICK)


def bad(number: int, strategy: str, weight: float, seed: int) -> dict[str, float]:
    """Half of the architectures fail with one strategy."""
    return {"error": 0.3} if strategy == "slow" and number < 4 else {}


def chance(number: int, strategy: str, weight: float, seed: int) -> dict[str, float]:
    """The first two architectures guess; their action is far below the others'."""
    return {"error": 0.49 + 0.001 * seed, "action": 1.0 + 0.1 * seed} if number < 2 else {}


def test_combinations_with_a_reading_are_counted_among_the_planned_ones() -> None:
    own = cells(bad)
    found = ceiling(own, rule=QUICK)
    main = next(item for item in read_of(found, own) if item.verdict.main)
    assert (main.read, main.planned) == (20, 24)
    assert main.sentence == "20 of 24 planned combinations of architecture and strategy have a reading."
    told = why_missing(found.missing)
    assert "does not lack at random" in told
    assert "8 (8: no lambda within the limit on the error)" in told
    assert why_missing(()) == ""


def test_the_report_counts_readings_beside_each_verdict(tmp_path: Path) -> None:
    result = write_study(tmp_path, cells(bad), design={}, rule=QUICK)
    text = (tmp_path / "report.md").read_text()
    assert f"- {result.ceiling.verdict('vision').sentence} 20 of 24 planned combinations" in text
    assert len(re.findall(r"^\| vision .*\| 20 of 24 \| \*\*", text, re.MULTILINE)) == 1
    assert "8: no lambda within the limit" in text


@pytest.mark.parametrize(
    ("own", "text"),
    [
        (
            half_of(cells()),
            "An architecture has, with each strategy, 2 of the 4 seeds: a floor's lambda and strategy are chosen on 1 and read on 1",
        ),
        (
            cells(seeds=3),
            "with each strategy, 3 seeds: a floor's lambda and strategy are chosen on 1 and read on 2, both ways",
        ),
        (cells(seeds=1), "with each strategy, 1 seed: what is chosen on it can be read on no other, so there is no floor."),
        (
            [cell for cell in cells() if cell.instance != "1" or cell.seed < 2],
            "Some architectures have, with a strategy, 2 of the 4 seeds",
        ),
    ],
)
def test_seeds_are_counted_for_each_architecture_and_strategy(analysed: StudyAnalysis, own: list[Cell], text: str) -> None:
    assert text in limits(analysed, own, {})


def test_seeds_that_suffice_need_no_word(analysed: StudyAnalysis) -> None:
    assert "chosen on" not in limits(analysed, cells(), {})


@pytest.mark.parametrize(("samples", "told"), [(45, "vision (45 validation samples, 2.2 points each)"), (100, ""), (1000, "")])
def test_a_sample_that_weighs_more_than_the_rule_allows_is_told(analysed: StudyAnalysis, samples: int, told: str) -> None:
    text = limits(analysed, cells(), {"tasks": {"vision": {"samples": [200, samples, 300]}}})
    assert ("a single sample decides" in text) == bool(told)
    assert told in text


def test_architectures_that_learnt_nothing_are_named_beside_the_verdict_without_them(tmp_path: Path) -> None:
    own = cells(chance)
    design = {"tasks": {"vision": {"classes": 2}}}
    (found,) = at_chance(own, design, QUICK)
    assert list(found.architectures) == [("conventional", "0"), ("conventional", "1")]
    assert found.architectures["conventional", "0"] == pytest.approx(0.4915)
    assert found.without is not None
    assert found.without == ceiling([c for c in own if int(c.instance) > 1], rule=QUICK).verdict("vision")
    assert found.without.architectures == 6
    result = write_study(tmp_path, own, design=design, rule=QUICK)
    text = (tmp_path / "report.md").read_text()
    assert result.ceiling.verdict("vision").architectures == 8
    assert "2 architectures learnt nothing" in text
    assert "conventional/0 (49.1%) and conventional/1 (49.1%)" in text
    assert f"Beside the verdict: without them, {found.without.sentence}" in text
    assert f"Without 2 that learnt nothing (see Limits): {found.without.answer}." in text


@pytest.mark.parametrize(("classes", "idle"), [(2, 2), (10, 0), (0, 0)])
def test_chance_hangs_on_the_classes(classes: int, idle: int) -> None:
    found = at_chance(cells(chance), {"tasks": {"vision": {"classes": classes}}}, QUICK)
    assert sum(len(item.architectures) for item in found) == idle


def test_one_strategy_that_works_is_enough_to_have_learnt() -> None:
    own = cells(lambda number, strategy, weight, seed: {} if (strategy, weight) == ("other", 1.0) else {"error": 0.5})
    assert at_chance(own, {"tasks": {"vision": {"classes": 2}}}, QUICK) == ()


def test_a_domain_in_which_nothing_learns_has_no_verdict_without(analysed: StudyAnalysis) -> None:
    own = cells(lambda *_: {"error": 0.5})
    idle = at_chance(own, {"tasks": {"vision": {"classes": 2}}}, QUICK)
    assert idle[0].without is None
    assert "Beside the verdict: no other is left." in limits(analysed, own, {}, idle)


@pytest.mark.parametrize(("source", "told"), [("baselines", True), ("random", False)])
def test_energy_first_baselines_are_said_to_be_of_two_blueprints(source: str, told: bool) -> None:
    own = cells(family="energy-first")
    design = {"design": {"families": {"energy-first": {"source": source}}}}
    text = limits(analyse(own, rule=QUICK), own, design)
    assert ("two blueprints" in text) == told


def test_how_severe_distortions_are_was_fixed_after_a_look(analysed: StudyAnalysis) -> None:
    assert "after a look" not in limits(analysed, cells(), {})
    assert "after a look" in limits(analysed, cells(lambda *_: {"test_error_noisy": 0.2}), {})


def of_training(own: list[Cell]) -> OtherClaims:
    """Return the claims on training to a fixed accuracy alone."""
    return OtherClaims(claims=efficiency(own), over_lambda=(), reached=reached(own), modular=(), gaming=(), crossed=())


def test_front_members_are_said_to_be_chosen_for_few_flops() -> None:
    def cost(times: float) -> Measured:
        return lambda number, *_: {"epochs_to_accuracy": 2.0, "training_macs_to_accuracy": times * (1 + number)}

    usual = [*cells(cost(1e9)), *cells(cost(2e9), family="energy-first")]
    front = cells(cost(1e6), family="front")
    claims = of_training([*usual, *front])
    assert claims_section(claims).count("Front members were chosen for few FLOPs, and by the validation samples") == 1
    assert all(("few FLOPs" in claim.sentence) == (claim.about == "front against conventional") for claim in claims.claims)
    assert "few FLOPs" not in claims_section(of_training(usual))


def test_lambdas_that_share_their_weights_are_told_beside_the_tables() -> None:
    everywhere = [
        dataclasses.replace(cell, instance=f"MLP w{2 ** int(cell.instance)}", domain=domain)
        for domain in ("vision", "text")
        for cell in cells()
    ]
    whole = analyse(everywhere, rule=QUICK)
    text = results(whole, other_claims(everywhere, whole), {}, ())
    assert "where an instance is tested against it, the interval is somewhat too narrow" in text
    assert "the intervals of effects without lambda in them are somewhat too narrow" in text
    alone = [cell for cell in everywhere if cell.lambda_ == 0]
    least = analyse(alone, rule=QUICK)
    assert "too narrow" not in results(least, other_claims(alone, least), {}, ())


def test_notes_come_from_the_studys_folder_unless_the_new_one_has_its_own(tmp_path: Path) -> None:
    home, out = tmp_path / "study", tmp_path / "new"
    home.mkdir()
    levels = {"domain": "vision", "family": "a", "instance": "1", "lambda": 0.0, "functional": "action", "strategy": "usual"}
    with Store(home / "run.db") as store, store.transaction():
        store.put_fact(FACT, {"design": {}, "tasks": {}, "versions": {}})
        store.put_candidate(
            Candidate(
                role="study",
                number=0,
                key="k",
                architecture=None,
                baseline="MLP",
                seed=0,
                epochs=1,
                levels={**levels, "seed": 0},
            )
        )
    analyse_study(home, out=out)
    assert "## Notes" not in (out / "report.md").read_text()
    (home / NOTES).write_text("Of the study.", encoding="utf-8")
    analyse_study(home, out=out)
    assert "## Notes\n\nOf the study.\n" in (out / "report.md").read_text()
    (out / NOTES).write_text("Of this analysis.", encoding="utf-8")
    analyse_study(home, out=out)
    text = (out / "report.md").read_text()
    assert "Of this analysis." in text
    assert "Of the study." not in text
