"""Activations: how much the linear operators put out, which predicts time and joules better than FLOPs do."""

from __future__ import annotations

from minas.measures import Measure

MEASURE = Measure(
    name="activations",
    unit="element",
    description="elements that the linear operators counted in flops put out for one sample: convolutions, linear maps, "
    "matrix products (attention's scores and mixed values, fused or not), the gates of recurrent layers",
    compute=lambda trained: float(trained.counts.activations),
    before_training=True,
)
