"""What every baseline on the shelf holds to, whatever its domain: no family can be forgotten here."""

from __future__ import annotations

import math

import pytest
import torch

import minas
from minas import baselines
from minas.baselines import Baseline
from minas.measures import Trained
from minas.training.loop import train
from minas.training.settings import TrainingSettings

SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {
    "vision": ((1, 28, 28), (3, 9, 21)),
    "physiological": ((6, 112), (3, 40)),
    "neuromorphic": ((6, 2, 17, 17), (3, 1, 1, 40)),
    "text": ((42,), (9,)),
}
"""The shape of each domain's default samples, and one of somebody's own."""

FAMILIES = baselines.FAMILIES.all()
EACH = [(family.domain, one.name) for family in FAMILIES.values() for one in family.baselines]
EVERYWHERE = [(domain, name, shape) for domain, name in EACH for shape in SHAPES[domain]]
SAMPLES = 16
CLASSES = 3
IDS = 500


def samples(domain: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Return samples as the domain gives them: (16, *shape); texts end at different words, and padding stands behind."""
    generator = torch.Generator().manual_seed(0)
    if domain == "text":
        ids = torch.randint(1, IDS, (SAMPLES, *shape), generator=generator)
        ends = torch.randint(1, shape[0] + 1, (SAMPLES, 1), generator=generator)
        return torch.where(torch.arange(shape[0]) < ends, ids, 0)
    drawn = torch.randn(SAMPLES, *shape, generator=generator)
    return (drawn > 1).float() if domain == "neuromorphic" else drawn


def padding_in(domain: str) -> int | None:
    """Return the number that is padding in a domain's samples."""
    return 0 if domain == "text" else None


def trained(baseline: Baseline, domain: str, shape: tuple[int, ...], seed: int = 0) -> torch.nn.Module:
    """Return the baseline after two steps of training with the action in its loss."""
    network = baseline.build(shape, CLASSES, seed)
    settings = TrainingSettings(batch_size=SAMPLES, lambda_=1e-5, learning_rate=0.001, fraction=0.5)
    targets = torch.arange(SAMPLES) % CLASSES
    inputs, padding = samples(domain, shape), padding_in(domain)
    done = train(network, inputs, targets, settings, classes=CLASSES, epochs=2, seed=seed, padding=padding)
    assert done.diverged is None
    return network.eval()


def test_every_domain_with_baselines_has_shapes_here_and_both_readings() -> None:
    for domain in SHAPES:
        found = baselines.of_domain(domain)
        for name in ("bimodal", "Lagrangian"):
            assert found[name].action
            assert not found[f"{name} without action"].action
            assert "own reading" in found[name].source
    assert set(SHAPES) == {domain for domain, _ in EACH}


@pytest.mark.parametrize(("domain", "name", "shape"), EVERYWHERE)
def test_each_trains_with_the_action_and_has_finite_measures(domain: str, name: str, shape: tuple[int, ...]) -> None:
    baseline = baselines.find(domain, name)
    before = baseline.build(shape, CLASSES, 0).state_dict()
    network = trained(baseline, domain, shape)
    assert any(not torch.equal(tensor, before[key]) for key, tensor in network.named_parameters())
    inputs, targets = samples(domain, shape), torch.arange(SAMPLES) % CLASSES
    found = Trained(network=network, inputs=inputs, targets=targets, classes=CLASSES, padding=padding_in(domain))
    assert found.logits.shape == (SAMPLES, CLASSES)
    assert found.logits.isfinite().all()
    assert found.figures.action > 0
    assert all(math.isfinite(value) for value in vars(found.figures).values())
    assert found.counts.flops > 0
    assert found.params > 0
    if domain == "neuromorphic" and any(callable(getattr(module, "potential", None)) for module in network.modules()):
        assert math.isfinite(found.spiking.synops)


@pytest.mark.parametrize(("domain", "name"), EACH)
def test_a_seed_repeats_a_training_to_the_bit_and_moves_no_other_generator(domain: str, name: str) -> None:
    baseline, shape = baselines.find(domain, name), SHAPES[domain][0]
    before = torch.random.get_rng_state()
    first, again, other = (trained(baseline, domain, shape, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize("name", [name for domain, name in EACH if domain == "text"])
def test_padding_changes_neither_a_texts_logits_nor_its_action(name: str) -> None:
    network = trained(baselines.find("text", name), "text", (12,)).double()
    ids = samples("text", (12,))
    lengths = (ids != 0).sum(1).tolist()
    assert min(lengths) < 12

    def metered(batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with minas.ActionMeter(network, mask=lambda given: given != 0) as meter:
            logits = network(batch)
        return logits, meter.action().detach()

    logits, action = metered(ids)
    alone = [metered(text[None, :length]) for text, length in zip(ids, lengths, strict=True)]
    torch.testing.assert_close(logits, torch.cat([one for one, _ in alone]))
    torch.testing.assert_close(action, torch.stack([one for _, one in alone]).mean())
