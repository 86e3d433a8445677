"""FLOPs, activations and parameters of published networks, against torchvision's and timm's printed figures."""

from __future__ import annotations

import published
import pytest
import torch
from flop_oracle import oracle_flops
from fvcore.nn import ActivationCountAnalysis, FlopCountAnalysis

from minas.measures._counting import count

NORMS = ("batch_norm", "group_norm", "layer_norm", "instance_norm", "adaptive_avg_pool2d")

TABLE = {  # 10^9 multiply-accumulates, 10^6 activations, 10^6 parameters, at 224 px
    "resnet18": (1.814, 2.48, 11.69),
    "resnet50": (4.089, 11.11, 25.56),
    "mobilenet_v2": (0.301, 6.68, 3.50),
    "efficientnet_b0": (0.386, 6.75, 5.29),
    "densenet121": (2.834, 6.90, 7.98),
    "vgg16": (15.470, 13.56, 138.36),
    "convnext_tiny": (4.456, 13.44, 28.59),
    "swin_tiny": (4.491, 17.06, 28.29),
    "vit_small_spelled_out": (4.599, 11.95, 22.05),
    "vit_small_fused": (4.599, 11.95, 22.05),
}


@pytest.mark.parametrize("name", TABLE)
def test_published_network(name: str) -> None:
    model, example = getattr(published, name)().eval(), torch.zeros(1, 3, 224, 224)
    counted = count(model, example)
    params = sum(parameter.numel() for parameter in model.parameters())
    assert (round(counted.flops / 1e9, 3), round(counted.activations / 1e6, 2), round(params / 1e6, 2)) == TABLE[name]
    assert counted.flops == oracle_flops(model, example)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "convnext_tiny", "swin_tiny", "vit_small_spelled_out"])
def test_counts_as_fvcore_counts_without_its_normalisations(name: str) -> None:
    model, example = getattr(published, name)().eval(), torch.zeros(1, 3, 224, 224)
    flops, elements = FlopCountAnalysis(model, example), ActivationCountAnalysis(model, example)
    flops.set_op_handle(**{f"aten::{name}": lambda inputs, outputs: 0 for name in NORMS})
    for analysis in (flops, elements):
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    counted = count(model, example)
    assert (counted.flops, counted.activations) == (flops.total(), elements.total())
