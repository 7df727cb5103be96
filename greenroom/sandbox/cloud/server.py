"""The local AWS's process: `python -m greenroom.sandbox.cloud.server --folder .greenroom/cloud`.

It leaves its starter's session at once and says its pid on standard output; from then on it writes to its log only.
Order: take the folder's lock (two servers would write one journal), bind, write `server.json`, restore, be ready.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

SERVER_RECORD = "server.json"
SERVER_LOG = "server.log"
SERVER_LOCK = "server.lock"
LOG = logging.getLogger("greenroom.sandbox.cloud")


def main() -> int:
    """Serve until SIGTERM."""
    arguments = _arguments()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    _detach(arguments.folder / SERVER_LOG)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    LOG.setLevel(logging.INFO)
    try:
        return _serve(arguments)
    except Exception:
        LOG.exception("the local AWS could not start")
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The local AWS's process; `greenroom sandbox up` starts it.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--default-account-id", required=True)
    return parser.parse_args()


def _detach(log_path: Path) -> None:
    """Go on as a process of its own session; the first one says the new pid and ends."""
    pid = os.fork()
    if pid > 0:
        print(pid, flush=True)  # noqa: T201  the starter reads it
        os._exit(0)
    os.setsid()
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, onto in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, onto)


def _serve(arguments: argparse.Namespace) -> int:
    from filelock import FileLock, Timeout

    lock = FileLock(arguments.folder / SERVER_LOCK)
    try:
        lock.acquire(timeout=5)
    except Timeout:
        LOG.error("%s: another server of this folder is running", arguments.folder)  # noqa: TRY400  no traceback needed
        return 1

    from greenroom.sandbox.cloud.address import ServerRecord
    from greenroom.sandbox.cloud.process import started
    from greenroom.sandbox.cloud.served_cloud import ServedCloud

    stopped = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopped.set())
    cloud = ServedCloud(
        arguments.folder, is_kept=True, default_account_id=arguments.default_account_id, port=arguments.port
    )
    cloud.start()
    record = ServerRecord(os.getpid(), started(os.getpid()) or "", cloud.port, arguments.default_account_id)
    record.write(arguments.folder / SERVER_RECORD)
    recovery = cloud.restore()
    if recovery.dropped_bytes:
        LOG.warning(
            "the journal's last line was cut short (%d bytes): a request that was never answered was dropped",
            recovery.dropped_bytes,
        )
    LOG.info("ready on %s; %d changes restored", cloud.url, recovery.entries)
    stopped.wait()
    cloud.stop()
    LOG.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
