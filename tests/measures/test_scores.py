"""The scores of imbalanced tasks against scikit-learn, and what they give where it has no answer."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from minas.analysis.bounds import score_bounds
from minas.measures import MEASURES, Trained, measure, scores
from minas.measures.roc_auc import area, log_odds

NAMES = ("balanced_accuracy", "kappa", "macro_f1", "roc_auc")


class Given(nn.Module):
    """Gives its input as logits."""

    def forward(self, x: Tensor) -> Tensor:
        return x


def judged(logits: Tensor, targets: Tensor) -> dict[str, float | None]:
    return measure(answers(logits, targets), NAMES).values


def answers(logits: Tensor, targets: Tensor) -> Trained:
    return Trained(network=Given().eval(), inputs=logits, targets=targets, classes=logits.shape[1])


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Logits and targets of 2 to 6 classes that all occur, some far more often than others, with ties among the logits."""
    classes, rng = draw(st.integers(2, 6)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    extra = rng.choice(classes, size=draw(st.integers(0, 60)), p=rng.dirichlet(np.full(classes, 0.5)))
    targets = rng.permutation(np.concatenate([np.arange(classes), extra]))
    logits = np.round(rng.normal(size=(len(targets), classes)), draw(st.integers(0, 3)))
    logits[np.arange(len(targets)), targets] += draw(st.sampled_from([0.0, 0.5, 3.0]))
    return torch.from_numpy(logits), torch.from_numpy(targets)


@settings(max_examples=60, deadline=None)
@given(drawn())
def test_scores_are_those_of_scikit_learn(sample: tuple[Tensor, Tensor]) -> None:
    oracle = pytest.importorskip("sklearn.metrics")
    logits, targets = sample
    values = judged(logits, targets)
    chosen, right = logits.argmax(1).numpy(), targets.numpy()
    assert values["macro_f1"] == pytest.approx(oracle.f1_score(right, chosen, average="macro"), abs=1e-12)
    assert values["balanced_accuracy"] == pytest.approx(oracle.balanced_accuracy_score(right, chosen), abs=1e-12)
    kappa = oracle.cohen_kappa_score(right, chosen)
    assert values["kappa"] == pytest.approx(kappa, abs=1e-12)
    for label in range(logits.shape[1]):
        share = logits.softmax(1)[:, label]
        torch.testing.assert_close(log_odds(logits, label), torch.logit(share))
        found = area(logits[:, label], targets == label)  # the logits themselves, for their ties
        assert found == pytest.approx(oracle.roc_auc_score(right == label, logits[:, label].numpy()), abs=1e-12)


def test_roc_auc_is_scikit_learns_macro_mean_of_one_class_against_the_rest() -> None:
    oracle = pytest.importorskip("sklearn.metrics")
    generator = torch.Generator().manual_seed(3)
    logits, targets = torch.randn(300, 5, generator=generator), torch.randint(5, (300,), generator=generator)
    shares = logits.double().softmax(1).numpy()
    wanted = oracle.roc_auc_score(targets.numpy(), shares, multi_class="ovr", average="macro")
    assert judged(logits, targets)["roc_auc"] == pytest.approx(wanted, abs=1e-12)


def test_worked_by_hand() -> None:
    logits = torch.tensor([[2.0, 1], [3, 1], [0, 1], [1, 0]])
    values = judged(logits, torch.tensor([0, 0, 1, 1]))
    assert values["balanced_accuracy"] == 0.75
    assert values["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert values["kappa"] == pytest.approx(0.5)
    # Of the four pairs of a sample of class 0 and one of class 1: (1, -1), (2, -1), (2, 1) are in order, (1, 1) is a tie.
    assert values["roc_auc"] == 0.875


def test_perfect_answers_score_1_and_one_answer_for_all_scores_what_the_bounds_say() -> None:
    targets = torch.tensor([0] * 70 + [1] * 20 + [2] * 10)
    assert judged(torch.eye(3)[targets], targets) == dict.fromkeys(NAMES, 1.0)
    constant = judged(torch.tensor([[1.0, 0, 0]]).repeat(100, 1), targets)
    bounds = score_bounds(0.3, 3)
    assert set(bounds) == set(NAMES)
    for name, value in constant.items():
        assert value is not None
        assert bounds[name].reference == pytest.approx(1 - value), name
        assert bounds[name].ideal == 0


def test_a_rare_class_counts_as_much_as_a_common_one() -> None:
    targets = torch.tensor([0] * 98 + [1] * 2)
    values = judged(torch.tensor([[1.0, 0]]).repeat(100, 1), targets)
    assert values["balanced_accuracy"] == 0.5
    assert values["kappa"] == pytest.approx(0.0)


def test_classes_that_no_sample_has_are_left_out() -> None:
    targets = torch.tensor([0, 1, 1, 0])
    logits = torch.tensor([[1.0, 0, -9], [0, 1, -9], [0, 1, -9], [0, 1, -9]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = judged(logits, targets)
    assert values["balanced_accuracy"] == 0.75
    assert values["macro_f1"] == pytest.approx((2 / 3 + 0.8) / 2)
    assert values["roc_auc"] is not None


def test_one_class_only_is_no_result_for_what_compares_classes() -> None:
    measured = measure(answers(torch.tensor([[1.0, 0]] * 3), torch.zeros(3).long()), NAMES)
    assert measured.values == {"balanced_accuracy": 1.0, "kappa": None, "macro_f1": 1.0, "roc_auc": None}
    assert measured.reasons["roc_auc"] == "all samples are of one class: there is none to tell it from"
    assert "agreement by chance is complete" in measured.reasons["kappa"]


def test_areas_do_not_saturate() -> None:
    logits = torch.tensor([[60.0, 0], [80, 0], [100, 0]])
    assert judged(logits, torch.tensor([1, 0, 0]))["roc_auc"] == pytest.approx(1.0)


def test_scores_say_that_more_of_them_is_better() -> None:
    assert set(scores()) >= set(NAMES)
    assert not MEASURES.get("error").score
