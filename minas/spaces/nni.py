"""NNI's model spaces as spaces: its hub's, or the user's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from minas import config, resources
from minas.errors import ArchitectureError, UsageError, nearest
from minas.spaces import SpaceKind, Variation, _choices, _nni_choices, _nni_class
from minas.spaces._choices import Genome

if TYPE_CHECKING:
    from torch import nn

    from minas.spaces import Sized

LAMBDA = 0.1
"""Share of the domain's own lambda, which is chosen for networks of a tenth of the action.

Two networks of NasBench201 (4 channels, a cell a stack) on 5,000 digits, 6 epochs: at the own lambda, 7e-5, an error of 36 and
63%; at 7e-6 of 6.5 and 5.5%. At 7e-7 the first has 7.4%, and 1.46 times the action that it has at 7e-6.
"""

ATTEMPTS = 1000
"""How often chance is asked for a genome that keeps the space's constraints."""


@dataclass(frozen=True, kw_only=True)
class Heading:
    """The `[nni]` table of a space's document.

    Attributes:
        class_: the class, as `PACKAGE:CLASS`; `class` in the file.
        domain: the domain that is searched.
        arguments: what its constructor is given beside what the task says.
        choices: label to the texts of its values. Whoever only reads a run knows them without the class.
    """

    class_: str
    domain: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse choices without a value."""
        empty = [label for label, texts in self.choices.items() if not texts]
        if empty or not self.choices:
            raise ValueError(f"the choice {empty[0]!r} has no values" if empty else "choices are missing")


@dataclass(frozen=True)
class ModelSpaces:
    """One NNI model space as a `Space`; see `minas.spaces.Space` for what each method is.

    An architecture is the place of each choice's value, in the order of the sorted labels. Nothing is imported by
    opening a space, nor by loading an architecture: the class's module is, once architectures are made, keyed or built.
    """

    heading: Heading

    @property
    def name(self) -> str:
        """How users name the space."""
        return self.heading.class_.rpartition(":")[2]

    @property
    def domain(self) -> str:
        """The domain whose tasks its networks solve."""
        return self.heading.domain

    @property
    def variation(self) -> Variation:
        """One choice a child, as in Real et al. (2019, Regularized evolution); see `_choices.VARIATION`."""
        return _choices.VARIATION

    def sample(self, rng: np.random.Generator) -> Genome:
        """Return a random architecture: each choice is uniform over its values, under the space's constraints."""
        choices = self._choices()
        for _ in range(ATTEMPTS):
            found = choices.canonical(_choices.sample(choices.levels, rng))
            if found is not None:
                return found
        raise UsageError(f"nni:{self.heading.class_}: none of {ATTEMPTS:,} random architectures kept the space's constraints")

    def mutate(self, architecture: Genome, rng: np.random.Generator) -> Genome:
        """Return an architecture of which one choice that matters is another."""
        choices = self._choices()
        for _ in range(ATTEMPTS):
            found = choices.canonical(_choices.mutate(architecture, choices.levels, rng))
            if found is not None and found != architecture:
                return found
        return architecture

    def cross(self, first: Genome, second: Genome, rng: np.random.Generator) -> Genome:
        """Return an architecture that takes each choice from either of two; the first where all break constraints."""
        choices = self._choices()
        for _ in range(ATTEMPTS):
            found = choices.canonical(_choices.cross(first, second, rng))
            if found is not None:
                return found
        return first

    def key(self, architecture: Genome) -> str:
        """Return SHA-256, in hexadecimal, over the choices that matter: what differs in others is the same network."""
        return hashlib.sha256(json.dumps(self.dump(architecture), sort_keys=True).encode()).hexdigest()

    def dump(self, architecture: Genome) -> dict[str, Any]:
        """Return `{"choices": {LABEL: TEXT}}`, of the choices that matter."""
        texts = self.heading.choices
        mattering = self._choices().mattering(architecture)
        if mattering is None:
            raise ArchitectureError(f"the choices break a constraint of {self.name}: {self._shown(architecture)}")
        chosen = zip(sorted(texts), architecture, strict=True)
        return {"choices": {label: texts[label][level] for label, level in chosen if label in mattering}}

    def load(self, dumped: Mapping[str, Any]) -> Genome:
        """Return the architecture that was dumped; a choice that is left out is the first of its values."""
        given, texts = dumped.get("choices"), self.heading.choices
        if not isinstance(given, Mapping) or set(dumped) != {"choices"}:
            raise ArchitectureError(f'expected {{"choices": {{label: value}}}} of {self.name}, not {str(dumped)[:80]}')
        for label, text in given.items():
            if label not in texts:
                raise ArchitectureError(f"{self.name} has no choice {label!r}{nearest(str(label), texts)}")
            if text not in texts[label]:
                raise ArchitectureError(f"{self.name} has no {text!r} for {label!r}{nearest(str(text), texts[label])}")
        return tuple(texts[label].index(given[label]) if label in given else 0 for label in sorted(texts))

    def neighbours(self, architecture: Genome) -> Iterator[Genome]:
        """Yield all architectures of which one choice that matters is another."""
        choices, seen = self._choices(), {architecture}
        for genome in _choices.neighbours(architecture, choices.levels):
            found = choices.canonical(genome)
            if found is not None and found not in seen:
                seen.add(found)
                yield found

    def features(self, architecture: Genome, task_shape: tuple[int, ...], classes: int) -> dict[str, float]:
        """Return nothing: what a network costs is counted on the network itself, before it is trained."""
        return {}

    def limits(self, task_shape: tuple[int, ...]) -> dict[str, float]:
        """Return nothing: the space has no limits of its own."""
        return {}

    def build(self, architecture: Genome, task: Sized, seed: int) -> nn.Module:
        """Return the untrained network: the model space, drawn anew by the seed and frozen to the choices."""
        from minas.spaces import _nni_network

        samples = _nni_class.Samples(tuple(task.shape), len(task.classes))
        found = self._choices().canonical(architecture)
        if found is None:
            raise ArchitectureError(f"the choices break a constraint of {self.name}: {self._shown(architecture)}")
        sample = self._choices().sample(found)
        return _nni_network.build(self.heading.class_, self.heading.arguments, sample, samples, seed=seed)

    def _choices(self) -> _nni_choices.Choices:
        """Return the class's own choices, once they are seen to be those that the document names."""
        found = _nni_choices.described(self.heading.class_, self.heading.arguments)
        label = found.differ(self.heading.choices)
        if label is not None:
            raise UsageError(
                f"nni:{self.heading.class_}: the choice '{label}' is not what it was when the run was made; go on with the "
                "package as it was then, or begin a new run"
            )
        return found

    def _shown(self, architecture: Genome) -> str:
        texts = self.heading.choices
        return str({label: texts[label][level] for label, level in zip(sorted(texts), architecture, strict=True)})[:200]


def _read(reference: str, domain: str) -> config.Document:
    """Import the class and list its choices; networks are trained as those of the domain's own space, but for lambda."""
    name, arguments = _nni_class.parse(reference)
    found = _nni_choices.described(name, arguments)
    own = config.read(resources.find("search_spaces", domain)).values
    training = {**own["training"]}
    training["lambda"] = float(f"{training['lambda'] * LAMBDA:.4g}")
    if "vectors" in training:  # where a foreign network's words start is its own affair
        training["vectors"] = "none"
    heading = Heading(class_=name, domain=domain, arguments=arguments, choices=found.texts)
    values = {"nni": config.plain(heading), "training": training, "confirmation": own.get("confirmation", {})}
    return config.Document(source=f"nni:{reference}", text="", values=values)


def _open(document: config.Document) -> ModelSpaces:
    return ModelSpaces(document.section("nni", Heading))


SPACE = SpaceKind(description="an NNI model space, by PACKAGE:CLASS", read=_read, open=_open)
