"""Single comparisons of a study: families in pairs, lambda against none by seed, the gain by kind of domain; and the whole."""

from __future__ import annotations

import dataclasses
import math
import warnings

import numpy as np
import pytest
from planted_study import made_up, planted_share

from minas.analysis.cells import Cell, as_rows
from minas.analysis.contrasts import alike, families, gains, larger_gain, over_lambda
from minas.analysis.floors import RULE
from minas.analysis.study import analyse


def test_families_differ_by_what_was_planted_and_as_a_welch_test_says():
    from scipy.stats import ttest_ind

    cells = made_up(1, domains=["vision"], families=["a", "b"], family_effect=2.0, instances=6)
    (row,) = families(cells, "log_action")
    assert (row.first, row.second, row.architectures) == ("a", "b", (6, 6))
    assert row.low < 2.0 < row.high
    assert row.ratio == pytest.approx(math.exp(row.difference))
    means = {
        name: [np.mean([math.log(c.measures["action"]) for c in cells if c.instance == f"{name}-{n}"]) for n in range(6)]
        for name in "ab"
    }
    assert row.p == pytest.approx(ttest_ind(means["b"], means["a"], equal_var=False).pvalue)


def test_cells_that_lack_do_not_tilt_families():
    """Without its cells at the largest lambda, where the action is least, a family doesn't look worse."""
    cells = made_up(2, domains=["vision"], families=["a", "b"], instance_sd=0.01, noise=0.01, lambda_effect=-1.0, instances=8)
    kept = [c for c in cells if not (c.family == "a" and c.lambda_ == 3.0 and c.seed > 0)]
    (row,) = families(kept, "log_action")
    assert abs(row.difference) < 0.15


def test_pairs_are_corrected_together():
    rows = families(made_up(3, family_effect=0.3), "log_action")
    assert len(rows) == 4 * 6
    assert min(row.p_holm for row in rows) == pytest.approx(min(1.0, 24 * min(row.p for row in rows)))


def test_one_architecture_a_family_gives_a_difference_without_a_test():
    (row,) = families(made_up(4, domains=["vision"], families=["a", "b"], instances=1), "error")
    assert (row.p, row.p_holm, row.low, row.ratio) == (None, None, None, None)
    assert math.isfinite(row.difference)


def test_lambda_is_compared_seed_by_seed():
    """Differences of exactly .5 in each seed, of .1 more in the next: by hand, mean .6, paired t with 3 degrees of freedom."""
    cells = [
        Cell(
            domain="d",
            family="f",
            instance="i",
            lambda_=weight,
            functional="action",
            strategy="s",
            seed=seed,
            measures={"value": 100.0 * seed + (0.5 + 0.1 * (seed % 2) if weight else 0.0)},
        )
        for weight in (0.0, 1.0)
        for seed in range(4)
    ]
    (row,) = over_lambda(cells, "value")
    assert (row.unit, row.pairs, row.unpaired) == ("seed", 4, 0)
    assert row.difference == pytest.approx(0.55)
    reach = 3.182446 * np.std([0.5, 0.6, 0.5, 0.6], ddof=1) / 2
    assert (row.low, row.high) == pytest.approx((0.55 - reach, 0.55 + reach), rel=1e-4)
    (fewer,) = over_lambda(cells[1:], "value")
    assert (fewer.pairs, fewer.unpaired) == (3, 1)


def test_with_several_architectures_they_are_the_units():
    rows = over_lambda(made_up(5, domains=["vision"], lambda_effect=-1.0), "log_action")
    assert [row.lambda_ for row in rows] == [0.003, 0.03, 0.3, 3.0]
    assert all((row.unit, row.pairs) == ("architecture", 20) for row in rows)
    assert [row.difference for row in rows] == pytest.approx([-1, -2, -3, -4], abs=0.2)


def _with_gain(seed: int, domain: str, gain: float) -> list[Cell]:
    """Cells in which the best lambda takes `gain` off the log action: planted_share's own is 1."""
    return [
        dataclasses.replace(
            c, measures={**c.measures, "action": c.measures["action"] * (math.exp(1 - gain) if c.lambda_ else 1)}
        )
        for c in planted_share(seed, 0.3, domain=domain)
    ]


def test_gains_are_read_at_the_best_lambda_within_the_points():
    found = gains(_with_gain(1, "vision", 0.7))
    assert len(found) == 20
    assert list(found.values()) == pytest.approx([0.7] * 20)


def test_a_larger_gain_in_some_domains_is_found_and_an_equal_one_is_not():
    rng = np.random.default_rng(2)
    plain = [c for n, name in enumerate(("vision", "text")) for c in _noisy(_with_gain(n, name, 0.5), rng)]
    same = [c for n, name in enumerate(("neuromorphic", "physiological")) for c in _noisy(_with_gain(n + 5, name, 0.5), rng)]
    more = [c for n, name in enumerate(("neuromorphic", "physiological")) for c in _noisy(_with_gain(n + 5, name, 1.0), rng)]
    ask = (("neuromorphic", "physiological"), ("vision", "text"))
    equal, larger = larger_gain([*plain, *same], *ask), larger_gain([*plain, *more], *ask)
    assert equal.p > 0.01
    assert larger.p < 1e-4
    assert larger.low < 0.5 < larger.high
    assert larger.architectures == (40, 40)
    assert larger_gain(plain, *ask) is None


def test_between_two_domains_the_gains_are_compared_as_by_welch():
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(1)
    cells = [c for n, name in enumerate(("vision", "text")) for c in _noisy(_with_gain(n, name, 0.5), rng)]
    found = larger_gain(cells, ["vision"], ["text"])
    each = [[value for (domain, *_), value in gains(cells).items() if domain == name] for name in ("vision", "text")]
    test = ttest_ind(*each, equal_var=False)
    interval = test.confidence_interval(0.95)
    assert (found.p, found.low, found.high) == pytest.approx((test.pvalue, interval.low, interval.high))


def _noisy(cells: list[Cell], rng: np.random.Generator) -> list[Cell]:
    return [
        dataclasses.replace(c, measures={**c.measures, "action": c.measures["action"] * math.exp(rng.normal(0, 0.1))})
        for c in cells
    ]


def test_the_whole_analysis_gives_flat_rows_and_says_what_it_skipped():
    cells = [
        dataclasses.replace(c, measures={k: v for k, v in c.measures.items() if k != "epochs_to_accuracy"})
        for c in made_up(6, domains=["vision", "text"], strategies=("a", "b"), family_effect=0.3, lambda_effect=-0.2)
    ]
    cells[0] = dataclasses.replace(cells[0], status="failed", reason="no memory")
    found = analyse(cells, rule=dataclasses.replace(RULE, draws=100, permutations=19))
    assert set(found.skipped) == {"epochs_to_accuracy"}
    assert {table.response for table in found.tables} == {"error", "log_action", "log_activation_energy", "log_action_per_flop", "log_training_macs_to_accuracy"}  # fmt: skip
    assert (found.counted[0].cells, found.counted[0].complete) == (200, 199)
    assert sum(row.cells for row in found.left_out if row.response == "error") == 1
    for rows in (found.counted, found.left_out, found.effects, found.assumptions, found.families, found.over_lambda, found.ceiling.verdicts, found.ceiling.floors):  # fmt: skip
        table = as_rows(rows)
        assert table
        assert all(value is None or isinstance(value, str | int | float | bool) for row in table for value in row.values())


def test_families_whose_architectures_are_alike_but_for_rounding_raise_no_warning() -> None:
    cells = [
        dataclasses.replace(
            cell,
            measures={**cell.measures, "epochs_to_accuracy": 1.0 if cell.family == "conventional" else 0.1 + 0.2 + number},
        )
        for number, cell in enumerate(made_up(3, domains=("vision",), seeds=2))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = families(cells, "epochs_to_accuracy")
    assert len(rows) == 6
    assert all(row.low is not None and row.low < row.difference < row.high for row in rows)
    assert alike([0.3, 0.1 + 0.2])
    assert not alike([0.3, 0.3000001])
