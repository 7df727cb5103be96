"""`greenroom package`: model files into an immutable, content-addressed release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option
from greenroom.cli.signing_keys import sign_key_option, signing_key
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from model_packaging import Release

EPILOG = """\b
Examples:
  greenroom package models/tumor
  greenroom package models/tumor --pin dev
  greenroom package models/tumor --against prod      its gate compares with what prod runs
\b
The same files give the same digest, on any machine. The release is started as SageMaker would start it, asked
with its samples, and judged by its gate.yaml; one that fails is not kept, and its reports are.
--json prints {"name", "version", "digest", "folder", "files", "pinned"}.
Exit codes: 0 packaged, 1 the model failed a check or its gate, 2 the model's files are not right."""


@click.command("package", cls=Command, epilog=EPILOG, short_help="Model files into an immutable release.")
@click.argument("model_folder", metavar="MODEL_DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--resolve-image", is_flag=True, help="Ask the SageMaker SDK anew which serving image there is.")
@click.option(
    "--check/--no-check",
    "check",
    default=None,
    help="Check the container contract and the gate, also of a release that passed before; or check neither."
    "  [default: of a new release]",
)
@click.option("--against", metavar="ENV", help="The gate compares with the release that this environment pins.")
@click.option("--pin", metavar="ENV", help="Write the release's digest into environments/ENV.yaml.")
@sign_key_option()
@json_option
def command(
    model_folder: Path,
    *,
    resolve_image: bool,
    check: bool | None,
    against: str | None,
    pin: str | None,
    sign_key: str | None,
    as_json: bool,
) -> None:
    """Package the model in MODEL_DIR (models/NAME) into a release in the local store, and print its digest."""
    root = find_project(model_folder)
    from greenroom.delivery.judges import judges_of
    from greenroom.delivery.pins import pin_release
    from greenroom.delivery.project import local_store
    from model_packaging import package
    from model_packaging.judging import UNJUDGED
    from model_packaging.trust.checkout import git_commit
    from model_packaging.trust.signing import sign_release

    key = None if sign_key is None else signing_key(sign_key)  # before the work: a wrong key costs nothing
    terminal = Terminal.here()
    environment_file = None if pin is None else _environment_file(root, pin)
    store = local_store(root)
    judges = UNJUDGED
    if check is not False:
        judges = judges_of(root, model_folder.resolve().name, again=check is True, against=against)
    release = package(
        model_folder,
        store,
        git_commit=git_commit(model_folder),
        resolve_image=resolve_image,
        judges=judges,
        tell=lambda line: terminal.say(f"  {line}"),
    )
    if key is not None:
        sign_release(store, release, key)
        terminal.say(f"  signed by {key.public.name}")
    folder = store.folder(release.name, release.digest)
    replaced = None
    if environment_file is not None:
        replaced = pin_release(environment_file, release.name, release.digest)
    if as_json:
        terminal.json(_json(release, folder, pin))
    else:
        terminal.result(f"{release.name} {release.version}  {release.digest}")
        terminal.result(f"{len(release.files)} files in {folder}")
        terminal.result(_what_next(release, pin, replaced))


def _environment_file(root: Path, name: str) -> Path:
    from greenroom.errors import UserError

    file = root / "environments" / f"{name}.yaml"
    if name == "artifacts" or not file.is_file():
        known = sorted(path.stem for path in (root / "environments").glob("*.yaml") if path.stem != "artifacts")
        raise UserError(f"--pin {name}: there is no {file}.", fix=f"Use one of: {', '.join(known)}.")
    return file


def _what_next(release: Release, pin: str | None, replaced: str | None) -> str:
    if pin is None:
        return (
            f"Pin it: greenroom package models/{release.name} --pin ENV, or in environments/ENV.yaml:\n"
            f"  releases:\n    {release.name}: {release.digest}"
        )
    if replaced == release.digest:
        return f"environments/{pin}.yaml pins it already."
    was = "nothing" if replaced is None else replaced
    return f"environments/{pin}.yaml pins it now; before: {was}.\nSee what it does: greenroom sandbox preview {pin}"


def _json(release: Release, folder: Path, pin: str | None) -> dict[str, Any]:
    return {
        "name": release.name,
        "version": release.version,
        "digest": release.digest,
        "folder": str(folder),
        "files": [file.path for file in release.files],
        "pinned": pin,
    }
