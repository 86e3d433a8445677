"""The export format `pytorch`: weights, architecture, and a `model.py` that needs torch alone.

The folder holds `weights.safetensors`, `architecture.json` and `model.py`. The state dict has the same names in all three
of the trained network, the file and the class in `model.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from minas.errors import MinasError
from minas.exports import Content, Export
from minas.exports._document import Document, dumps
from minas.exports._folder import written_whole
from minas.exports._fresh import same_outputs
from minas.exports._load import DOCUMENT, WEIGHTS, check_state, expected_state, filled
from minas.exports._load import load as load_network
from minas.exports._source import source
from minas.graph.architecture import canonical
from minas.graph.kinds import ids_below
from minas.network import Network

MODEL = "model.py"
_SAMPLES = 8


def write(content: Content, folder: Path, force: bool = False) -> None:
    """Write a network as a folder, whole or not at all, and compare it in a fresh process before it counts as written.

    Args:
        content: the trained network and what its user must know.
        folder: a new or empty folder.
        force: replace an earlier export.

    Raises:
        UsageError: the folder holds something already.
        ArchitectureError: the content does not fit together, or holds values that JSON has no word for.
        MinasError: the file system refused, or the export does not give the trained network's outputs to the bit.
    """
    document = Document(
        canonical(content.architecture),
        tuple(map(int, content.shape)),
        tuple(content.classes),
        content.preprocessing,
        content.measures,
        content.provenance,
    )
    text = dumps(document)
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in content.state.items()}
    check_state(state, expected_state(document, where="the architecture"), where="the trained network")
    network = filled(document, state)
    with written_whole(folder, names={DOCUMENT, WEIGHTS, MODEL}, force=force) as temporary:
        (temporary / DOCUMENT).write_text(text, encoding="utf-8")
        (temporary / MODEL).write_text(source(network, document), encoding="utf-8")
        # Written by hand, not by safetensors' own save: so the file gets the process's ordinary permissions.
        (temporary / WEIGHTS).write_bytes(safetensors.torch.save(state, metadata={"format": "pt"}))
        _compare(network, temporary)


def _compare(network: Network, folder: Path) -> None:
    """Raise MinasError unless the folder gives the network's outputs to the bit, with and without MINAS."""
    inputs = _inputs(network)
    with torch.no_grad():
        outputs = network(inputs)
        loaded = load_network(folder)(inputs)
    if not torch.equal(outputs.view(torch.uint8), loaded.view(torch.uint8)):
        raise MinasError("the export was not written: read back, it gives other outputs than the trained network")
    with tempfile.TemporaryDirectory() as aside:
        comparison = Path(aside) / "comparison.safetensors"
        comparison.write_bytes(safetensors.torch.save({"inputs": inputs, "outputs": outputs}))
        trouble = same_outputs(folder / MODEL, comparison)
    if trouble is not None:
        raise MinasError(f"the export was not written: in a fresh process, {trouble}")


def _inputs(network: Network) -> Tensor:
    """Return random samples of a network's form; where samples have padding, each ends in some of another length."""
    shape, generator = (_SAMPLES, *network.shape), torch.Generator().manual_seed(0)
    bound, padding = ids_below(network.architecture), network.padding
    if bound is None:
        return torch.randn(shape, generator=generator)
    samples = torch.randint(bound, shape, generator=generator)
    if padding is not None:
        lengths = torch.linspace(1, shape[-1], _SAMPLES).long()
        samples[torch.arange(shape[-1]) >= lengths.unsqueeze(1)] = padding
    return samples


EXPORT = Export("pytorch", "model.py (plain PyTorch, no MINAS needed), weights in safetensors, architecture in JSON", write)
