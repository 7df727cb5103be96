"""The journal gives back what was put into it, and says what it could not."""

import json

import pytest

from greenroom.sandbox.cloud.errors import JournalError
from greenroom.sandbox.cloud.journal import INLINE_BYTES, Entry, Journal, Recovery

ENTRIES = [
    Entry("request", 1_750_000_000.25, 7, {"REQUEST_METHOD": "POST", "PATH_INFO": "/"}, b"Action=CreateRole"),
    Entry("request", 1_750_000_001.5, 8, {"REQUEST_METHOD": "PUT", "PATH_INFO": "/b/\xc3\xa4"}, bytes(range(256))),
    Entry("request", 1_750_000_002.0, 9, {"REQUEST_METHOD": "PUT", "PATH_INFO": "/b/big"}, b"x" * (INLINE_BYTES + 1)),
    Entry("event", 1_750_000_003.0, 10, {"event": "fleet-outcome", "failure_reason": None}, b""),
]


@pytest.fixture
def written(tmp_path):
    journal = Journal(tmp_path)
    assert journal.open() == Recovery(entries=0, dropped_bytes=0)
    for entry in ENTRIES:
        journal.append(entry)
    journal.close()
    return tmp_path


def test_entries_come_back_as_they_were(written):
    journal = Journal(written)
    recovery = journal.open()
    journal.close()
    assert recovery == Recovery(entries=4, dropped_bytes=0)
    assert list(journal.entries()) == ENTRIES


def test_a_large_body_is_kept_beside_the_journal_once(written):
    journal = Journal(written)
    journal.open()
    journal.append(ENTRIES[2])
    journal.close()
    assert [path.stat().st_size for path in (written / "bodies").iterdir()] == [INLINE_BYTES + 1]
    assert all(len(line) < 1000 for line in (written / "journal.jsonl").read_bytes().splitlines())


@pytest.mark.parametrize("kept_bytes", [1, 20, 60])
def test_a_last_line_that_was_cut_short_is_dropped_and_said(written, kept_bytes):
    path = written / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:kept_bytes])
    journal = Journal(written)
    assert journal.open() == Recovery(entries=4, dropped_bytes=kept_bytes)
    journal.append(ENTRIES[0])
    journal.close()
    assert list(journal.entries()) == [*ENTRIES, ENTRIES[0]]


def test_damage_elsewhere_is_an_error_that_names_the_line(written):
    path = written / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b'{"kind": "request"}\n' + lines[1])
    with pytest.raises(JournalError, match=r"journal\.jsonl, line 2: .*greenroom sandbox reset"):
        list(Journal(written).entries())


def test_a_body_that_is_gone_is_an_error_that_names_the_line(written):
    for path in (written / "bodies").iterdir():
        path.unlink()
    with pytest.raises(JournalError, match="line 3"):
        list(Journal(written).entries())


def test_an_entry_is_one_line_of_json(written):
    lines = (written / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["request", "request", "request", "event"]
