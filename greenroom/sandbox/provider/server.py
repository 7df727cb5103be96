"""The provider, served to the real Pulumi engine by gRPC: the one module that knows of protobuf.

`PULUMI_DEBUG_PROVIDERS=aws:PORT,aws-native:PORT` makes the engine attach to a provider that runs already, in place of
starting a plugin. It then opens a connection for every provider resource of the program, default or explicit, and
configures each on its own; nothing in a request about a resource says which provider it is for. So a connection is a
provider instance here, told by its peer's address. What is left of ended connections is forgotten in turn.

Two things of the SDK's servicer are put right: `Attach`, which it does not answer, and `DiffConfig`, which mistakes
Python's booleans for protobuf's enumeration. Unknown values go over the wire as Pulumi's sentinel string, which the
SDK's marshalling does not do. Errors that are told on purpose go without a traceback.
https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime import proto
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import ResourceProviderServicer, provider_pb2_grpc, status_pb2
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_THE_WIRE

from greenroom.sandbox.provider.clients import CloudEndpoint
from greenroom.sandbox.provider.errors import ProviderError, ResourceInitFailedError
from greenroom.sandbox.provider.provider import AwsProvider, Package

PACKAGES: tuple[Package, ...] = ("aws", "aws-native")
HOST = "127.0.0.1"
# A run of the engine opens one to three; what is older than this many has long ended.
CONNECTIONS_KEPT = 256
STOP_GRACE_SECONDS = 1.0
START_SECONDS = 30.0

# gRPC lets two servers share a port by default, and the engine would reach either.
NO_SHARED_PORT = ("grpc.so_reuseport", 0)

Rpc = Callable[[ProviderServicer, Any, Any], Awaitable[Any]]


@dataclass(frozen=True)
class ServedProviders:
    """Both packages' providers, served until stopped.

    Attributes:
        ports: package → the port it is served on.
    """

    ports: Mapping[str, int]
    _server: _ServerThread

    @property
    def debug_providers(self) -> str:
        """The value of `PULUMI_DEBUG_PROVIDERS`."""
        return ",".join(f"{package}:{port}" for package, port in self.ports.items())

    def stop(self) -> None:
        """Ends the service; calls under way are given a second."""
        self._server.stop()


def serve(cloud: CloudEndpoint, *, ports: Mapping[str, int] | None = None) -> ServedProviders:
    """Serves both providers on loopback, on threads of their own.

    Args:
        cloud: the local AWS that they work on.
        ports: package → port; a free one where none is named.

    Raises:
        ProviderError: a port is taken.
    """
    server = _ServerThread(cloud, ports or {})
    return ServedProviders(server.start(), server)


class _ServerThread:
    """An event loop on a thread, with a gRPC server a package."""

    def __init__(self, cloud: CloudEndpoint, wanted: Mapping[str, int]) -> None:
        self._cloud = cloud
        self._wanted = wanted
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="provider-server", daemon=True)
        self._servers: list[grpc.aio.Server] = []

    def start(self) -> dict[str, int]:
        """Starts serving; answers the ports."""
        self._thread.start()
        try:
            return asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(START_SECONDS)
        except RuntimeError as error:
            self.stop()
            wanted = ", ".join(f"{package} on {port}" for package, port in sorted(self._wanted.items()))
            raise ProviderError(
                f"cannot serve the providers on {HOST} ({wanted or 'any port'}): {str(error).split(';')[0]}. "
                "Another process holds the port: end it, or choose another port."
            ) from error

    def stop(self) -> None:
        """Stops serving and ends the thread."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _serve(self) -> dict[str, int]:
        ports: dict[str, int] = {}
        for package in PACKAGES:
            server = grpc.aio.server(options=[*_GRPC_CHANNEL_OPTIONS, NO_SHARED_PORT])
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(Connections(package, self._cloud), server)
            ports[package] = server.add_insecure_port(f"{HOST}:{self._wanted.get(package, 0)}")
            await server.start()
            self._servers.append(server)
        return ports

    async def _stop(self) -> None:
        await asyncio.gather(*(server.stop(STOP_GRACE_SECONDS) for server in self._servers))


class Connections(ResourceProviderServicer):
    """A provider instance a connection, each behind the SDK's own servicer."""

    def __init__(self, package: Package, cloud: CloudEndpoint) -> None:
        self._package = package
        self._cloud = cloud
        self._servicers: OrderedDict[str, ProviderServicer] = OrderedDict()

    def servicer(self, peer: str) -> ProviderServicer:
        """The servicer of a connection."""
        servicer = self._servicers.get(peer)
        if servicer is None:
            provider = OnTheWire(AwsProvider(self._package, self._cloud))
            servicer = ProviderServicer([], "", provider, engine_address="")
            self._servicers[peer] = servicer
            while len(self._servicers) > CONNECTIONS_KEPT:
                self._servicers.popitem(last=False)
        self._servicers.move_to_end(peer)
        return servicer

    async def _answer(self, rpc: Rpc, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            return await rpc(self.servicer(context.peer()), request, context)
        except Exception as error:
            # The SDK's servicer raises a plain Exception with the traceback in it; what was raised first is behind it.
            told = error.__context__ or error
            if not isinstance(told, ProviderError):
                raise
            if isinstance(told, ResourceInitFailedError):
                context.set_trailing_metadata((("grpc-status-details-bin", _init_failed(told)),))
            return await context.abort(grpc.StatusCode.UNKNOWN, str(told))

    async def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """The engine introduces itself; there is nothing to tell it."""
        return empty_pb2.Empty()

    async def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """What `AwsProvider.configure` answers, told before."""
        return proto.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True, accept_outputs=False)

    async def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """The version of the SDK whose types we have, so that the engine finds what the program asks for."""
        return proto.PluginInfo(version=importlib.metadata.version(f"pulumi-{self._package}"))

    async def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A changed setting never replaces a provider; its resources notice by themselves."""
        response = await self.servicer(context.peer())._provider.diff_config(  # noqa: SLF001
            sdk.DiffRequest(
                request.urn,
                request.id,
                PropertyValue.unmarshal_map(request.olds),
                PropertyValue.unmarshal_map(request.news),
                list(request.ignoreChanges),
            )
        )
        changes = proto.DiffResponse.DIFF_SOME if response.changes else proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(changes=changes, diffs=response.diffs)

    async def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See `AwsProvider.check_config`."""
        return await self._answer(ProviderServicer.CheckConfig, request, context)

    async def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See `AwsProvider.configure`."""
        return await self._answer(ProviderServicer.Configure, request, context)

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See `AwsProvider.check`."""
        return await self._answer(ProviderServicer.Check, request, context)

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See `AwsProvider.diff`."""
        return await self._answer(ProviderServicer.Diff, request, context)

    async def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See `AwsProvider.create`."""
        return await self._answer(ProviderServicer.Create, request, context)

    async def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See `AwsProvider.read`."""
        return await self._answer(ProviderServicer.Read, request, context)

    async def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See `AwsProvider.update`."""
        return await self._answer(ProviderServicer.Update, request, context)

    async def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See `AwsProvider.delete`."""
        return await self._answer(ProviderServicer.Delete, request, context)

    async def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See `AwsProvider.invoke`."""
        return await self._answer(ProviderServicer.Invoke, request, context)

    async def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See `AwsProvider.cancel`."""
        return await self._answer(ProviderServicer.Cancel, request, context)


class OnTheWire(sdk.Provider):
    """A provider whose answers can be marshalled: unknown values are Pulumi's sentinel string."""

    def __init__(self, provider: AwsProvider) -> None:
        self._provider = provider

    async def check_config(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """As the provider; unknown settings come back as they came."""
        response = await self._provider.check_config(request)
        return sdk.CheckResponse(_sentinels(response.inputs or {}), response.failures)

    async def diff_config(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """As the provider."""
        return await self._provider.diff_config(request)

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        """As the provider."""
        return await self._provider.configure(request)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """As the provider."""
        response = await self._provider.check(request)
        return sdk.CheckResponse(_sentinels(response.inputs or {}), response.failures)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """As the provider."""
        return await self._provider.diff(request)

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """As the provider."""
        response = await self._provider.create(request)
        return sdk.CreateResponse(response.resource_id, _sentinels(response.properties))

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """As the provider."""
        return await self._provider.read(request)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        """As the provider."""
        return sdk.UpdateResponse(_sentinels((await self._provider.update(request)).properties))

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """As the provider."""
        await self._provider.delete(request)

    async def invoke(self, request: sdk.InvokeRequest) -> sdk.InvokeResponse:
        """As the provider."""
        response = await self._provider.invoke(request)
        return sdk.InvokeResponse(_sentinels(response.return_value or {}), response.failures)

    async def cancel(self) -> None:
        """As the provider."""
        await self._provider.cancel()


def _init_failed(error: ResourceInitFailedError) -> bytes:
    """The detail by which the engine knows that the resource is there all the same."""
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    properties = PropertyValue.marshal_map(error.properties)
    detail = proto.ErrorResourceInitFailed(id=error.resource_id, properties=properties, reasons=error.reasons)
    status.details.add().Pack(detail)
    serialized: bytes = status.SerializeToString()
    return serialized


def _sentinels(properties: Mapping[str, PropertyValue]) -> dict[str, PropertyValue]:
    return {name: _sentinel(value) for name, value in properties.items()}


def _sentinel(value: PropertyValue) -> PropertyValue:
    match value.value:
        case Computed():
            bare = PropertyValue(UNKNOWN_ON_THE_WIRE)
        case Mapping() as mapping:
            bare = PropertyValue({key: _sentinel(item) for key, item in mapping.items()})
        case tuple() as items:
            bare = PropertyValue([_sentinel(item) for item in items])
        case _:
            return value
    return bare.with_secret(value.is_secret)
