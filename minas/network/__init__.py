"""From an architecture to a `torch.nn.Module`: the order of its operators, merges, stem and head, the initial weights."""

from __future__ import annotations

from minas.network.build import Network, build

__all__ = ["Network", "build"]
