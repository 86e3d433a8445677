"""States of few bits are read in single precision: a sum of their squares would overflow, or lose what is small."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from minas.action.trace import Trace

LOW = frozenset({torch.float16, torch.bfloat16})


def wide(tensor: Tensor) -> Tensor:
    """Return a tensor in single precision at least."""
    return tensor.float() if tensor.dtype in LOW else tensor


def widen(trace: Trace) -> None:
    """Turn all states of a pass that is over into single precision at least."""
    for value in trace.inputs:
        value.tensor = wide(value.tensor)
    for call in trace.calls:
        for value in call.outputs:
            value.tensor = wide(value.tensor)


def without_autocast(device: str) -> AbstractContextManager[object]:
    """Return a context in which sums and products are taken as they are given."""
    return torch.autocast(device, enabled=False) if torch.is_autocast_enabled(device) else nullcontext()
