"""How candidates are trained: the `[training]` and `[confirmation]` tables of a search space's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ClassWeights = Literal["none", "balanced"]
Vectors = Literal["none", "naive_bayes", "glove"]
Optimizer = Literal["adamw", "sgd"]
LambdaScale = Literal["absolute", "relative"]


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Brief training of one candidate: a one-cycle schedule, cross-entropy + lambda * functional.

    Attributes:
        epochs: passes over the training samples.
        batch_size: samples a step.
        learning_rate: the peak of the one-cycle schedule.
        optimizer: `adamw` (Loshchilov and Hutter 2019), or `sgd` with Nesterov's momentum, which the schedule moves from .95
            to .85 and back.
        weight_decay: AdamW's decoupled weight decay; with `sgd` that of the gradient.
        warmup: share of the steps in which the learning rate rises.
        lambda_: weight of the functional in the loss; `lambda` in the file.
        lambda_scale: with `relative`, lambda is in units of the cross-entropy at initialisation over the functional at
            initialisation, so that the same figure means as much for every functional, domain and size; with `absolute` it is
            the weight itself.
        functional: which functional: `action` or another name in `minas.action.loss`.
        fraction: share of each batch, its first samples, from which the functional is taken during training.
        augmentation: the domain's own options, such as `shift` in pixels.
        class_weights: `balanced` lets every class count alike in the cross-entropy, however few samples it has; with `none`
            every sample does.
        folds: into how many folds the training and validation samples are cut in the search: each is once what the others'
            network is validated on, and what is measured is the mean; 1 keeps the task's own validation part. A search takes
            fewer where the data have too few groups, or samples of a class, for so many.
        patience: how many epochs may pass without a lower cross-entropy of the validation part before training ends; the
            network is then the one of its best epoch, also where all were trained. 0 trains them all, and keeps the last.
        vectors: what the rows of a text's words start from, before they are trained: with `naive_bayes` how much likelier
            each word is in one class of the training samples than in the others; with `glove` GloVe's vectors of known words,
            so that a network knows what it did not learn from its task; with `none` all are drawn at random.
        target_error: an error on the validation part whose first epoch is noted down; 0 notes none. The training goes on.
    """

    epochs: int = field(default=6, metadata={"minimum": 1})
    batch_size: int = field(default=128, metadata={"minimum": 2})
    learning_rate: float = field(default=0.03, metadata={"exclusive_minimum": 0})
    optimizer: Optimizer = "adamw"
    weight_decay: float = field(default=0.01, metadata={"minimum": 0})
    warmup: float = field(default=0.25, metadata={"minimum": 0, "maximum": 1})
    lambda_: float = field(default=7e-5, metadata={"minimum": 0})
    lambda_scale: LambdaScale = "absolute"
    functional: str = "action"
    fraction: float = field(default=0.125, metadata={"exclusive_minimum": 0, "maximum": 1})
    augmentation: Mapping[str, float] = field(default_factory=dict)
    class_weights: ClassWeights = "none"
    folds: int = field(default=1, metadata={"minimum": 1})
    patience: int = field(default=0, metadata={"minimum": 0})
    vectors: Vectors = "none"
    target_error: float = field(default=0.0, metadata={"minimum": 0, "maximum": 1})


@dataclass(frozen=True, kw_only=True)
class ConfirmationSettings:
    """How the members of a front are retrained and measured on test samples.

    Attributes:
        members: how many members at most.
        seeds: how often each is trained.
        epochs: passes over the training samples.
    """

    members: int = field(default=6, metadata={"minimum": 1})
    seeds: int = field(default=3, metadata={"minimum": 1})
    epochs: int = field(default=30, metadata={"minimum": 1})
