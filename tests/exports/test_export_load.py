"""Folders of strangers: refused with the file's name, never run, never trusted with memory."""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from minas.errors import ArchitectureError
from minas.exports import EXPORTS, load
from minas.exports import pytorch as format_module


@pytest.fixture
def folder(trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(format_module, "same_outputs", lambda model, comparison: None)
    EXPORTS.get("pytorch").write(trained()[1], tmp_path / "export", False)
    return tmp_path / "export"


def change(folder: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / "architecture.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    edit(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def refused(folder: Path, message: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ArchitectureError, match=message):
        load(folder)
    assert time.perf_counter() - started < 5


def same_weights(one: Any, other: Any) -> bool:
    first, second = one.state_dict(), other.state_dict()
    return list(first) == list(second) and all(torch.equal(first[name], second[name]) for name in first)


def test_code_in_the_folder_is_not_run(folder: Path, trained: Any, tmp_path: Path) -> None:
    for name in ("model.py", "safetensors.py", "__init__.py"):
        (folder / name).write_text(f"open({str(tmp_path / 'run')!r}, 'w').close()\nraise SystemExit('run')")
    assert same_weights(load(str(folder)), trained()[0])
    assert not (tmp_path / "run").exists()


def test_a_link_to_the_folder_is_fine(folder: Path, trained: Any, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert same_weights(load(tmp_path / "link"), trained()[0])


@pytest.mark.parametrize("name", ["architecture.json", "weights.safetensors"])
class TestFiles:
    def test_missing(self, folder: Path, name: str) -> None:
        (folder / name).unlink()
        refused(folder, f"{name} does not exist; expected a folder that 'minas export' wrote")

    def test_link(self, folder: Path, name: str, tmp_path: Path) -> None:
        (folder / name).rename(tmp_path / "elsewhere")
        (folder / name).symlink_to(tmp_path / "elsewhere")
        refused(folder, f"{name} is a link; an export holds plain files")

    def test_pipe(self, folder: Path, name: str) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)
        refused(folder, f"{name} is no plain file")

    def test_folder(self, folder: Path, name: str) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()
        refused(folder, rf"{name}(: Is a directory| is no plain file)")

    def test_huge(self, folder: Path, name: str) -> None:
        with open(folder / name, "r+b") as file:
            file.truncate(2**40)
        refused(folder, f"{name} has {2**40} bytes, expected at most")

    def test_empty(self, folder: Path, name: str) -> None:
        (folder / name).write_bytes(b"")
        refused(folder, f"{name} is not (valid JSON|a valid safetensors file)")

    def test_noise(self, folder: Path, name: str) -> None:
        (folder / name).write_bytes(bytes(range(256)))
        refused(folder, f"{name} is not (UTF-8 text|a valid safetensors file)")


def test_no_folder(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "architecture.json does not exist")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "holds no JSON object"),
        ("{}", "lacks schema, architecture, shape"),
        ('{"schema": NaN}', "NaN is no JSON number"),
        ('{"schema": 1e999}', "1e999 is no JSON number"),
        ('{"schema": 1, "schema": 1}', "a name stands twice"),
        ('{"schema": ' + "9" * 5000 + "}", "is not valid JSON"),
        ("[" * 200_000, "is not valid JSON"),
    ],
)
def test_json(folder: Path, text: str, message: str) -> None:
    (folder / "architecture.json").write_text(text)
    refused(folder, f"architecture.json.*{message}")


def _stage(document: dict[str, Any]) -> dict[str, Any]:
    stage: dict[str, Any] = document["architecture"]["stages"][0]
    return stage


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda d: d.update(schema=2), "schema is 2, this version of MINAS reads 1"),
        (lambda d: d.update(schema=True), "schema is True"),
        (lambda d: d.update(shape=[1, 28]), r"shape must be \(channels, height, width\), each a positive integer"),
        (lambda d: d.update(shape=[1, 28, -28]), r"shape must be \(channels, height, width\), each a positive integer"),
        (lambda d: d.update(shape=[1.0, 28, 28]), r"shape must be \(channels, height, width\), each a positive integer"),
        (lambda d: d.update(shape=[2**80, 28, 28]), r"shape must be \(channels, height, width\), each a positive integer"),
        (lambda d: d.update(classes=[]), "classes must be a list"),
        (lambda d: d.update(classes=[1, 2, 3, 4]), "classes must be a list"),
        (lambda d: d.update(classes=["a", "b", "a", "c"]), "the class 'a' stands twice among classes"),
        (lambda d: d.update(measures=[]), "measures must be an object"),
        (lambda d: d.update(architecture=None), "architecture"),
        (lambda d: _stage(d).update(width=10**30), "stages"),
        (lambda d: _stage(d).update(edges=[[0, 1], [1, 0]]), "stages"),
        (lambda d: _stage(d)["nodes"][0].update(operator="__import__('os')"), "no operator named"),
        (lambda d: _stage(d)["nodes"][0].update(attributes={"x": 1}), "conv3x3 has none"),
        (lambda d: d["architecture"].update(head={"grid": 10**9}), "head"),
        (lambda d: d["architecture"].update(kind="sound"), "kind"),
    ],
)
def test_documents(folder: Path, edit: Callable[[dict[str, Any]], Any], message: str) -> None:
    change(folder, edit)
    refused(folder, f"architecture.json.*{message}")


def test_a_huge_architecture_takes_no_memory(folder: Path) -> None:
    """Its weights would take terabytes: the file that hasn't got them is refused before any is allocated."""
    change(folder, lambda document: [stage.update(width=65_536) for stage in document["architecture"]["stages"]])
    refused(folder, r"weights.safetensors: the tensor .* is float32 .*, expected float32 \(65536")


def test_a_huge_sample_takes_no_memory(folder: Path) -> None:
    change(folder, lambda document: document.update(shape=[2**31 - 1, 2**31 - 1, 2**31 - 1]))
    refused(folder, "weights.safetensors")


def test_tensors(folder: Path) -> None:
    path = folder / "weights.safetensors"
    state = safetensors.torch.load_file(path)
    name = "stage0_node0.convolution.weight"
    for changed, message in [
        ({key: value for key, value in state.items() if key != name}, f"weights.safetensors lacks the tensor '{name}'"),
        ({**state, "more": torch.zeros(1)}, "weights.safetensors holds the tensor 'more', which the architecture has not"),
        (
            {**state, name: torch.zeros(8, 1, 5, 5)},
            rf"the tensor '{name}' is float32 \(8, 1, 5, 5\), expected float32 \(8, 1, 3, 3\)",
        ),
        ({**state, name: state[name].double()}, f"the tensor '{name}' is float64 .* expected float32"),
    ]:
        safetensors.torch.save_file(changed, path)
        refused(folder, message)


@pytest.mark.parametrize("length", [2**63, 2**40, 10**6])
def test_a_header_that_claims_to_be_huge(folder: Path, length: int) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", length) + path.read_bytes()[8:])
    refused(folder, "weights.safetensors is not a valid safetensors file")


def test_truncated_weights(folder: Path) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    refused(folder, "weights.safetensors is not a valid safetensors file")


def test_the_callers_generator_stays_as_it_is(folder: Path) -> None:
    before = torch.get_rng_state()
    load(folder)
    assert torch.equal(torch.get_rng_state(), before)
