"""Whatever happens to a run, what was finished is kept, and its front becomes that of a run to which nothing happened."""

from __future__ import annotations

import contextlib
import os
import pty
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import interrupted
import pytest

import minas
from minas.run.store import Store

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory, thousand_digits) -> Path:
    """A run that nothing happened to."""
    out = tmp_path_factory.mktemp("whole") / "run"
    process = interrupted.start(out, thousand_digits)
    text, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert "repeat it to the bit:" in text
    return out


def assert_equal_runs(one: Path, other: Path) -> None:
    first, second = interrupted.stored(one), interrupted.stored(other)
    for name in first:
        assert first[name] == second[name], name
    assert interrupted.front(one) == interrupted.front(other)
    assert interrupted.weights(one) == interrupted.weights(other)


def test_two_workers_give_what_one_gives(whole, tmp_path, thousand_digits):
    process = interrupted.start(tmp_path / "two", thousand_digits, "--workers", "2")
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert_equal_runs(whole, tmp_path / "two")


def test_ctrl_c_ends_cleanly_and_the_run_goes_on(whole, tmp_path, thousand_digits):
    out = tmp_path / "a run"
    process = interrupted.start(out, thousand_digits)
    interrupted.wait_for_trials(out, 3, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"stopped; what was finished is kept. Go on with: minas search --resume '{out}'" in errors
    assert "Traceback" not in errors
    with Store(out / "run.db", read_only=True) as store:
        kept = {trial.number: trial.cost for trial in store.trials("search")}
    assert len(kept) >= 3
    assert minas.open_run(out).front is not None, "an unfinished run can be read"
    process = interrupted.resume(out)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert_equal_runs(whole, out)
    with Store(out / "run.db", read_only=True) as store:
        costs = {trial.number: trial.cost for trial in store.trials("search")}
    assert all(costs[number] == cost for number, cost in kept.items()), "a finished trial was trained again"


def test_killed_again_and_again_it_comes_to_the_same(whole, tmp_path, thousand_digits):
    out, rng = tmp_path / "killed", random.Random(4)
    process = interrupted.start(out, thousand_digits)
    for count in (2, 4, 6):
        interrupted.wait_for_trials(out, count, process)
        time.sleep(rng.uniform(0.0, 0.2))
        interrupted.kill(process)
        process = interrupted.resume(out)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert_equal_runs(whole, out)


def test_killed_in_its_confirmation_it_comes_to_the_same(whole, tmp_path, thousand_digits):
    out = tmp_path / "killed"
    process = interrupted.start(out, thousand_digits)
    interrupted.wait_for_trials(out, 1, process, "confirmation")
    interrupted.kill(process)
    process = interrupted.resume(out)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert_equal_runs(whole, out)


def test_a_second_process_on_one_folder_is_refused(tmp_path, thousand_digits):
    out = tmp_path / "run"
    process = interrupted.start(out, thousand_digits)
    try:
        interrupted.wait_for_trials(out, 1, process)
        second = interrupted.resume(out)
        _, errors = second.communicate(timeout=60)
        assert second.returncode == 2
        assert f"another process is working on {out}" in errors
    finally:
        interrupted.kill(process)


def test_the_command_that_is_printed_repeats_the_run(whole, tmp_path):
    command = minas.open_run(whole).fact("repeat")
    assert command.startswith("minas search vision ")
    line = f"{sys.executable} -m {command} --workers 2 --quiet --out again"
    subprocess.run(line, shell=True, cwd=tmp_path, check=True, capture_output=True, timeout=200)
    assert_equal_runs(whole, tmp_path / "again")


def test_on_a_terminal_there_is_a_live_table(tmp_path, thousand_digits):
    here, there = pty.openpty()
    environment = {**os.environ, "COLUMNS": "120", "LINES": "40", "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "minas", "search", "vision", "--data", thousand_digits, *interrupted.OPTIONS]
    process = subprocess.Popen(
        [*map(str, command), "--out", str(tmp_path / "run")], stdin=there, stdout=there, stderr=there, env=environment
    )
    os.close(there)
    written = b""
    while True:
        try:
            written += os.read(here, 1 << 16)
        except OSError:
            break
    os.close(here)
    text = written.decode()
    assert process.wait(30) == 0, text
    during = text[: text.index("\x1b[?25h")]  # the cursor is shown again once the display has ended
    for words in ("writing to", "searching", "hypervolume", "━", "confirming on test data", "error", "action"):
        assert words in during, words
    run = minas.open_run(tmp_path / "run")
    assert any(member.id in during for member in run.front)
    assert "repeat it to the bit:" in text[len(during) :]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_ends_the_run_cleanly_and_it_goes_on_once_there_is_room(tmp_path, thousand_digits, whole):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        out = disk / "run"
        process = interrupted.start(out, thousand_digits)
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 1, errors
        assert "Traceback" not in errors
        assert "No space left on device" in errors or "is full or failing" in errors
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        process = interrupted.resume(out)
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 0, errors
        assert_equal_runs(whole, out)
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


@contextlib.contextmanager
def nobody_can_write(folder: Path) -> Iterator[None]:
    """Make a folder read-only: by its rights, or for root, whom they don't bind, by mounting it so."""
    if os.geteuid() != 0:
        paths = [folder, *folder.rglob("*")]
        modes = [path.stat().st_mode for path in paths]
        for path in reversed(paths):
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            yield
        finally:
            for path, mode in zip(paths, modes, strict=True):
                path.chmod(mode)
        return
    commands = (["mount", "--bind", folder, folder], ["mount", "-o", "remount,ro,bind", folder])
    if any(subprocess.run(command, capture_output=True, check=False).returncode for command in commands):
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def test_a_read_only_folder_opens_for_reading_and_refuses_to_be_gone_on_with(finished_run, unfinished_run, tmp_path, shell):
    run = shutil.copytree(finished_run.path, tmp_path / "run")
    with nobody_can_write(run):
        for command in ("front", "trials", "pick"):
            done = shell(command, run)
            assert done.returncode == 0, done.stderr
        assert finished_run.front.knee().id in shell("front", run).stdout
        assert minas.open_run(run).front.knee().network() is not None
        done = shell("search", "--resume", run)
        assert done.returncode == 0, done.stderr
        assert "is finished already" in done.stderr
        refuses(shell("plot", run))
        assert shell("plot", run, tmp_path / "front.png").returncode == 0
    with nobody_can_write(unfinished_run):
        refuses(shell("search", "--resume", unfinished_run))


def refuses(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 2, done.stderr
    assert "Permission denied" in done.stderr or "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_killed_sittings_time_is_kept(tmp_path, thousand_digits):
    """Else a resumed run's workers would seem to have trained for longer than the search took."""
    out = tmp_path / "run"
    process = interrupted.start(out, thousand_digits, "--epochs", "4")
    interrupted.wait_for_trials(out, 6, process)
    interrupted.kill(process)
    with Store(out / "run.db", read_only=True) as store:
        spent, searched = store.fact("spent", 0.0), store.fact("search_seconds", 0.0)
        trained = sum(trial.cost.seconds for trial in store.trials("search"))
    assert 0 < searched <= spent
    assert searched > trained - 2.0, "one worker; the clock is kept about once a second"
