"""What a study's cells allow no test of stands in its table, wherever it was noticed."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np

from minas.analysis.cells import Cell
from minas.analysis.claims import other_claims
from minas.analysis.floors import RULE
from minas.analysis.study import analyse
from minas.reporting.study_tables import tables


def test_effects_of_topology_that_cannot_be_tested_are_listed() -> None:
    """No topology was trained by the second strategy on text; the actions aren't known."""
    rng = np.random.default_rng(1)
    cells = [
        Cell(
            domain=domain,
            family="conventional",
            instance=name,
            lambda_=0.0,
            functional="action",
            strategy=strategy,
            seed=seed,
            measures={"error": 0.2 + rng.normal(0, 0.01)},
        )
        for domain, name, strategy, seed in itertools.product(("vision", "text"), ("MLP", "MLP w64"), ("a", "b"), range(3))
        if (domain, strategy) != ("text", "b")
    ]
    analysis = analyse(cells, rule=dataclasses.replace(RULE, draws=50, permutations=9))
    rows = tables(analysis, other_claims(cells, analysis))["skipped"]
    assert {tuple(row) for row in rows} == {("response", "reason")}
    reasons = [(row["response"], row["reason"]) for row in rows]
    crossed = "topologies that run in every domain: "
    assert ("error", f"{crossed}domain x strategy: no cell has strategy b, domain text") in reasons
    assert ("log_action", f"{crossed}no cell has it") in reasons
    assert ("log_action", "log_action: no cell has it") in reasons
