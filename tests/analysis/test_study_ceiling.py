"""The ceiling on planted data: the shares come back, the verdict's rule gives what it should, floors are read unbiased."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from planted_study import planted_share

from minas.analysis.ceiling import answer, ceiling, judge
from minas.analysis.cells import as_rows
from minas.analysis.floors import RULE, Rule, floors
from minas.analysis.shares import Table, shares

QUICK = dataclasses.replace(RULE, draws=500, permutations=99)


def table(
    rng: np.random.Generator, share: float, *, architectures: int = 20, strategies: int = 4, seeds: int = 4, absent: float = 0
) -> Table:
    """Return readings in which architecture has a share of a variance of 1, the rest .3, .3 and .4 of what is left."""
    strategy, interaction, noise = (part * (1 - share) for part in (0.3, 0.3, 0.4))
    effects = np.linspace(-1, 1, strategies)
    effects *= np.sqrt(strategy / effects.var(ddof=1))
    a = np.repeat(np.arange(architectures), strategies * seeds)
    s = np.tile(np.repeat(np.arange(strategies), seeds), architectures)
    flops = rng.normal(13, 1, architectures)
    size = np.stack([flops, flops - 3 + rng.normal(0, 0.5, architectures)], axis=1)
    own = size @ [1.0, 0.3] + rng.normal(0, np.sqrt(share), architectures)
    suits = rng.normal(0, np.sqrt(interaction), (architectures, strategies))
    values = own[a] + effects[s] + suits[a, s] + rng.normal(0, np.sqrt(noise), len(a))
    bands = np.empty(architectures, dtype=np.intp)
    bands[np.argsort(flops)] = np.arange(architectures) // 5
    kept = (rng.random((architectures, strategies)) >= absent)[a, s]
    return Table(architectures=a[kept], strategies=s[kept], values=values[kept], sizes=size, bands=bands)


def coverage(share: float, draws: int, absent: float = 0.0) -> tuple[float, float, float]:
    """Return how often the intervals hold the planted share, how often they support the claim, and the mean of the points."""
    rng = np.random.default_rng(11)
    found = [shares(table(rng, share, absent=absent), draws=500, permutations=1, seed=seed) for seed in range(draws)]
    held = np.mean([f.architecture_low <= share <= f.architecture_high for f in found])
    return (
        float(held),
        float(np.mean([f.architecture_low > 0.5 for f in found])),
        float(np.mean([f.architecture for f in found])),
    )


def test_intervals_cover_the_planted_shares():
    """200 draws each of three shares; on one half, the worst case, the claim is supported in no more than one of twenty."""
    found = {share: coverage(share, 200) for share in (0.05, 0.2, 0.5)}
    assert 0.92 <= np.mean([held for held, _, _ in found.values()]) <= 0.98
    for share, (_, supported, mean) in found.items():
        assert supported < 0.05
        assert mean == pytest.approx(share, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("absent", [0.0, 0.15])
def test_intervals_cover_each_planted_share(share, absent):
    """More draws than 200, over which chance alone moves a coverage of .95 by .015."""
    assert 0.92 <= coverage(share, 500, absent)[0] <= 0.98


def test_intervals_cover_the_strategies_share_too():
    rng = np.random.default_rng(2)
    covered = 0
    for seed in range(200):
        found = shares(table(rng, 0.2), draws=500, permutations=1, seed=seed)
        assert found is not None
        covered += found.strategy_low <= 0.3 * 0.8 <= found.strategy_high
    assert 0.92 <= covered / 200 <= 0.985


def test_without_an_effect_the_permutation_test_seldom_finds_one_and_with_one_nearly_always():
    rng = np.random.default_rng(3)
    without, with_ = (
        np.mean([p.p <= 0.05 for seed in range(200) if (p := shares(table(rng, share), draws=10, permutations=99, seed=seed))])
        for share in (0.0, 0.5)
    )
    assert without <= 0.08
    assert with_ >= 0.95


def test_shares_of_a_table_without_noise_by_hand():
    """Two strategies apart by 2, three architectures at 0, 1 and 5: both additive, so interaction and seeds have none."""
    own = np.array([0.0, 1.0, 5.0])
    a, s = np.repeat(np.arange(3), 4), np.tile([0, 0, 1, 1], 3)
    none = np.zeros((3, 0))
    found = shares(Table(architectures=a, strategies=s, values=own[a] + 2.0 * s, sizes=none, bands=np.zeros(3, dtype=np.intp)))
    assert found is not None
    whole = own.var(ddof=1) + 2.0
    assert (found.architecture, found.strategy) == pytest.approx((own.var(ddof=1) / whole, 2.0 / whole))
    assert found.interaction + found.seeds == pytest.approx(0, abs=1e-9)
    assert found.variance == pytest.approx(whole)


def test_components_are_those_of_a_balanced_analysis_of_variance():
    """Means of squares from statsmodels' table, put together as a textbook does for two crossed factors."""
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    data = table(np.random.default_rng(4), 0.3)
    data = dataclasses.replace(data, sizes=np.zeros((20, 0)))
    frame = pd.DataFrame({"y": data.values, "a": data.architectures.astype(str), "s": data.strategies.astype(str)})
    squares = anova_lm(ols("y ~ C(a) * C(s)", frame).fit())
    mean = squares["mean_sq"]
    own, strategy = (mean["C(a)"] - mean["C(a):C(s)"]) / 16, (mean["C(s)"] - mean["C(a):C(s)"]) / 80
    suits, noise = (mean["C(a):C(s)"] - mean["Residual"]) / 4, mean["Residual"]
    found = shares(data)
    assert found is not None
    assert (found.architecture, found.strategy, found.interaction, found.seeds) == pytest.approx(
        tuple(np.array([own, strategy, suits, noise]) / (own + strategy + suits + noise))
    )


def test_the_rule():
    assert answer(0.51, 0.9) == "supported"
    assert answer(0.1, 0.49) == "refuted"
    assert answer(0.3, 0.7) == "not decided"
    assert answer(0.5, 0.7) == answer(0.3, 0.5) == "not decided"
    assert Rule() == RULE
    assert (RULE.points, RULE.threshold, RULE.level, RULE.functional) == (1.0, 0.5, 0.95, "action")


@pytest.mark.parametrize(("share", "said"), [(0.9, "supported"), (0.05, "refuted"), (0.5, "not decided")])
def test_verdicts_of_planted_studies(share, said):
    found = ceiling(planted_share(1, share), rule=QUICK)
    main = found.verdict("vision")
    assert main.answer == said
    assert main.architecture_low <= share <= main.architecture_high
    assert main.sentence.startswith("vision: ")
    assert f"{main.architecture:.2f}" in main.sentence
    assert (main.architectures, main.strategies, main.readings, main.absent) == (20, 3, 20 * 3 * 4, 0)
    assert [(v.target, v.size_out) for v in found.verdicts] == [
        ("own", True),
        ("own", False),
        ("common", True),
        ("common", False),
    ]
    assert {"domain", "answer", "sentence", "architecture"} <= as_rows(found.verdicts)[0].keys()


def test_size_counts_as_architecture_only_where_it_is_left_in():
    small, large = ceiling(planted_share(2, 0.05, size_slope=3.0), rule=QUICK).verdicts[:2]
    assert (small.size_out, small.answer) == (True, "refuted")
    assert (large.size_out, large.answer) == (False, "supported")


def test_every_domain_has_its_own_verdict():
    found = ceiling([*planted_share(3, 0.9), *planted_share(4, 0.05, domain="text")], rule=QUICK)
    assert (found.verdict("vision").answer, found.verdict("text").answer) == ("supported", "refuted")
    with pytest.raises(KeyError):
        found.verdict("sound")


def test_too_few_architectures_or_strategies_decide_nothing():
    one_strategy = [cell for cell in planted_share(5, 0.9) if cell.strategy == "strategy 0"]
    for cells in (one_strategy, planted_share(5, 0.9, architectures=3)):
        main = ceiling(cells, rule=QUICK).verdict("vision")
        assert (main.answer, main.architecture) == ("not decided", None)
        assert "too few" in main.sentence


@pytest.mark.parametrize("change", [{"lambda_": 0.0}, {"functional": "activation_energy"}])
def test_without_the_action_in_any_loss_nothing_is_decided(change):
    """Lambda 0 alone, or another functional on the path: the strategies' own actions are no floors."""
    cells = [dataclasses.replace(c, **(change if c.lambda_ else {})) for c in planted_share(1, 0.9)]
    found = ceiling(cells, rule=QUICK)
    why = "no complete cell has the action in the loss (lambda above 0)"
    for verdict in found.verdicts:
        assert (verdict.answer, verdict.architecture, verdict.readings) == ("not decided", None, 0)
        assert verdict.sentence.startswith(f"vision: not decided by these data: {why}")
    assert {row.reason for row in found.missing} == {why}
    assert {(floor.action, floor.reason) for floor in found.floors} == {
        (None, f"not both halves of the seeds give a reading: {why}")
    }
    readings = floors(planted_share(1, 0.9), "own").readings
    assert judge(cells, readings, target="own", rule=QUICK).answer == "not decided"


def test_a_domain_whose_lambdas_are_not_trained_yet_is_not_decided():
    cells = [dataclasses.replace(c, status="planned") if c.lambda_ else c for c in planted_share(1, 0.9)]
    assert ceiling(cells, rule=QUICK).verdict("vision").answer == "not decided"


def test_a_floor_that_lacks_says_whether_it_was_trained():
    cells = [
        dataclasses.replace(c, status="planned", measures={}) if c.instance == "3" and c.seed % 2 else c
        for c in planted_share(9, 0.5)
    ]
    cells = [
        dataclasses.replace(c, status="diverged")
        if (c.instance, c.seed, c.lambda_) == ("4", 1, 0.0) or (c.instance, c.seed) == ("4", 3)
        else c
        for c in cells
    ]
    lacking = {floor.instance: floor.reason for floor in floors(cells, "own").floors if floor.action is None}
    untrained = "no lambda at which all seeds of the choosing half are complete"
    unread = "no complete cell of the chosen lambda on the reading half"
    assert lacking == {
        "3": f"not both halves of the seeds give a reading: {unread}; {untrained}",
        "4": f"not both halves of the seeds give a reading: {untrained}",
    }


def test_lambda_is_no_strategy():
    """More of lambda, at which the error is out of reach, changes nothing."""
    cells = planted_share(6, 0.4)
    worse = [
        dataclasses.replace(c, lambda_=c.lambda_ * f, measures={**c.measures, "error": 0.9, "action": 1.0})
        for c in cells
        if c.lambda_ == 1.0
        for f in (3.0, 9.0)
    ]
    before, after = ceiling(cells, rule=QUICK), ceiling([*cells, *worse], rule=QUICK)
    assert [verdict.sentence for verdict in before.verdicts] == [verdict.sentence for verdict in after.verdicts]


def test_lambda_is_at_its_best_within_the_limit():
    found = floors(planted_share(7, 0.5), "own")
    assert {floor.lambdas for floor in found.floors} == {(0.1, 0.1)}
    assert not found.missing
    strict = floors(planted_share(7, 0.5), "own", rule=Rule(points=5.0))
    assert {floor.lambdas for floor in strict.floors} == {(1.0, 1.0)}


def test_a_floor_is_read_without_the_bias_of_a_minimum():
    """Four strategies that differ by seeds alone: the least of their means lies far below the truth, the floor doesn't."""
    biases, naive = [], []
    for seed in range(40):
        cells = planted_share(seed, 0.0, strategies=4, rest=(1e-12, 0.0, 1.0), size_slope=0.0, architectures=12)
        found = floors(cells, "own")
        biases += [np.log(floor.action) + 1 for floor in found.floors if floor.action is not None]
        readings = {}
        for reading in found.readings:
            readings.setdefault((reading.instance, reading.strategy), []).append(reading.log_action)
        for name in {instance for instance, _ in readings}:
            naive.append(min(np.mean(v) for (instance, _), v in readings.items() if instance == name) + 1)
    assert np.mean(naive) < -0.4
    assert abs(np.mean(biases)) < 0.1


def test_a_lambda_at_which_a_seed_of_the_choosing_half_failed_is_not_chosen():
    cells = planted_share(8, 0.5)
    broken = [
        dataclasses.replace(c, status="diverged")
        if (c.instance, c.strategy, c.lambda_, c.seed) == ("0", "strategy 0", 0.1, 0)
        else c
        for c in cells
    ]
    whole, found = floors(cells, "own"), floors(broken, "own")
    assert len(found.readings) == len(whole.readings) - 1
    own = [reading for reading in found.readings if (reading.instance[1], reading.strategy) == ("0", "strategy 0")]
    before = {r.seed: r.log_action for r in whole.readings if (r.instance[1], r.strategy) == ("0", "strategy 0")}
    moved = {reading.seed: reading.log_action - before[reading.seed] for reading in own}
    assert moved == pytest.approx({1: 1.0, 2: 0.0, 3: 1.0})


def test_what_cannot_be_read_says_why():
    cells = [
        dataclasses.replace(c, measures={**c.measures, "error": 0.9})
        if c.strategy == "strategy 0" and c.instance == "3"
        else c
        for c in planted_share(9, 0.5)
    ]
    found = floors(cells, "own")
    assert {(m.instance, m.strategy, m.half, m.reason) for m in found.missing} == {
        ("3", "strategy 0", half, "no lambda within the limit on the error") for half in (0, 1)
    }
    verdict = judge(cells, found.readings, target="own", rule=QUICK)
    assert verdict.absent == 1


def test_architectures_of_unknown_size_are_counted():
    cells = [
        dataclasses.replace(c, measures={**c.measures, "activations": None}) if c.instance == "3" else c
        for c in planted_share(10, 0.5)
    ]
    out, left_in = ceiling(cells, rule=QUICK).verdicts[:2]
    assert (out.sizeless, out.architectures) == (1, 19)
    assert (left_in.sizeless, left_in.architectures) == (0, 20)


def test_a_common_target_leaves_out_architectures_that_never_reach_it():
    cells = planted_share(11, 0.5)
    own, common = floors(cells, "own"), floors(cells, "common")
    assert all(floor.action is not None for floor in own.floors)
    without = [floor for floor in common.floors if floor.action is None]
    assert 1 <= len(without) <= 5
    assert {floor.reason for floor in without} == {"no strategy reaches the target on both halves of the seeds"}
    assert len({floor.limits for floor in common.floors}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_a_whole_study_gives_the_planted_share_back(share):
    """From cells, choices of lambda by halves of the seeds included."""
    covered = 0
    for seed in range(200):
        cells = planted_share(1000 + seed, share)
        found = judge(cells, floors(cells, "own").readings, target="own", rule=dataclasses.replace(QUICK, permutations=1))
        covered += found.architecture_low <= share <= found.architecture_high
    assert 0.92 <= covered / 200 <= 0.98
