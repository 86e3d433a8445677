"""Settings of training from a search space's file."""

from __future__ import annotations

import pytest

from minas import config
from minas.errors import ConfigError
from minas.evaluation.work import training_settings
from minas.training.settings import ConfirmationSettings, TrainingSettings


def read(text: str) -> TrainingSettings:
    return config.parse(text, source="space.toml").section("training", TrainingSettings)


def test_lambda_is_read_under_its_own_name_and_written_so() -> None:
    settings = read('[training]\nlambda = 3e-5\nepochs = 2\nfunctional = "kinetic"\n[training.augmentation]\nshift = 2\n')
    assert (settings.lambda_, settings.epochs, settings.functional, settings.augmentation) == (
        3e-5,
        2,
        "kinetic",
        {"shift": 2},
    )
    assert config.plain(settings)["lambda"] == 3e-5
    assert training_settings(config.plain(settings)) == settings


def test_everything_has_a_default() -> None:
    assert read("") == TrainingSettings()
    assert config.parse("", source="x").section("confirmation", ConfirmationSettings) == ConfirmationSettings()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("lambda = -1", r"space\.toml.*line 2.*lambda"),
        ("lambda_ = 1e-5", r"unknown key 'lambda_' in training; did you mean 'lambda'"),
        ("epochs = 0", "epochs"),
        ("batch_size = 1", "batch_size"),
        ("fraction = 0", "fraction"),
        ("warmup = 1.5", "warmup"),
        ("learning_rate = 'high'", "learning_rate"),
        ("learning_rat = 0.1", r"did you mean 'learning_rate'"),
    ],
)
def test_mistakes_are_named(line: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read(f"[training]\n{line}\n")
