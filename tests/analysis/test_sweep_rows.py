"""A sweep's rows and verdicts, on cells in which it is known what lambda does."""

from __future__ import annotations

import dataclasses
import math

import pytest
from planted_sweep import LAMBDAS, made_up_sweep

from minas.analysis.cells import Cell
from minas.analysis.sweep import ENERGIES, sweep_rows
from minas.analysis.sweep_verdicts import sweep_verdicts

WORDS = ("to 6%", "by three orders of magnitude")


def test_each_lambda_has_a_row_and_lambda_zero_only_one() -> None:
    rows = sweep_rows(made_up_sweep(functionals=("activation_energy", "action"), instances=("MLP", "LeNet-5")))
    one = [("none", 0.0), *((name, weight) for name in ("activation_energy", "action") for weight in LAMBDAS[1:])]
    assert [(row.functional, row.lambda_) for row in rows] == one * 2
    assert [row.instance for row in rows] == ["MLP"] * 9 + ["LeNet-5"] * 9


def test_without_noise_the_figures_are_those_planted() -> None:
    rows = sweep_rows(made_up_sweep(noise=0.0))
    for row, lost, share, potential in zip(
        rows, (0, 0, 0.1, 0.2, 4), (1, 0.5, 0.1, 0.02, 0.005), (1, 1.5, 3, 10, 40), strict=True
    ):
        assert row.loss is not None
        assert (row.loss.low, row.loss.mean, row.loss.high) == pytest.approx((lost, lost, lost), abs=1e-9)
        assert row.validation_loss is not None
        assert row.validation_loss.mean == pytest.approx(lost, abs=1e-9)
        for name, planted in (("activation_energy", share), ("kinetic", share), ("potential", potential)):
            ratio = row.ratios[name]
            assert ratio is not None
            assert (ratio.low, ratio.mean, ratio.high) == pytest.approx((planted,) * 3, rel=1e-9)
        assert (row.planned, row.complete, row.pairs) == (10, 10, 10)
        assert row.means["rescale_gap"] is not None
        assert row.means["rescale_gap"].mean == pytest.approx(0.1)


def test_pairing_takes_out_what_a_seed_does_to_all_lambdas() -> None:
    """Seeds differ by a point of accuracy and by half a unit of log energy; the paired figures don't see it."""
    row = sweep_rows(made_up_sweep())[3]
    assert row.accuracy is not None
    assert row.loss is not None
    assert row.accuracy.high - row.accuracy.low > 0.005  # type: ignore[operator]
    assert row.loss.high - row.loss.low < 0.1  # type: ignore[operator]
    energy, mean = row.ratios["activation_energy"], row.means["activation_energy"]
    assert energy is not None
    assert mean is not None
    assert energy.high / energy.low < 1.02  # type: ignore[operator]
    assert mean.high / mean.low > 1.2  # type: ignore[operator]


def test_the_interval_is_that_of_the_paired_differences() -> None:
    from scipy.stats import t

    cells = made_up_sweep(seeds=3, lambdas=(0.0, 1e-4), noise=0.0)
    shifts = [0.001, 0.003, 0.008]
    cells = [_shifted(cell, shifts[cell.seed]) if cell.lambda_ else cell for cell in cells]
    row = sweep_rows(cells)[1]
    middle = 0.4
    half = float(t.ppf(0.975, 2)) * math.sqrt(((0.3**2) + (0.1**2) + (0.4**2)) / 2 / 3)
    assert row.loss is not None
    assert (row.loss.low, row.loss.mean, row.loss.high) == pytest.approx((middle - half, middle, middle + half))
    logs = [math.log(1 + 100 * shift) for shift in shifts]
    ratio = row.ratios["action"]
    assert ratio is not None
    assert ratio.mean == pytest.approx(math.exp(sum(logs) / 3), rel=1e-9), "half of T and half as much more of V: S stays"
    assert ratio.low < ratio.mean < ratio.high  # type: ignore[operator]
    assert ratio.low * ratio.high == pytest.approx(ratio.mean**2)  # type: ignore[operator]


def _shifted(cell: Cell, shift: float) -> Cell:
    factor = 1 + 100 * shift
    measures = {name: value * factor if name in ENERGIES else value for name, value in cell.measures.items() if value}
    return dataclasses.replace(cell, measures={**measures, "test_error": cell.measures["test_error"] + shift})  # type: ignore[operator]


def test_what_did_not_complete_is_counted_by_reason_and_in_no_mean() -> None:
    ends = {
        (1e-3, 0): ("diverged", "the loss is not a number"),
        (1e-3, 4): ("diverged", "the loss is not a number"),
        (1e-4, 2): ("failed", "a worker broke twice"),
        (0.0, 7): ("failed", None),
    }
    rows = {row.lambda_: row for row in sweep_rows(made_up_sweep(ends=ends))}
    assert rows[1e-3].left_out == (("diverged: the loss is not a number", 2),)
    assert (rows[1e-3].complete, rows[1e-3].planned, rows[1e-3].pairs, rows[1e-3].diverged) == (8, 10, 7, 2)
    assert rows[1e-4].left_out == (("failed: a worker broke twice", 1),)
    assert (rows[1e-4].complete, rows[1e-4].pairs, rows[1e-4].diverged) == (9, 8, 0)
    assert rows[0.0].left_out == (("failed", 1),)
    assert (rows[1e-5].complete, rows[1e-5].pairs) == (10, 9)
    accuracy, loss = rows[1e-3].accuracy, rows[1e-3].loss
    assert accuracy is not None
    assert loss is not None
    assert (accuracy.seeds, loss.seeds) == (8, 7)


def test_a_network_that_fell_asleep_has_no_ratio_and_says_at_how_many_seeds() -> None:
    cells = [
        dataclasses.replace(cell, measures={**cell.measures, "kinetic": 0.0})
        if (cell.lambda_, cell.seed) in {(1e-2, 0), (1e-2, 1)}
        else cell
        for cell in made_up_sweep()
    ]
    row = sweep_rows(cells)[-1]
    kinetic, action = row.ratios["kinetic"], row.ratios["action"]
    assert kinetic is not None
    assert action is not None
    assert (kinetic.seeds, action.seeds, row.pairs) == (8, 10, 10)


def test_with_one_seed_there_are_means_and_no_intervals_and_nothing_is_decided() -> None:
    rows = sweep_rows(made_up_sweep(seeds=1))
    assert rows[2].loss is not None
    assert rows[2].loss.high is None
    verdict = sweep_verdicts(rows)[0]
    assert verdict.lambda_ is None
    assert set(verdict.answers.values()) == {"not decided"}


def test_without_lambda_zero_there_are_no_differences() -> None:
    rows = sweep_rows([cell for cell in made_up_sweep() if cell.lambda_ > 0])
    assert all(row.pairs == 0 and row.loss is None and set(row.ratios.values()) == {None} for row in rows)
    assert set(sweep_verdicts(rows)[0].answers.values()) == {"not decided"}


@pytest.mark.parametrize(
    ("shares", "losses", "lambda_", "answers"),
    [
        # E falls to 2% at a lambda that costs .2 points: the first statement holds, the second is seen nowhere.
        ((1, 0.5, 0.1, 0.02, 0.005), (0, 0, 0.1, 0.2, 4), 1e-3, ("holds", "does not hold")),
        # to .05% at no cost: both.
        ((1, 0.5, 0.1, 0.02, 0.0005), (0, 0, 0.1, 0.2, 0.2), 1e-2, ("holds", "holds")),
        # Only lambdas that cost much bring E down.
        ((1, 0.9, 0.5, 0.02, 0.0005), (0, 0, 0.1, 2, 4), 1e-4, ("does not hold", "does not hold")),
        # All lambdas cost much.
        ((1, 0.9, 0.5, 0.02, 0.0005), (0, 1, 1, 2, 4), None, ("does not hold", "does not hold")),
        # The loss at the lambda that counts is just at the limit.
        ((1, 0.9, 0.5, 0.02, 0.0005), (0, 0, 0, 0.5, 4), 1e-4, ("not decided", "does not hold")),
        # E stands just at the limit.
        ((1, 0.9, 0.5, 0.06, 0.0005), (0, 0, 0, 0, 4), 1e-3, ("not decided", "does not hold")),
    ],
)
def test_the_rule_says_holds_does_not_and_not_decided(shares, losses, lambda_, answers) -> None:
    verdict = sweep_verdicts(sweep_rows(made_up_sweep(shares=shares, losses=losses)))[0]
    assert verdict.lambda_ == lambda_
    assert tuple(verdict.answers[words] for words in WORDS) == answers
    for words, answer in zip(WORDS, answers, strict=True):
        assert f"that E falls {words}: {answer}" in verdict.sentence


def test_a_lambda_that_diverges_speaks_against_it_and_one_that_is_missing_says_nothing() -> None:
    shares, losses = (1, 0.9, 0.5, 0.02, 0.005), (0, 0, 0, 0, 0)
    for status, answer in (("diverged", "does not hold"), ("failed", "not decided"), ("not finished", "not decided")):
        ends = {(1e-3, 3): (status, None), (1e-2, 3): (status, None)}
        verdict = sweep_verdicts(sweep_rows(made_up_sweep(shares=shares, losses=losses, ends=ends)))[0]
        assert verdict.answers["to 6%"] == answer
        assert verdict.lambda_ == 1e-4


def test_the_sentence_says_what_became_of_v() -> None:
    verdict = sweep_verdicts(sweep_rows(made_up_sweep(noise=0.0)))[0]
    assert verdict.sentence == (
        "MLP, activation energy in the loss: at lambda 1e-3, E is 2% (2 to 2) of what it is at lambda 0, T 2% (2 to 2) and "
        "V 10 times (10 to 10), for 0.20 (0.20 to 0.20) points of accuracy lost. With less than 0.5 points of accuracy lost, "
        "that E falls to 6%: holds; that E falls by three orders of magnitude: does not hold."
    )


def test_the_lambda_is_chosen_on_validation_samples_and_judged_on_test_samples() -> None:
    """At 1e-2 test samples lose nothing and validation samples 4 points: it is not chosen, however little E is left."""
    cells = [
        dataclasses.replace(cell, measures={**cell.measures, "test_error": cell.measures["error"] - 0.05})
        if cell.lambda_ == 1e-2
        else cell
        for cell in made_up_sweep(losses=(0.0, 0.0, 0.1, 0.2, 4.0), shares=(1.0, 0.5, 0.3, 0.1, 0.001))
    ]
    verdict = sweep_verdicts(sweep_rows(cells))[0]
    assert verdict.lambda_ == 1e-3
    assert verdict.answers["to 6%"] == "not decided", "on test samples it would hold where it was not chosen"
