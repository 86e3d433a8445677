"""fastText's classifier: the mean of the rows of all words and of all pairs of neighbours, and one linear map."""

from __future__ import annotations

from torch import nn

from minas.baselines import Baseline, Family, both_ways
from minas.data.texts import IDS
from minas.graph import architecture as graph
from minas.network.build import build

_WIDTH = 16
_BUCKETS = 1 << 17

_DUMPED = {
    "schema": 1,
    "kind": "text",
    "stem": {"rows": IDS, "buckets": _BUCKETS, "width": _WIDTH, "grams": 2, "bag": 1},
    "stages": [{"width": _WIDTH, "stride": 1, "nodes": [{"operator": "token_pass"}], "edges": [[0, 1]]}],
    "head": {"pool": "mean"},
}


def _build(shape: tuple[int, ...], classes: int, seed: int) -> nn.Module:
    return build(graph.load(_DUMPED), shape=shape, classes=classes, seed=seed)


FAMILY = Family(
    domain="text",
    baselines=both_ways(
        Baseline(
            name="fastText",
            source="Joulin et al. 2017, arXiv 1607.01759: words and pairs, 16 dimensions",
            build=_build,
            architecture=_DUMPED,
            in_search=False,
        )
    ),
)
