"""A process is known by pid and start time, so that a recycled pid is never taken for it."""

import os
import subprocess
import sys

from greenroom.sandbox.cloud import process
from greenroom.sandbox.cloud.address import CloudAddress, ServerRecord


def test_this_process_runs_since_it_began():
    began = process.started(os.getpid())
    assert began is not None
    assert process.is_running(os.getpid(), began)


def test_a_pid_that_began_at_another_time_is_another_process():
    assert not process.is_running(os.getpid(), "1")


def test_a_recycled_pid_is_not_ended():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        process.end(stranger.pid, "1", timeout_seconds=0.1)
        assert stranger.poll() is None
        stranger.kill()


def test_the_process_meant_is_ended():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as ours:
        began = process.started(ours.pid)
        assert began is not None
        process.end(ours.pid, began, timeout_seconds=5)
        assert not process.is_running(ours.pid, began)
        assert ours.wait() == -15


def test_a_process_that_is_gone_has_no_start():
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert process.started(gone.pid) is None


def test_a_record_comes_back_as_it_was_and_half_a_one_is_none(tmp_path):
    record = ServerRecord(pid=4711, started="99", port=5000, default_account_id="123456789012")
    record.write(tmp_path / "server.json")
    assert ServerRecord.read(tmp_path / "server.json") == record
    assert record.address == CloudAddress("http://127.0.0.1:5000", 4711, "123456789012")
    (tmp_path / "server.json").write_text('{"pid": 4711, "st')
    assert ServerRecord.read(tmp_path / "server.json") is None
    assert ServerRecord.read(tmp_path / "nothing.json") is None
