"""`greenroom serve`: a release's container on loopback, for a person or a test."""

from __future__ import annotations

import json
import shlex
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenroom.cli.failures import INTERRUPTED
from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option, project_option
from greenroom.cli.terminal import Terminal
from greenroom.errors import GreenroomError

if TYPE_CHECKING:
    from model_packaging import Release
    from model_packaging.serving import VariantContainer

LOG_NAME = "container.log"
LOOK_SECONDS = 0.1

EPILOG = """\b
Examples:
  greenroom serve models/tumor                 packages it first
  greenroom serve tumor --release 80c754       one of its releases
  greenroom serve tumor --release dev          the one that an environment pins
\b
stdout has the container's URL and a curl line that works, or with --json one line {"url", "name", "digest", "log"};
stderr has the container's log.
Exit codes: 0 ended by SIGTERM, 1 the container did not start, or ended by itself, 2 bad input, 130 interrupted."""


@click.command("serve", cls=Command, epilog=EPILOG, short_help="Serve a release on this machine.")
@click.argument("model", metavar="NAME|MODEL_DIR")
@click.option("--port", type=click.IntRange(1, 65535), help="The loopback port.  [default: one that is free]")
@click.option(
    "--release", "place", metavar="DIGEST|ENV", help="Which release: first digits of its digest, or who pins it."
)
@project_option
@json_option
def command(model: str, *, port: int | None, place: str | None, project_folder: Path | None, as_json: bool) -> None:
    """Start a release as SageMaker would, and answer GET /ping and POST /invocations until interrupted.

    MODEL_DIR (models/NAME) is packaged first; NAME is a release of the local store.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin with it ignored
    signal.signal(signal.SIGTERM, _terminate)
    try:
        with tempfile.TemporaryDirectory(prefix="greenroom-serve-") as scratch:
            folder, release = _release(model, place, project_folder, Path(scratch) / "releases")
            _serve(Terminal.here(), folder, release, Path(scratch), port, as_json=as_json)
    except _TerminatedError:
        return
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None


class _TerminatedError(BaseException):
    """SIGTERM: nothing but its own handler may take it for an error."""


def _terminate(*_: object) -> None:
    raise _TerminatedError


def _serve(
    terminal: Terminal, folder: Path, release: Release, work_folder: Path, port: int | None, *, as_json: bool
) -> None:
    from model_packaging.serving import VariantContainer, release_container

    spec = release_container(folder, release)
    with (
        _log_shown(terminal, work_folder / LOG_NAME),
        VariantContainer.start(spec, work_folder, log_name=LOG_NAME, port=port or 0) as container,
    ):
        _tell(terminal, folder, release, container, as_json=as_json)
        while container.is_alive:
            time.sleep(LOOK_SECONDS)
        raise _ended_by_itself(release, container)


def _release(model: str, place: str | None, project_folder: Path | None, scratch: Path) -> tuple[Path, Release]:
    from model_packaging.package_spec import PACKAGE_FILE

    model_folder = Path(model)
    is_folder = (model_folder / PACKAGE_FILE).is_file()
    if is_folder and place is None:
        from model_packaging import ReleaseStore, package
        from model_packaging.judging import UNJUDGED

        store = ReleaseStore(scratch)  # it is not judged: the project's own store does not get it
        release = package(model_folder, store, judges=UNJUDGED)
    else:
        root = find_project(model_folder if is_folder and project_folder is None else project_folder)
        from greenroom.cli.release.access import find_here
        from greenroom.delivery.catalogue import Catalogue

        catalogue = Catalogue.of(root)
        name = model_folder.resolve().name if is_folder else model
        store, release = catalogue.store, find_here(catalogue, name if place is None else f"{name}@{place}")
        store.verify_files(release)
    return store.folder(release.name, release.digest), release


@contextmanager
def _log_shown(terminal: Terminal, path: Path) -> Iterator[None]:
    ended = threading.Event()
    thread = threading.Thread(target=_show_log, args=(terminal, path, ended), name="log", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _show_log(terminal: Terminal, path: Path, ended: threading.Event) -> None:
    shown_bytes, is_last = 0, False
    while not is_last:
        is_last = ended.wait(LOOK_SECONDS)
        if not path.is_file():
            continue
        with path.open("rb") as log:
            log.seek(shown_bytes)
            new = log.read()
        whole = new if is_last else new[: new.rfind(b"\n") + 1]
        shown_bytes += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            terminal.say(line)


def _tell(terminal: Terminal, folder: Path, release: Release, container: VariantContainer, *, as_json: bool) -> None:
    url = f"http://127.0.0.1:{container.port}"
    if as_json:
        told = {"url": url, "name": release.name, "digest": release.digest, "log": str(container.log_path)}
        terminal.result(json.dumps(told))
        return
    terminal.result(f"{release.name} {release.version}  {release.digest}")
    terminal.result(url)
    terminal.result(_curl(url, folder, release))
    terminal.say("Serving until interrupted (Ctrl-C).")


def _curl(url: str, folder: Path, release: Release) -> str:
    if release.samples:
        sample = release.samples[0]
        content_type, body = sample.content_type, f"@{folder / sample.file}"
    else:
        content_type, body = (release.content_types or ("application/json",))[0], "@FILE"
    return (
        f"curl -s {url}/invocations -H {shlex.quote(f'Content-Type: {content_type}')} --data-binary {shlex.quote(body)}"
    )


def _ended_by_itself(release: Release, container: VariantContainer) -> GreenroomError:
    return GreenroomError(
        f"the container of {release.name} ended by itself, with exit status {container.process.returncode}.",
        fix="Its log is above.",
    )
