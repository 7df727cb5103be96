"""A process that forks one command of the engine at a time, each of which may be killed at any point.

It has everything imported before it forks, so that a command costs what it does and not what Python's start does. The
cloud is a folder, a file a box, so that what a killed command has made is there for all to see. Requests are JSON
lines on stdin; for each come the child's process id, and when it has ended, how.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from greenroom.sandbox.engine import refresh as _refresh  # noqa: F401  # what an engine imports late
from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.disk import Disk
from greenroom.sandbox.engine.engine import Engine
from greenroom.sandbox.engine.project import load_project_file
from tests.functional.engine.memory_cloud import MemoryCloud, MemoryProvider, bare

PASSPHRASE = "open sesame"


@dataclass
class Fuse:
    """Kills its own process at the n-th point at which a command touches a file or the cloud.

    Attributes:
        length: n; 0 never burns down.
        log: where the points that were passed are counted.
    """

    length: int = 0
    passed: int = 0
    points: list[str] = field(default_factory=list)

    def burn(self, point: str) -> None:
        self.passed += 1
        self.points.append(point)
        if self.passed == self.length:
            os.kill(os.getpid(), signal.SIGKILL)


class DeadlyDisk(Disk):
    """A disk at each of whose operations, before it, after it, and in the middle of a write, a process may die."""

    def __init__(self, fuse: Fuse) -> None:
        self.fuse = fuse

    def open(self, file: Path) -> int:
        self.fuse.burn("before open")
        return super().open(file)

    def write(self, descriptor: int, data: bytes) -> None:
        self.fuse.burn("before write")
        super().write(descriptor, data[: len(data) // 2])
        self.fuse.burn("within write")
        super().write(descriptor, data[len(data) // 2 :])
        self.fuse.burn("after write")

    def sync(self, descriptor: int) -> None:
        super().sync(descriptor)
        self.fuse.burn("after sync")

    def truncate(self, descriptor: int, size: int) -> None:
        super().truncate(descriptor, size)
        self.fuse.burn("after truncate")

    def replace(self, source: Path, target: Path) -> None:
        self.fuse.burn("before replace")
        super().replace(source, target)
        self.fuse.burn("after replace")

    def link(self, source: Path, target: Path) -> None:
        super().link(source, target)
        self.fuse.burn("after link")

    def remove(self, file: Path) -> None:
        super().remove(file)
        self.fuse.burn("after remove")


@dataclass
class FolderCloud(MemoryCloud):
    """A cloud that outlives its processes: a file a box, with its URN and its properties."""

    folder: Path = Path()
    fuse: Fuse = field(default_factory=Fuse)

    def provider(self) -> MemoryProvider:
        return FolderProvider(self)

    def put(self, id_: str, urn: str, properties: Mapping[str, PropertyValue]) -> None:
        self.fuse.burn("before the cloud")
        text = json.dumps({"urn": urn, "properties": {key: bare(value) for key, value in properties.items()}})
        temporary = self.folder / f".{id_}"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(self.folder / f"{id_}.json")
        self.fuse.burn("after the cloud")

    def read(self, id_: str) -> dict[str, PropertyValue] | None:
        try:
            data = json.loads((self.folder / f"{id_}.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return {key: PropertyValue(value) for key, value in data["properties"].items()}


class FolderProvider(MemoryProvider):
    cloud: FolderCloud

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        if request.preview:
            return await super().create(request)
        id_ = uuid.uuid4().hex
        outputs = {**request.properties, "arn": PropertyValue(f"arn:mem:{id_}")}
        self.cloud.put(id_, request.urn, outputs)
        return sdk.CreateResponse(id_, outputs)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        outputs = {**request.news, "arn": request.olds["arn"]}
        self.cloud.put(request.resource_id, request.urn, outputs)
        return sdk.UpdateResponse(outputs)

    async def delete(self, request: sdk.DeleteRequest) -> None:
        self.cloud.fuse.burn("before the cloud")
        (self.cloud.folder / f"{request.resource_id}.json").unlink(missing_ok=True)
        self.cloud.fuse.burn("after the cloud")

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        box = self.cloud.read(request.resource_id)
        if box is None:
            return sdk.ReadResponse()
        return sdk.ReadResponse(request.resource_id, box, {key: value for key, value in box.items() if key != "arn"})


def run(request: Mapping[str, Any], fuse: Fuse) -> dict[str, Any]:
    """Carries out commands, one after the other, in a project's folder."""
    folder = Path(request["folder"])
    cloud = FolderCloud(folder=folder / "boxes", fuse=fuse)
    backend = StateBackend(folder / "state", passphrase_source=lambda: PASSPHRASE, disk=DeadlyDisk(fuse))
    outcome: dict[str, Any] = {}
    for command in request["commands"]:
        engine = Engine(
            load_project_file(folder),
            "dev",
            backend=backend,
            providers={"mem": cloud.provider},
            parallel=int(request["parallel"]),
        )
        result = getattr(engine, command)()
        outcome[command] = [item.message for item in result.diagnostics if item.severity == "error"]
    return {"errors": outcome, "points": fuse.points}


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        answer = Path(request["folder"]) / "answer.json"
        answer.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                answer.write_text(json.dumps(run(request, Fuse(int(request["fuse"])))), encoding="utf-8")
                status = 0
            finally:
                os._exit(status)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(status, flush=True)


if __name__ == "__main__":
    main()
