"""Params: how many numbers a network has learnt."""

from __future__ import annotations

from minas.measures import Measure

MEASURE = Measure(
    name="params",
    unit="parameter",
    description="trainable parameters; shared ones count once, running statistics don't count",
    compute=lambda trained: float(trained.params),
    before_training=True,
)
