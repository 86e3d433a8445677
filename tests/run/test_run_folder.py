"""The run folder: made once, held by one process, and never left with half a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from minas.errors import MinasError, UsageError
from minas.run import folder


def test_a_new_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    made = folder.create(tmp_path / "a" / "b", domain="vision")
    assert made == tmp_path / "a" / "b"
    assert [path.name for path in made.iterdir()] == ["weights"]
    assert list((made / "weights").iterdir()) == []


def test_default_names_say_domain_and_time_and_never_meet(tmp_path: Path) -> None:
    made = [folder.create(None, domain="vision", base=tmp_path) for _ in range(5)]
    assert len(set(made)) == 5
    assert all(path.parent == tmp_path and path.name.startswith("vision-2") for path in made)


def test_searches_that_start_in_the_same_second_get_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserved = []
    real = Path.mkdir

    def mkdir(self: Path, *arguments: object, **options: object) -> None:
        if not reserved and self.name.startswith("vision-"):
            reserved.append(self)
            real(self, parents=True)  # as another process does, right before this one
        real(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", mkdir)
    made = folder.create(None, domain="vision", base=tmp_path)
    assert made == reserved[0].with_name(f"{reserved[0].name}-2")


def test_where_default_folders_go_may_be_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere")
    for name in ("file", "lost"):
        with pytest.raises(UsageError, match=r"cannot write to .*; give a folder you may write to with --out"):
            folder.create(None, domain="vision", base=tmp_path / name)


def test_what_a_start_that_was_killed_left_behind_is_taken_again(tmp_path: Path) -> None:
    made = folder.create(tmp_path / "run", domain="vision")
    with folder.lock(made):
        (made / ".run.toml.17.tmp").write_text("half")
        (made / "weights" / ".probe").touch()
        assert folder.create(made, domain="vision") == made
        with pytest.raises(UsageError, match="another process is working on"), folder.lock(made):
            pass
    (made / "weights" / "mine.safetensors").touch()
    with pytest.raises(UsageError, match="is not an empty folder: give another --out"):
        folder.create(made, domain="vision")


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not an empty folder: give another --out"):
        folder.create(tmp_path, domain="vision")
    (tmp_path / "run.toml").write_text("schema = 1")
    with pytest.raises(UsageError, match=f"already holds a run: go on with it by --resume {tmp_path}, or give another --out"):
        folder.create(tmp_path, domain="vision")
    with pytest.raises(UsageError, match="give another --out"):
        folder.create(tmp_path / "notes.txt", domain="vision")
    with pytest.raises(UsageError, match=r"cannot write to .*: Not a directory; give a folder you may write to with --out"):
        folder.create(tmp_path / "notes.txt" / "run", domain="vision")
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("path", ["~nobody-of-this-name/run", "no such folder"])
def test_a_run_that_is_not_there(path: str) -> None:
    with pytest.raises(UsageError, match="no run folder at"):
        folder.existing(path)


def test_a_folder_without_a_configuration_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is not a run folder: it has no run\.toml"):
        folder.existing(tmp_path)


def test_a_run_killed_before_its_store_was_made_can_be_taken_up(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("schema = 1")
    assert folder.existing(str(tmp_path)) == tmp_path


HOLDER = """
import sys, time
from pathlib import Path
from minas.run.folder import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(1000)
"""


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        refused = pytest.raises(UsageError, match=f"another process is working on {tmp_path}: wait until it has ended")
        with refused, folder.lock(tmp_path):
            pass
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with folder.lock(tmp_path):
        pass


def test_the_lock_is_let_go_whatever_happens_and_holds_within_a_process_too(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), folder.lock(tmp_path):
        raise ValueError("stop")
    with folder.lock(tmp_path), pytest.raises(UsageError, match="another process"), folder.lock(tmp_path):
        pass
    with folder.lock(tmp_path):
        pass


def test_what_a_killed_sitting_left_half_written_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    kept = [tmp_path / "run.toml", tmp_path / ".mine", tmp_path / "weights" / "search-00001.safetensors"]
    left = [tmp_path / ".run.toml.123.tmp", tmp_path / "weights" / ".search-00002.safetensors.124.tmp"]
    for path in [*kept, *left]:
        path.touch()
    with folder.lock(tmp_path):
        assert [path.exists() for path in kept] == [True] * 3
        assert [path.exists() for path in left] == [False] * 2


def test_a_lock_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "run.lock").mkdir()
    with pytest.raises(UsageError, match="cannot write to"), folder.lock(tmp_path):
        pass


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    folder.write_atomically(path, "old = 1\n")
    folder.write_atomically(path, "neu = 'ü'\n")
    assert path.read_text(encoding="utf-8") == "neu = 'ü'\n"
    folder.write_atomically(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "front.csv"
    folder.write_atomically(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MinasError, match=r"cannot write .*front\.csv: No space left on device"):
        folder.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(MinasError, match="No such file or directory"):
        folder.write_atomically(tmp_path / "gone" / "front.csv", "new")


def test_weights_lie_by_role_and_number_and_nowhere_else() -> None:
    assert folder.weights_path(Path("run"), "search", 7) == Path("run/weights/search-00007.safetensors")
    with pytest.raises(ValueError, match="not a role"):
        folder.weights_path(Path("run"), "../search", 7)
