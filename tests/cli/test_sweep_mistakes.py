"""What a user of `minas sweep` sees of a mistake: what was given, what to do; exit code 2, and nothing left behind."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "which domain? For example: minas sweep vision (there are: "),
        (["visoin"], "no domain named 'visoin'; did you mean 'vision'?"),
        (["vision", "--architecture", "LeNet5"], "did you mean 'LeNet-5'?"),
        (["vision", "--architecture", "/no/such/run:knee"], "no front at /no/such/run: expected a run's folder"),
        (["vision", "--functional", "acton"], "no functional of a sweep named 'acton'; did you mean 'action'?"),
        (["vision", "--lambda", "-1"], "lambda must be at least 0, not -1: give weights such as --lambda 1e-4"),
        (["vision", "--lambda", "much"], "Invalid value for '--lambda'"),
        (["vision", "--lambda", "0"], "a sweep over lambda 0 alone has nothing to compare"),
        (["vision", "--seeds", "0"], "seeds must be at least 1, not 0"),
        (["vision", "--epochs", "0"], "epochs must be at least 1, not 0"),
        (["vision", "--workers", "0"], "workers must be at least 1, not 0"),
        (["vision", "--learning-rate", "0"], "learning-rate must be above 0, not 0"),
        (["vision", "--data", "/no/such/place"], "/no/such/place: no such file or folder"),
        (["vision", "--engine", "locl"], "did you mean 'local'?"),
        (["vision", "--json", "--csv"], "--json or --csv, not both"),
        (["--resume", "/no/such/sweep"], "/no/such/sweep is not a study's folder"),
        (["vision", "--resume", "sweep"], "so a domain can't be given with it"),
        (["--resume", "sweep", "--lambda", "1e-3"], "so --lambda can't be given with it"),
        (["--resume", "sweep", "--seeds", "3"], "so --seeds can't be given with it"),
    ],
)
def test_mistakes_are_named(cli, tmp_path, monkeypatch, arguments, text):
    monkeypatch.chdir(tmp_path)
    found = cli("sweep", *arguments)
    assert found.code == 2, found
    assert text in found.err
    assert "Traceback" not in found.err
    assert not list(tmp_path.rglob("*")), "a request that can't be met leaves nothing behind"


def test_a_dry_run_tells_what_the_plan_costs_and_leaves_nothing(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = cli("sweep", "vision", "--lambda", "1e-4", "--seeds", "3", "--epochs", "2", "--dry-run")
    assert found.code == 0, found.err
    assert "6 cells" in found.out
    assert "MLP" in found.out
    assert not list(tmp_path.rglob("*"))
