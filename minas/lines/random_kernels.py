"""Random convolution kernels with ridge regression: the line of signals that networks hardly beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minas import seeds
from minas.lines import Line, scikit_learn

if TYPE_CHECKING:
    from minas.data.task import Task
    from minas.lines import Predict

KERNELS = 1000
LENGTHS = (7, 9, 11)
PENALTIES = tuple(10.0 ** (power / 2) for power in range(-6, 9))
"""Of the weights; leaving out one training sample after the other decides."""


@dataclass(frozen=True)
class Kernel:
    """One random convolution.

    Attributes:
        channels: of which channels it takes the sum.
        weights: shape (channels, length).
        bias: added everywhere.
        dilation: points of time between two weights.
        padding: zeros put before and behind.
    """

    channels: NDArray[np.intp]
    weights: NDArray[np.float32]
    bias: float
    dilation: int
    padding: int


def drawn(channels: int, time: int, rng: np.random.Generator) -> Kernel:
    """Draw a kernel for signals (channels, time), as the paper does: all but the weights' zero mean over time.

    The paper takes each kernel's mean away, after every signal's own; here a signal's level may be what tells the classes.
    """
    length = int(rng.choice([length for length in LENGTHS if length <= time] or [time]))
    most = min(channels, length)
    count = int(2 ** rng.uniform(0, np.log2(most + 1)))
    chosen = rng.choice(channels, size=min(count, most), replace=False)
    dilation = int(2 ** rng.uniform(0, np.log2(max(1.0, (time - 1) / max(1, length - 1)))))
    padding = (length - 1) * dilation // 2 if rng.integers(2) else 0
    weights = rng.normal(size=(len(chosen), length)).astype(np.float32)
    return Kernel(chosen, weights, float(rng.uniform(-1, 1)), dilation, padding)


def features(signals: NDArray[np.float32], kernels: list[Kernel]) -> NDArray[np.float32]:
    """Return each kernel's largest answer and the share of its answers above 0, shape (samples, 2 kernels).

    Args:
        signals: shape (samples, channels, time).
        kernels: what is applied.
    """
    import torch
    from torch.nn import functional as F

    states = torch.from_numpy(np.ascontiguousarray(signals))
    found = []
    for kernel in kernels:
        weights = torch.from_numpy(kernel.weights)[None]
        answers = F.conv1d(states[:, kernel.channels], weights, padding=kernel.padding, dilation=kernel.dilation) + kernel.bias
        found += [answers.amax((1, 2)), (answers > 0).float().mean((1, 2))]
    out: NDArray[np.float32] = torch.stack(found, 1).numpy()
    return out


def _fit(task: Task) -> Predict:
    channels, time = task.shape
    rng = seeds.generator(0, "random kernels")
    kernels = [drawn(channels, time, rng) for _ in range(KERNELS)]
    scaler, ridge = scikit_learn("preprocessing").StandardScaler, scikit_learn("linear_model").RidgeClassifierCV
    machine = scikit_learn("pipeline").make_pipeline(scaler(), ridge(alphas=PENALTIES))
    machine.fit(features(task.train.inputs, kernels), task.train.targets)

    def predict(inputs: NDArray[Any]) -> NDArray[np.int64]:
        answers: NDArray[np.int64] = machine.predict(features(inputs, kernels))
        return answers

    return predict


LINE = Line(
    name="random kernels",
    domain="physiological",
    source="Dempster et al. 2020, arXiv 1910.13051: 1,000 random convolution kernels, not centred, with ridge regression",
    fit=_fit,
)
