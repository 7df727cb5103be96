"""The real engine on the same program, project and provider: the Pulumi CLI, a file backend, the provider by gRPC."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.protobuf import any_pb2, empty_pb2
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from tests.functional.engine.memory_cloud import MemoryCloud, UnfinishedError


class AttachableServicer(ProviderServicer):
    """The SDK's servicer, which lacks the one method by which the engine attaches to a running provider."""

    async def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    async def Handshake(self, request: Any, context: Any) -> Any:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "no handshake")

    async def Create(self, request: Any, context: Any) -> Any:
        asked = sdk.CreateRequest(
            request.urn, PropertyValue.unmarshal_map(request.properties), request.timeout, request.preview
        )
        try:
            made = await self._provider.create(asked)
        except UnfinishedError as error:
            await self._abort_unfinished(request, context, error)
            raise
        return provider_pb2.CreateResponse(
            id=made.resource_id or "", properties=PropertyValue.marshal_map(made.properties)
        )

    @staticmethod
    async def _abort_unfinished(request: Any, context: Any, error: UnfinishedError) -> None:
        """As the protocol says it, for which the SDK has no words.

        https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto (`ErrorResourceInitFailed`)
        """
        told = provider_pb2.ErrorResourceInitFailed(
            id=error.resource_id,
            properties=PropertyValue.marshal_map(error.properties),
            inputs=request.properties,
            reasons=list(error.reasons),
        )
        details = any_pb2.Any()
        details.Pack(told)
        status = status_pb2.Status(code=2, message=str(error), details=[details])
        trailing = (("grpc-status-details-bin", status.SerializeToString()),)
        await context.abort(grpc.StatusCode.UNKNOWN, str(error), trailing)

    async def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()


@contextmanager
def served(cloud: MemoryCloud) -> Iterator[int]:
    """The cloud's provider on a free port."""
    ready = threading.Event()
    ports: list[int] = []
    loops: list[asyncio.AbstractEventLoop] = []
    stops: list[asyncio.Event] = []

    async def serve() -> None:
        server = grpc.aio.server()
        servicer = AttachableServicer([], "1.0.0", cloud.provider(), "")
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        await server.start()
        loops.append(asyncio.get_running_loop())
        stops.append(asyncio.Event())
        ready.set()
        await stops[0].wait()
        await server.stop(None)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield ports[0]
    finally:
        loops[0].call_soon_threadsafe(stops[0].set)
        thread.join(10)


class RealEngine:
    """`pulumi` on a project's folder."""

    def __init__(self, folder: Path, port: int, *, stack: str = "dev") -> None:
        self.folder = folder
        self.stack = stack
        home = folder / "real"
        home.mkdir(exist_ok=True)
        (home / "backend").mkdir(exist_ok=True)
        self.environment = {
            **os.environ,
            # A project without a virtual environment of its own runs on the `python` that is found first.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PULUMI_BACKEND_URL": f"file://{home / 'backend'}",
            "PULUMI_HOME": str(home / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "open sesame",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_PROVIDERS": f"mem:{port},other:{port}",
        }
        self.run("stack", "init", stack)

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"pulumi {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}")
        return done

    def preview(self, *, check: bool = True) -> dict[str, Any]:
        done = self.run(
            "preview", "--json", "--show-sames", "--show-replacement-steps", "--stack", self.stack, check=check
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def up(self, *, check: bool = True) -> None:
        self.run("up", "--yes", "--skip-preview", "--stack", self.stack, check=check)

    def export(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("stack", "export", "--stack", self.stack).stdout)
        return found
