"""MINAS: minimum-action neural architecture search.

    import minas

    run = minas.search("vision", trials=40, seed=0)     # or minas.open_run("results/vision-...")
    member = run.front.knee()
    network = member.network()                          # a trained torch.nn.Module
    member.export("knee")                               # needs torch alone from there on

What the rooms hold, from the bottom up: `errors`, `shelf`, `resources`, `config`, `seeds` are tools; `graph` is architectures
and their search space; `objectives` and `trial` are values; `run` is a run's folder; `analysis` and `plots` are its figures;
`action` meters any network; `data`, `operators` and `network` make tasks and networks; `domains`, `spaces`, `training`,
`measures`, `baselines`, `evaluation`, `engines` and `evolution` are the search; `exports`, `reporting`, `api` and `cli` hand
it over.

Public names are loaded when first used, so that `import minas` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minas.action.meter import ActionMeter
    from minas.api.front import Front, Member
    from minas.api.run import Run, open_run
    from minas.api.search import resume, search
    from minas.exports import load
    from minas.measures.flops import count_flops

_PUBLIC = {
    "ActionMeter": "minas.action.meter",
    "Front": "minas.api.front",
    "Member": "minas.api.front",
    "Run": "minas.api.run",
    "count_flops": "minas.measures.flops",
    "load": "minas.exports",
    "open_run": "minas.api.run",
    "resume": "minas.api.search",
    "search": "minas.api.search",
}

__all__ = ["ActionMeter", "Front", "Member", "Run", "count_flops", "load", "open_run", "resume", "search"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'minas' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
