"""The store: what goes in comes out, whole or not at all, from old files too; and every refusal says what to do."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_stored_run import ASSET, STUDY_ASSET, candidate, cell, trial
from trial_strategies import candidates, trials, values, words

from minas.errors import MinasError, UsageError
from minas.run import schema
from minas.run.store import Store
from minas.trial import Status, Trial


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.db"


def in_order(values):
    return sorted(values, key=lambda value: value.number)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(trials(role=st.just("search")), max_size=4, unique_by=lambda trial: trial.number),
    st.lists(candidates(role=st.just("control")), max_size=3, unique_by=lambda candidate: candidate.number),
    st.dictionaries(words, values, max_size=3),
)
def test_what_goes_in_comes_out(finished, asked, facts) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.db"
        with Store(path) as store:
            for one in finished:
                store.put_candidate(one.candidate)
                store.put_trial(one)
            for one in asked:
                store.put_candidate(one)
            for name, value in facts.items():
                store.put_fact(name, value)
        for read_only in (True, False):
            with Store(path, read_only=read_only) as store:
                assert store.trials("search") == in_order(finished)
                assert store.candidates("search") == in_order(one.candidate for one in finished)
                assert store.candidates("control") == in_order(asked)
                assert store.trials("control") == []
                assert {name: store.fact(name) for name in facts} == facts


def test_text_that_is_no_unicode_in_a_reason_never_stops_a_run(path: Path) -> None:
    with Store(path) as store:
        store.put_candidate(candidate("search", 0))
        store.put_trial(trial("search", 0, status=Status.FAILED, reason="cannot read \udcff.png\0"))
        assert store.trials("search")[0].reason == "cannot read ?.png\0"


def test_facts_are_replaced_and_have_a_default(path: Path) -> None:
    with Store(path) as store:
        assert store.fact("note", 1.5) == 1.5
        store.put_fact("note", None)
        assert store.fact("note", 1.5) is None
        store.put_fact("note", [2, "ü"])
        assert store.fact("note") == [2, "ü"]


def test_what_is_kept_outlives_a_power_cut(path: Path) -> None:
    """With less than FULL (2), a commit is in the WAL file and not yet on the disk."""
    with Store(path) as store:
        assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_what_waits_for_no_disk_is_the_exception(path: Path) -> None:
    def synchronous() -> tuple[int]:
        return store._connection.execute("PRAGMA synchronous").fetchone()

    with Store(path) as store:
        with store.transaction(synced=False):
            assert synchronous() == (1,)
            store.put_fact("note", 1)
        assert synchronous() == (2,)
        with contextlib.suppress(KeyError), store.transaction(synced=False):
            store.put_fact("note", 2)
            raise KeyError
        assert (synchronous(), store.fact("note")) == ((2,), 1)


def test_a_kept_trial_is_never_replaced_and_needs_its_candidate(path: Path) -> None:
    with Store(path) as store:
        with pytest.raises(MinasError, match="FOREIGN KEY"):
            store.put_trial(trial("search", 0))
        store.put_candidate(candidate("search", 0))
        store.put_trial(trial("search", 0))
        with pytest.raises(MinasError, match="UNIQUE"):
            store.put_trial(trial("search", 0, status=Status.FAILED))
        assert store.trials("search")[0].status is Status.COMPLETE


def test_late_trials_are_flagged_from_a_number_on_and_in_one_role(path: Path) -> None:
    with Store(path) as store:
        for role in ("search", "control"):
            for number in range(3):
                store.put_candidate(candidate(role, number))
                store.put_trial(trial(role, number))
        store.mark_late("search", 1)
        assert [one.late for one in store.trials("search")] == [False, True, True]
        assert [one.late for one in store.trials("control")] == [False] * 3


def write_two(store: Store, error: BaseException) -> None:
    with store.transaction():
        store.put_candidate(candidate("search", 0))
        store.put_fact("told", 1)
        raise error


def test_a_transaction_is_kept_whole_or_not_at_all(path: Path) -> None:
    with Store(path) as store:
        for error in (KeyboardInterrupt, ValueError):
            with pytest.raises(error):
                write_two(store, error())
        assert store.candidates("search") == []
        with pytest.raises(KeyboardInterrupt):
            write_two(store, KeyboardInterrupt())
        assert store.fact("told") is None
        with store.transaction():
            store.put_fact("told", 1)
    with Store(path, read_only=True) as store:
        assert store.fact("told") == 1


def fill(store: Store) -> None:
    for number in range(1000):
        with store.transaction():
            store.put_fact("told", number)
            store.put_fact(f"big-{number}", "x" * 5000)


def check_full_disk(path: Path, store: Store) -> None:
    with pytest.raises(MinasError) as caught:
        fill(store)
    assert (
        str(caught.value)
        == f"the disk that holds {path} is full or failing: make room, then go on with --resume {path.parent}"
    )
    told = store.fact("told")
    assert told > 0
    assert store.fact(f"big-{told}") is not None, "half of a transaction was kept"
    assert store.fact(f"big-{told + 1}") is None


def test_a_full_disk_says_what_to_do_and_keeps_what_was_written(path: Path) -> None:
    with Store(path) as store:
        store._connection.execute("PRAGMA max_page_count = 40")
        check_full_disk(path, store)
        store._connection.execute("PRAGMA max_page_count = 4000")
        store.put_fact("more", 1)
    with Store(path, read_only=True) as store:
        assert store.fact("more") == 1


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        os.name != "posix"
        or os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk]).returncode
    ):
        pytest.skip("only root may mount a small disk")
    try:
        with Store(disk / "run.db") as store:
            check_full_disk(disk / "run.db", store)
    finally:
        subprocess.run(["umount", disk], check=True)


def stored_by_schema_1(path: Path) -> Path:
    return _restored(ASSET, path)


def _restored(asset: Path, path: Path) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(asset.read_text(encoding="utf-8"))
    connection.close()
    return path


@pytest.mark.parametrize("read_only", [True, False])
def test_a_study_of_schema_2_stays_readable(path: Path, read_only: bool) -> None:
    with Store(_restored(STUDY_ASSET, path), read_only=read_only) as store:
        assert store.candidates("study") == [cell(0), cell(1)]
        measured = {"error": 0.25, "epochs_to_accuracy": None}
        assert store.trials("study") == [Trial(candidate=cell(0), status=Status.COMPLETE, measures=measured)]


@pytest.mark.parametrize("read_only", [True, False])
def test_a_run_of_schema_1_stays_readable(path: Path, read_only: bool) -> None:
    with Store(stored_by_schema_1(path), read_only=read_only) as store:
        assert store.candidates("search") == [candidate("search", number) for number in range(4)]
        assert store.candidates("confirmation") == [candidate("confirmation", 0)]
        assert store.trials("search") == [
            trial("search", 0, measures={"error": 0.031, "action": 1.5e3, "rescale_gap": None}),
            trial("search", 1, status=Status.DIVERGED, reason="the loss was not finite in epoch 2"),
            trial("search", 3, measures={"error": 0.25}, late=True, attempts=2),
        ]
        assert store.trials("confirmation") == []
        assert store.fact("population") == [0, 1]
        assert store.fact("confirmation_plan")["expected"] == 12.5


def test_an_older_store_is_migrated_in_steps_and_reading_it_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_by_schema_1(path)
    newer = (*schema.MIGRATIONS, ("ALTER TABLE facts ADD COLUMN note TEXT",))
    monkeypatch.setattr(schema, "MIGRATIONS", newer)
    before = path.read_bytes()
    with Store(path, read_only=True) as store:
        assert store.fact("population") == [0, 1]
    assert path.read_bytes() == before
    with Store(path) as store:
        assert store._connection.execute("SELECT note FROM facts").fetchall()
        assert store.fact("population") == [0, 1]
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (len(newer),)


def test_a_migration_that_fails_leaves_the_store_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored_by_schema_1(path)
    broken = (*schema.MIGRATIONS, ("ALTER TABLE facts ADD COLUMN note TEXT", "ALTER TABLE gone ADD COLUMN note TEXT"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", broken)
        with pytest.raises(UsageError, match="no such table: gone"):
            Store(path)
    with Store(path) as store:
        assert store.fact("population") == [0, 1]
        columns = [row[1] for row in store._connection.execute("PRAGMA table_info(facts)")]
        assert columns == ["name", "value"], "half of a migration was kept"


@pytest.mark.parametrize("read_only", [True, False])
def test_a_newer_store_is_refused(path: Path, read_only: bool) -> None:
    stored_by_schema_1(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UsageError, match=r"run\.db was written by a newer MINAS \(store schema 99, .*\): update MINAS"):
        Store(path, read_only=read_only)


@pytest.mark.parametrize("read_only", [True, False])
def test_what_is_no_store_is_refused(path: Path, read_only: bool) -> None:
    path.write_bytes(b"number,error\n1,0.2\n" * 200)
    with pytest.raises(UsageError, match=r"run\.db is not a store of MINAS, or it is damaged"):
        Store(path, read_only=read_only)
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE people (name TEXT)")
    other.close()
    with pytest.raises(UsageError, match=r"run\.db is not a store of MINAS: .* found people"):
        Store(path, read_only=read_only)
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall() == [("people",)]


def test_a_damaged_store_is_told_from_a_good_one(path: Path) -> None:
    with Store(path) as store:
        for number in range(200):
            store.put_candidate(candidate("search", number))
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 12] = b"\xff" * 4096 * 9
    path.write_bytes(content)
    with pytest.raises(UsageError, match="damaged"), Store(path, read_only=True) as store:
        store.candidates("search")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE trials SET status = 'odd'",
        "UPDATE trials SET measures = '[1'",
        "UPDATE trials SET measures = '[]'",
        """UPDATE trials SET measures = '{"error": "<b>"}'""",
        """UPDATE trials SET measures = '{"error": [0.1]}'""",
        """UPDATE trials SET reasons = '{"error": 1}'""",
        """UPDATE trials SET cost = '{"hours": 1}'""",
        """UPDATE trials SET cost = '{"seconds": "1"}'""",
        """UPDATE trials SET measures = '{"error": true}'""",
        f"""UPDATE trials SET measures = '{{"error": 1{"0" * 400}}}'""",
        """UPDATE trials SET measures = '{"error": 1e999}'""",
        """UPDATE trials SET cost = '{"joules": Infinity}'""",
        """UPDATE trials SET cost = '{"seconds": null}'""",
        """UPDATE trials SET cost = '{"seconds": -1}'""",
        """UPDATE trials SET cost = '{"seconds": NaN}'""",
        "UPDATE trials SET attempts = 0",
        "UPDATE candidates SET architecture = '[]'",
        """UPDATE candidates SET architecture = '{"stages": Infinity}'""",
        """UPDATE candidates SET architecture = '{"stages": [1e999]}'""",
        "UPDATE candidates SET parents = '1'",
        "UPDATE candidates SET parents = '[1]'",
        "UPDATE candidates SET part = 'train'",
        "UPDATE candidates SET epochs = -1",
        "UPDATE facts SET value = '{' WHERE name = 'search_told'",
    ],
)
def test_a_store_that_holds_what_no_run_writes_is_refused(path: Path, change: str) -> None:
    stored_by_schema_1(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(change)
    with (
        Store(path, read_only=True) as store,
        pytest.raises(UsageError, match=r"run\.db is damaged, or not a store of MINAS: "),
    ):
        _ = store.trials("search"), store.fact("search_told")


LOOSE = """
    CREATE TABLE facts (name, value); CREATE TABLE trials (role, number, status, reason, measures, reasons, cost, late, attempts);
    CREATE TABLE candidates (role, number, key, architecture, baseline, seed, epochs, part, parents); PRAGMA user_version = 1;
    INSERT INTO candidates VALUES ('search', 0, 'k', '{}', NULL, 1, 2, 'validation', '[]');
    INSERT INTO trials VALUES ('search', 0, 'complete', NULL, '{}', '{}', '{}', 0, 1);
"""
"""A store without the types that ours declares: a stranger may have made it."""


@pytest.mark.parametrize(
    "change",
    [
        *(
            f"UPDATE candidates SET {name} = {value}"
            for name in ("number", "seed", "epochs")
            for value in ("'1'", "1.5", "x''")
        ),
        *(f"UPDATE candidates SET {name} = 1" for name in ("key", "architecture", "baseline", "part", "parents")),
        "UPDATE candidates SET key = NULL",
        "UPDATE candidates SET number = -1",
        *(f"UPDATE trials SET {name} = 1" for name in ("status", "reason", "measures", "reasons", "cost")),
        *(f"UPDATE trials SET {name} = 'x'" for name in ("late", "attempts")),
    ],
)
def test_a_row_with_a_value_of_another_type_is_refused(path: Path, change: str) -> None:
    def read() -> None:
        with Store(path, read_only=True) as store:
            _ = store.trials("search"), store.candidates("search")

    connection = sqlite3.connect(path)
    connection.executescript(LOOSE)
    read()
    connection.executescript(f"{change}; UPDATE trials SET number = (SELECT number FROM candidates);")
    connection.close()
    with pytest.raises(UsageError, match=r"run\.db is damaged, or not a store of MINAS: "):
        read()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("spent", "soon", "a number of 0 or more"),
        ("search_seconds", float("nan"), "a number of 0 or more"),
        ("joules", -1, "a number of 0 or more"),
        ("search_told", 1.5, "a whole number of 0 or more"),
        ("control_ended", True, "a whole number of 0 or more"),
        ("population", ["0", "1"], "a list of whole numbers of 0 or more"),
        ("population", {"0": 1}, "a list of whole numbers of 0 or more"),
        ("finished", "yes", "true or false"),
        ("search_exhausted", 1, "true or false"),
        ("repeat", 7, "a text"),
        ("preprocessing", [], "a table"),
        ("confirmation_plan", {"members": [0]}, "a table with members, epochs, seeds, expected and note"),
        (
            "confirmation_plan",
            {"members": ["0"], "epochs": 2, "seeds": 1, "expected": 1.0, "note": None},
            "a table with members, epochs, seeds, expected and note",
        ),
    ],
)
def test_a_fact_of_another_type_is_refused_by_its_name(path: Path, name: str, value: object, expected: str) -> None:
    with Store(path) as store:
        store.put_fact(name, value)
        with pytest.raises(UsageError, match=rf"run\.db is damaged, .*: '{name}' is .*; expected {expected}"):
            store.fact(name)


def test_reading_where_there_is_nothing_says_so_and_makes_nothing(path: Path) -> None:
    with pytest.raises(UsageError, match=r"it has no run\.db yet"):
        Store(path, read_only=True)
    assert not path.exists()
    with pytest.raises(MinasError, match="unable to open"):
        Store(path.parent / "nowhere" / "run.db")


def test_an_empty_file_reads_as_an_empty_run(path: Path) -> None:
    path.touch()
    with Store(path, read_only=True) as store:
        assert store.trials("search") == []


def test_what_is_opened_for_reading_cannot_be_written(path: Path) -> None:
    Store(path).close()
    with Store(path, read_only=True) as store, pytest.raises(MinasError, match="cannot write"):
        store.put_fact("told", 1)


def test_a_run_can_be_read_while_it_is_written(path: Path) -> None:
    with Store(path) as writer:
        writer.put_fact("told", 1)
        with Store(path, read_only=True) as reader:
            writer.put_fact("told", 2)
            assert reader.fact("told") == 1
        with writer.transaction():
            writer.put_fact("told", 3)
            with Store(path, read_only=True) as reader:
                assert reader.fact("told") == 2


WRITER = """
import os, signal, sys
from pathlib import Path
from minas.run.store import Store
store = Store(Path(sys.argv[1]))
store.put_fact("told", 7)
with store.transaction():
    store.put_fact("told", 8)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_while_writing(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", WRITER, path], check=False)
    assert done.returncode == -signal.SIGKILL


def test_a_killed_writer_leaves_its_last_whole_transaction(path: Path) -> None:
    killed_while_writing(path)
    with Store(path, read_only=True) as store:
        assert store.fact("told") == 7
    with Store(path) as store:
        assert store.fact("told") == 7


READER = """
import os, sys
from pathlib import Path
from minas.errors import MinasError
from minas.run.store import Store
os.setuid(65534)
try:
    print(Store(Path(sys.argv[1]), read_only=sys.argv[2] == "read").fact("told"))
except MinasError as error:
    print(type(error).__name__, error)
"""


def as_nobody(path: Path, how: str) -> str:
    done = subprocess.run([sys.executable, "-c", READER, path, how], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"another user cannot run this Python: {done.stderr[-200:]}")
    return done.stdout.strip()


@pytest.fixture
def of_root():
    """A folder that another user may read and not write."""
    if os.name != "posix" or os.geteuid():
        pytest.skip("only root can become another user")
    folder = Path(tempfile.mkdtemp(prefix="minas-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder / "run.db"
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_written_can_be_read(of_root: Path) -> None:
    with Store(of_root) as store:
        store.put_fact("told", 7)
    assert as_nobody(of_root, "read") == "7"
    said = as_nobody(of_root, "write")
    assert said.startswith(f"MinasError cannot write {of_root}")
    assert said.endswith("the folder must be writable")


def test_a_killed_run_in_a_folder_that_cannot_be_written_never_reads_as_an_older_state(of_root: Path) -> None:
    killed_while_writing(of_root)
    of_root.with_name("run.db-shm").unlink()
    said = as_nobody(of_root, "read")
    assert said == "7" or "copy the folder to where you may write" in said
