"""One trained candidate with the samples that it is measured on, and what several measures share, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

import torch
from torch import Tensor, nn

from minas.action.masks import other_than
from minas.measures import Unavailable
from minas.measures._counting import Counts, UnsupportedOperator, count
from minas.measures._metered import Figures, metered
from minas.measures._spiking import Spiking, spiking

BATCH_ELEMENTS = 2**18
"""Elements of the samples in one batch: on networks of the vision space, half or three times as many took longer."""
LARGEST_BATCH = 512
"""Samples in one batch at most where they have padding: each number becomes a row of features, each pair of them a weight."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """A trained network, in eval mode, and one part of a task's samples.

    Attributes:
        network: the network.
        inputs: shape (samples, *shape), on the network's device.
        targets: right classes, shape (samples,), int64.
        classes: number of classes.
        padding: the number that is padding in samples of whole numbers: it contributes nothing to the action.
    """

    network: nn.Module
    inputs: Tensor
    targets: Tensor
    classes: int
    padding: int | None = None

    def __post_init__(self) -> None:
        """Refuse what would measure something else than the trained network.

        Raises:
            ValueError: a network in training mode, or no samples, or inputs and targets that don't match.
        """
        if any(module.training for module in self.network.modules()):
            raise ValueError("the network to be measured is in training mode: call network.eval() first")
        if not 0 < len(self.inputs) == len(self.targets):
            raise ValueError(f"{len(self.inputs)} inputs, {len(self.targets)} targets: expected the same number, at least 1")

    @property
    def example(self) -> Tensor:
        """The first sample, as a batch of one."""
        return self.inputs[:1]

    @property
    def device(self) -> torch.device:
        """Where the samples are, and so the network."""
        return self.inputs.device

    @property
    def logits(self) -> Tensor:
        """The network's outputs for all samples, shape (samples, classes).

        Raises:
            Unavailable: some are not finite.
        """
        logits, _ = self._pass
        if not torch.isfinite(logits).all():
            raise Unavailable("the network's outputs are not finite")
        return logits

    @property
    def figures(self) -> Figures:
        """The action and what is reported beside it, over all samples.

        Raises:
            Unavailable: the network has something in it that cannot be metered.
        """
        _, figures = self._pass
        if isinstance(figures, Unavailable):
            raise figures
        return figures

    @cached_property
    def counts(self) -> Counts:
        """FLOPs and activations of one sample.

        Raises:
            Unavailable: an operator whose cost is not known; `count_flops` raises `UnsupportedOperator`.
        """
        try:
            return count(self.network, self.example)
        except UnsupportedOperator as error:
            raise Unavailable(str(error)) from error

    @cached_property
    def params(self) -> int:
        """Number of trainable parameters; shared ones count once."""
        return sum(parameter.numel() for parameter in self.network.parameters() if parameter.requires_grad)

    @cached_property
    def spiking(self) -> Spiking:
        """Spikes and synaptic operations, means over all samples.

        Raises:
            Unavailable: neurons put out more than 0 and 1, or there are layers whose synaptic operations are not known.
        """
        return spiking(self.network, self.batches(), flops=lambda: self.counts.flops)

    def batches(self) -> tuple[Tensor, ...]:
        """Return the inputs in batches, in order."""
        most = len(self.inputs) if self.padding is None else LARGEST_BATCH
        size = min(max(1, BATCH_ELEMENTS // max(1, prod(self.inputs.shape[1:]))), most)
        return torch.split(self.inputs, size)

    def forward_all(self) -> Tensor:
        """Run all samples through the bare network and return its outputs, when the device is done with them."""
        with torch.no_grad():
            logits = torch.cat([self.network(batch) for batch in self.batches()])
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return logits

    @cached_property
    def _pass(self) -> tuple[Tensor, Figures | Unavailable]:
        """One metered pass gives outputs and figures alike; where metering fails, a bare one gives the outputs."""
        try:
            return metered(self.network, self.batches(), other_than(self.padding))
        except Unavailable as unavailable:
            return self.forward_all(), unavailable
