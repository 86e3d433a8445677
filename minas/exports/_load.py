"""An exported folder back to a network: its JSON and its weights are read as data, its code is not run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from minas.errors import ArchitectureError
from minas.exports._document import Document, loads
from minas.exports._folder import read_regular
from minas.network import Network, build

DOCUMENT = "architecture.json"
WEIGHTS = "weights.safetensors"
_DOCUMENT_LIMIT = 4 * 2**20
_HEADER_LIMIT = 2**20
_BYTES_A_HEADER_ENTRY = 512


def load(folder: Path) -> Network:
    """Return the network of a folder, in eval mode; see `minas.exports.load`."""
    document = read_document(folder)
    path = folder / WEIGHTS
    expected = expected_state(document, where=str(folder / DOCUMENT))
    size = sum(math.prod(tensor.shape) * tensor.element_size() for tensor in expected.values())
    content = read_regular(path, limit=size + _HEADER_LIMIT + _BYTES_A_HEADER_ENTRY * len(expected))
    try:
        state = safetensors.torch.load(content)
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise ArchitectureError(f"{path} is not a valid safetensors file: {error}") from error
    check_state(state, expected, where=str(path))
    return filled(document, state)


def read_document(folder: Path) -> Document:
    """Return what a folder's `architecture.json` says.

    Raises:
        ArchitectureError: there is no such file, or it is not valid.
    """
    path = folder / DOCUMENT
    try:
        text = read_regular(path, limit=_DOCUMENT_LIMIT).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArchitectureError(f"{path} is not UTF-8 text: {error}") from error
    return loads(text, where=str(path))


def expected_state(document: Document, *, where: str) -> Mapping[str, Tensor]:
    """Return the state dict that a document's network has, without memory behind its tensors (device `meta`).

    Raises:
        ArchitectureError: no network can be built from the document.
    """
    try:
        with torch.device("meta"):
            network = build(document.architecture, shape=document.shape, classes=len(document.classes), seed=0)
    except (ArchitectureError, RuntimeError, OverflowError, TypeError) as error:
        raise ArchitectureError(f"{where}: no network can be built from it: {error}") from error
    return network.state_dict()


def check_state(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], *, where: str) -> None:
    """Compare names, shapes and types of a state dict with those expected.

    Raises:
        ArchitectureError: the first difference.
    """
    for name in expected:
        if name not in state:
            raise ArchitectureError(f"{where} lacks the tensor '{name}'")
    for name in state:
        if name not in expected:
            raise ArchitectureError(f"{where} holds the tensor {name!r}, which the architecture has not")
    for name in expected:  # safetensors gives a file's tensors in another order each time
        given, wanted = _form(state[name]), _form(expected[name])
        if given != wanted:
            raise ArchitectureError(f"{where}: the tensor '{name}' is {given}, expected {wanted}")


def _form(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def filled(document: Document, state: Mapping[str, Tensor]) -> Network:
    """Return a document's network with a checked state dict, in eval mode, on the CPU."""
    network = build(document.architecture, shape=document.shape, classes=len(document.classes), seed=0)
    network.load_state_dict(state, strict=True)
    return network.eval()
