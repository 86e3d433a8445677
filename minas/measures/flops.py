"""FLOPs of one forward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minas.measures import Measure

if TYPE_CHECKING:
    from torch import Tensor, nn

    from minas.measures._trained import Trained


def count_flops(model: nn.Module, example: Tensor | tuple[Tensor, ...]) -> int:
    """Return the multiply-accumulates of one forward pass, as fvcore counts them: 1 multiply-accumulate is 1 FLOP.

    Counted are convolutions, transposed convolutions, linear maps, matrix products, attention (fused or not) and recurrent
    layers and cells. Normalisations, pointwise operators, pooling, embeddings and resampling are left out. The model is
    traced once in eval mode and left as it was. What a forward pass computes without using it, outside any module's
    output, is not seen; nor is what it works out in Python or numpy.

    A module that none of these describe says itself what it costs, by a method `flops(self, inputs, outputs)` that takes
    the tuple of its inputs and its outputs and returns multiply-accumulates; nothing inside it is counted then.

    Args:
        model: any module that takes tensors.
        example: its input, or a tuple of its inputs. The count is for all samples in it: give one sample for FLOPs a sample.

    Raises:
        UnsupportedOperator: an operator (of torch, or from another library) whose cost is not known. Never a silent zero.

    Example:
        >>> import torch
        >>> count_flops(torch.nn.Linear(10, 3), torch.zeros(1, 10))
        30
    """
    from minas.measures._counting import count

    return count(model, example).flops


def _compute(trained: Trained) -> float:
    return float(trained.counts.flops)


MEASURE = Measure(
    name="flops",
    unit="MAC",
    description="multiply-accumulates of one sample's forward pass (1 MAC = 1 FLOP): convolutions, linear maps, matrix "
    "products, attention and recurrence; normalisations and pointwise operators are left out",
    compute=_compute,
    before_training=True,
)
