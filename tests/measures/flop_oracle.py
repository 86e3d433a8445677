"""The oracle for FLOPs: torch's own counter, halved, with all fused kernels taken away that hide what they do."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def oracle_flops(model: nn.Module, *example: torch.Tensor) -> int:
    """Return the multiply-accumulates of one forward pass in eval mode, as torch.utils.flop_counter sees them."""
    counter = FlopCounterMode(display=False)
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), torch.backends.mkldnn.flags(enabled=False), counter:
                model.eval()(*example)
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    doubled = counter.get_total_flops()
    assert doubled % 2 == 0
    return doubled // 2
