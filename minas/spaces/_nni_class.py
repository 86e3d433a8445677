"""The class of an NNI model space: found by its name, made with a user's arguments and with what a task says of itself."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minas.errors import MissingExtraError, UsageError, nearest

EXPECTED = "expected nni:PACKAGE:CLASS, such as nni:nni.nas.hub.pytorch:NasBench201"

CLASSES = ("num_labels", "num_classes", "n_classes")
"""Arguments that mean the number of a task's classes."""

CHANNELS = ("in_channels", "in_chans", "input_channels")
"""Arguments that mean the number of features of a sample: channels of images and signals."""

SIDES = ("image_size", "img_size", "input_size")
"""Arguments that mean the side of square images, in pixels."""

RUN = "run.toml"
"""What lies in a run's folder. Nothing in such a folder is imported: it may be a stranger's."""


@dataclass(frozen=True)
class Samples:
    """What a constructor may want to know of a task; the defaults stand in for a task that is not known yet.

    Attributes:
        shape: shape of one sample.
        classes: number of classes.
    """

    shape: tuple[int, ...] = (3, 32, 32)
    classes: int = 10

    @property
    def features(self) -> int | None:
        """How many features a sample has: channels, for images, signals and frames of events; None for words."""
        return self.shape[-3] if len(self.shape) > 2 else self.shape[0] if len(self.shape) == 2 else None

    @property
    def side(self) -> int | None:
        """The side of square images; None for others."""
        return self.shape[-1] if len(self.shape) > 2 and self.shape[-1] == self.shape[-2] else None


@contextmanager
def quietly() -> Iterator[None]:
    """Let NNI say nothing below a warning inside the block: its hub tells of every network on the standard output."""
    logger = logging.getLogger("nni")
    level = logger.level
    logger.setLevel(max(level, logging.WARNING))
    try:
        yield
    finally:
        logger.setLevel(level)


def parse(reference: str) -> tuple[str, dict[str, Any]]:
    """Return the class and the arguments that stand behind `nni:`.

    Args:
        reference: `PACKAGE:CLASS` or `PACKAGE:CLASS:NAME=VALUE,NAME=VALUE`, values as in TOML: `16`, `0.5`, `true`, `'text'`,
            `[8, 16]`.

    Returns:
        `PACKAGE:CLASS`, and the arguments by name.

    Raises:
        UsageError: it is not of that form.
    """
    found = re.fullmatch(r"([\w.]+):(\w+)(?::(.*))?", reference, re.DOTALL)
    if found is None or not all(part.isidentifier() for part in (*found[1].split("."), found[2])):
        raise UsageError(f"nni:{reference}: {EXPECTED}")
    return f"{found[1]}:{found[2]}", _arguments(found[3] or "", reference)


def _arguments(text: str, reference: str) -> dict[str, Any]:
    try:
        values = tomllib.loads(f"arguments = {{{text}}}")
        if set(values) != {"arguments"}:
            raise ValueError("more than arguments")
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"nni:{reference}: the arguments '{text}' can't be read: {error}; expected NAME=VALUE,NAME=VALUE with values such "
            "as 16, 0.5, true, [8, 16] or, in quotes of their own, 'text'"
        ) from error
    arguments: dict[str, Any] = values["arguments"]
    return arguments


def find(name: str) -> type:
    """Import a model space's class by its name; a class that is none is never called.

    Args:
        name: `PACKAGE:CLASS`, importable: installed, or in a folder on PYTHONPATH. Never a path.

    Raises:
        MissingExtraError: NNI is not installed.
        UsageError: there is no such module or class, it lies in a run's folder, or it is no model space.
    """
    base = model_space()
    package, _, last = name.partition(":")
    if not last or not all(part.isidentifier() for part in (*package.split("."), last)):
        raise UsageError(f"nni:{name}: {EXPECTED}")
    _refuse_runs(package, name)
    try:
        module = importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"nni:{name}: no module named '{error.name}'; install it, or put the folder that holds it on PYTHONPATH"
        ) from error
    except Exception as error:
        raise UsageError(f"nni:{name}: importing {package} ended in {type(error).__name__}: {error}") from error
    found = getattr(module, last, None)
    if not (isinstance(found, type) and issubclass(found, base)) or found is base:
        known = [one for one, value in vars(module).items() if isinstance(value, type) and issubclass(value, base)]
        what = f"{package} has no {last}" if found is None else f"{last} is no ModelSpace of NNI"
        raise UsageError(f"nni:{name}: {what}{nearest(last, set(known) - {base.__name__})}")
    return found


def model_space() -> type:
    """Return NNI's class of model spaces.

    Raises:
        MissingExtraError: NNI, or pytorch_lightning, which it needs and does not ask for, is not installed.
    """
    try:
        with warnings.catch_warnings():  # NNI wraps all of torch.nn, and wonders about what is younger than itself
            warnings.simplefilter("ignore")
            found: type = importlib.import_module("nni.nas.nn.pytorch").ModelSpace
    except ModuleNotFoundError as error:
        raise MissingExtraError((error.name or "nni").partition(".")[0], "nni", "a model space of NNI") from error
    return found


def _refuse_runs(package: str, name: str) -> None:
    """Refuse a module in a run's folder: it came with a run that may be a stranger's, and was never installed."""
    try:
        spec = importlib.util.find_spec(package.partition(".")[0])
    except (ImportError, ValueError):
        return
    places = [] if spec is None else [spec.origin or "", *(spec.submodule_search_locations or ())]
    for place in places:
        if any((folder / RUN).is_file() for folder in Path(place).absolute().parents):
            raise UsageError(f"nni:{name}: {place} lies in a run's folder, from which nothing is imported; move it elsewhere")


def make(name: str, arguments: Mapping[str, Any], samples: Samples) -> Any:
    """Return a new model space.

    Args:
        name: `PACKAGE:CLASS`.
        arguments: what the user said, by name.
        samples: what the task says; what the user said goes first.

    Raises:
        UsageError: the class can't be found or made.
    """
    found = find(name)
    known = _parameters(found)
    unknown = [one for one in arguments if known is not None and one not in known]
    if unknown:
        raise UsageError(f"nni:{name}: no argument named '{unknown[0]}'{nearest(unknown[0], known or ())}")
    told = {one: value for one, value in _told(samples).items() if value is not None and one in (known or ())}
    given = {**told, **arguments}
    missing = [one for one, parameter in (known or {}).items() if parameter.default is parameter.empty and one not in given]
    if missing:
        raise UsageError(f"nni:{name}: the argument '{missing[0]}' is missing: put :{missing[0]}=VALUE behind the class")
    try:
        with quietly():
            return found(**given)
    except Exception as error:
        shown = ", ".join(f"{one}={value!r}" for one, value in given.items())
        raise UsageError(f"nni:{name}: {found.__name__}({shown}) ended in {type(error).__name__}: {error}") from error


def _told(samples: Samples) -> dict[str, int | None]:
    return {
        **dict.fromkeys(CLASSES, samples.classes),
        **dict.fromkeys(CHANNELS, samples.features),
        **dict.fromkeys(SIDES, samples.side),
    }


def _parameters(found: type) -> Mapping[str, inspect.Parameter] | None:
    """Return the named arguments of a model space's constructor; None where it takes any name.

    NNI wraps constructors in a function without a signature, and keeps the class's own beside it.
    """
    own: Callable[..., Any] = found.__init__  # type: ignore[misc]
    for base in found.__mro__:
        kept = base.__dict__.get("_init_wrapped")
        if kept is not None and "model_space_init_wrapper" not in kept.__qualname__:
            own = kept
            break
    parameters = dict(list(inspect.signature(own).parameters.items())[1:])
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    return {one: parameter for one, parameter in parameters.items() if parameter.kind is not parameter.VAR_POSITIONAL}
