"""This project on both engines: `greenroom sandbox up` and `pulumi up` against `greenroom sandbox serve`.

The same edits in turn (a threshold, an instance count, a release, an instance type), each on a local AWS of its own:
both engines must plan the same operations and end in the same state.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.real_engine,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="no `pulumi` on PATH"),
    pytest.mark.timeout(900),
]

REPOSITORY = Path(__file__).parents[2]
STATE_FIELDS = ("custom", "type", "inputs", "outputs", "parent", "dependencies", "propertyDependencies", "provider")
MADE_UP = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # ids of providers, stashes, KMS keys
    r"|scalable-target/[0-9a-z]+|AROA[A-Z0-9]+|\d{4}-\d\d-\d\dT[0-9:.+Z]+"
)


def replace_in(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def a_threshold(project: Path) -> None:
    replace_in(project / "models/tumor/model.yaml", "threshold: 250", "threshold: 300")


def an_instance_count(project: Path) -> None:
    replace_in(project / "models/tumor/model.yaml", "initial_instance_count: 1", "initial_instance_count: 2")


def an_instance_type(project: Path) -> None:
    replace_in(project / "models/tumor/model.yaml", "ml.m5.large", "ml.m5.xlarge")


def a_release(project: Path) -> None:
    replace_in(project / "models/tumor/package.yaml", "version: 1.0.0", "version: 1.1.0")
    packaged = greenroom(project, "package", "models/tumor", "--json")
    pins = project / "environments/dev.yaml"
    pins.write_text(re.sub(r"sha256:[0-9a-f]{64}", json.loads(packaged)["digest"], pins.read_text()))


EDITS = (a_threshold, an_instance_count, a_release, an_instance_type)


def greenroom(project: Path, *arguments: str) -> str:
    return run(project, [sys.executable, "-m", "greenroom", *arguments])


def run(project: Path, command: list[str], **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, "GREENROOM_HOME": str(project / ".greenroom"), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def copy_of_the_project(folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(REPOSITORY / "Pulumi.yaml", folder)
    for name in ("stacks", "models", "environments"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    # The virtual environment that this test runs in, in the place where Pulumi.yaml looks for it.
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


@contextmanager
def serving(project: Path) -> Iterator[dict[str, str]]:
    """`greenroom sandbox serve`, until the block ends; its first line."""
    server = subprocess.Popen(
        [sys.executable, "-m", "greenroom", "sandbox", "serve", "--json"],
        cwd=project,
        env={**os.environ, "GREENROOM_HOME": str(project / ".greenroom")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield json.loads(server.stdout.readline())
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)


@contextmanager
def served(project: Path) -> Iterator[dict[str, str]]:
    """The environment variables that point `pulumi` at the project's sandbox."""
    backend = project / "backend"
    backend.mkdir()
    try:
        with serving(project) as first_line:
            yield {
                **first_line,
                "PULUMI_BACKEND_URL": f"file://{backend}",
                "PULUMI_HOME": str(project / "pulumi-home"),
                "PULUMI_CONFIG_PASSPHRASE": "open sesame",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            }
    finally:
        greenroom(project, "sandbox", "stop")


def planned(preview: str) -> list[tuple[str, str]]:
    return sorted((step["op"], step["urn"]) for step in json.loads(preview)["steps"] if step["op"] != "same")


def state(export: str) -> dict[str, Any]:
    return {
        resource["urn"]: {
            field: without_made_up(sorted(resource[field]) if field == "dependencies" else resource[field])
            for field in STATE_FIELDS
            if resource.get(field)
        }
        for resource in json.loads(export)["deployment"]["resources"]
    }


def without_made_up(value: Any) -> Any:
    if isinstance(value, str):
        return MADE_UP.sub("…", value)
    if isinstance(value, dict):
        return {key: sorted(item or ()) if is_urns(item) else without_made_up(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_made_up(item) for item in value]
    return value


def is_urns(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(str(item).startswith("urn:pulumi:") for item in value))


def embedded_run(project: Path) -> list[tuple[Any, Any]]:
    seen = []
    try:
        for edit in (None, *EDITS):
            if edit is not None:
                edit(project)
            plan = planned(greenroom(project, "sandbox", "preview", "dev", "--json"))
            greenroom(project, "sandbox", "up", "dev")
            seen.append((plan, state(greenroom(project, "sandbox", "export", "dev"))))
    finally:
        greenroom(project, "sandbox", "stop")
    return seen


def real_run(project: Path) -> list[tuple[Any, Any]]:
    seen = []
    with served(project) as environment:
        run(project, ["pulumi", "stack", "init", "artifacts"], **environment)
        run(project, ["pulumi", "up", "--yes", "--skip-preview", "--stack", "artifacts"], **environment)
        run(project, ["pulumi", "stack", "init", "dev"], **environment)
        for edit in (None, *EDITS):
            if edit is not None:
                edit(project)
                # A release made after `serve` began reaches the local AWS by a second one, which finds it up already.
                with serving(project):
                    pass
            plan = planned(run(project, ["pulumi", "preview", "--json"], **environment))
            run(project, ["pulumi", "up", "--yes", "--skip-preview"], **environment)
            seen.append((plan, state(run(project, ["pulumi", "stack", "export"], **environment))))
    return seen


def test_both_engines_plan_the_same_operations_and_reach_the_same_state(tmp_path: Path) -> None:
    ours = embedded_run(copy_of_the_project(tmp_path / "ours"))
    real = real_run(copy_of_the_project(tmp_path / "real"))
    for edit, (our_plan, our_state), (real_plan, real_state) in zip(("first", *EDITS), ours, real, strict=True):
        assert our_plan == real_plan, edit
        assert our_state == real_state, edit
