"""Which baselines a search trains by itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from minas.api import phases
from minas.baselines import Baseline


def test_what_only_its_own_command_trains_is_no_part_of_a_search(monkeypatch) -> None:
    long = {"long": Baseline(name="long", source="", build=lambda shape, classes, seed: pytest.fail("built"), in_search=False)}
    monkeypatch.setattr(phases, "of_domain", lambda name: long)
    monkeypatch.setattr(phases, "_known_baselines", lambda session: [])
    monkeypatch.setattr(phases.reference, "protocol", lambda configuration, epochs: "")
    monkeypatch.setattr(phases, "run_baselines", lambda *given, **options: pytest.fail("trained"))
    session = SimpleNamespace(
        store=SimpleNamespace(fact=lambda name, default: default, trials=lambda role: [], put_fact=lambda *fact: None),
        configuration=SimpleNamespace(domain="vision"),
        settings=SimpleNamespace(confirmation_epochs=1, confirmation_seeds=1, members=3),
        clock=SimpleNamespace(left=lambda: 1e9),
    )
    phases._baselines(session, SimpleNamespace(note=None))
