"""A project in a temporary folder whose program a test writes, the engine, and a cloud in memory."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.engine import Engine
from greenroom.sandbox.engine.events import EngineEvent
from greenroom.sandbox.engine.options import Options
from greenroom.sandbox.engine.project import load_project_file
from greenroom.sandbox.engine.result import Result
from tests.functional.engine.memory_cloud import MemoryCloud

PRELUDE = """
import pulumi
from pulumi import Alias, Output, ResourceOptions


class Box(pulumi.CustomResource):
    arn: pulumi.Output[str]
    size: pulumi.Output[float]

    def __init__(self, name, opts=None, **props):
        super().__init__("mem:index:Box", name, {"arn": None, **props}, opts)

    @classmethod
    def existing(cls, name, id, opts=None):
        return cls(name, opts=ResourceOptions.merge(opts, ResourceOptions(id=id)))


class Provider(pulumi.ProviderResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("mem", name, props, opts)


class Room(pulumi.ComponentResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("my:index:Room", name, props, opts)


class Target(pulumi.CustomResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("mem:index:Target", name, props, opts)


def inside(parent, **options):
    return ResourceOptions(parent=parent, **options)
"""


class Stage:
    """A project, its cloud and its engine."""

    def __init__(self, folder: Path, *, stack: str = "dev", parallel: int = 16) -> None:
        self.folder = folder
        self.stack = stack
        self.parallel = parallel
        self.cloud = MemoryCloud()
        self.events: list[EngineEvent] = []
        self.backend = StateBackend(folder / "state", passphrase_source=lambda: "open sesame")
        (folder / "program").mkdir(parents=True, exist_ok=True)
        (folder / "Pulumi.yaml").write_text("name: stage\nruntime: python\nmain: program\n", encoding="utf-8")
        self.write("")

    def write(self, program: str) -> None:
        text = PRELUDE + textwrap.dedent(program)
        (self.folder / "program" / "__main__.py").write_text(text, encoding="utf-8")

    def engine(self) -> Engine:
        return Engine(
            load_project_file(self.folder),
            self.stack,
            backend=self.backend,
            providers={"mem": self.cloud.provider, "other": self.cloud.provider},
            listener=self.events.append,
            parallel=self.parallel,
        )

    def up(self, program: str | None = None, **options: Any) -> Result:
        return self._run(program, lambda engine: engine.up(Options(**options)))

    def preview(self, program: str | None = None, **options: Any) -> Result:
        return self._run(program, lambda engine: engine.preview(Options(**options)))

    def refresh(self, **options: Any) -> Result:
        return self.engine().refresh(Options(**options))

    def destroy(self, **options: Any) -> Result:
        return self.engine().destroy(Options(**options))

    def urn(self, name: str, type_: str = "mem:index:Box") -> str:
        return f"urn:pulumi:{self.stack}::stage::{type_}::{name}"

    def _run(self, program: str | None, command: Callable[[Engine], Result]) -> Result:
        if program is not None:
            self.write(program)
        self.events.clear()
        self.cloud.log.clear()
        return command(self.engine())

    @property
    def file(self) -> Path:
        return self.backend.path(self.stack)

    def state(self) -> dict[str, dict[str, Any]]:
        """The state's resources by name; a second one of the same name gets a prime."""
        found: dict[str, dict[str, Any]] = {}
        for item in json.loads(self.file.read_text(encoding="utf-8"))["deployment"].get("resources", []):
            name = item["urn"].split("::")[-1]
            while name in found:
                name += "'"
            found[name] = item
        return found


def ops(result: Result) -> list[tuple[str, str]]:
    """(op, name) of each step that is not the stack's own or a default provider's, in order."""
    named = [(step.op.value, step.urn.split("::")[-1]) for step in result.steps]
    return [item for item in named if item[1] != "stage-dev" and not item[1].startswith("default")]


def errors(result: Result) -> list[str]:
    return [item.message for item in result.diagnostics if item.severity == "error"]
