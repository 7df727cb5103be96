"""The resource monitor: what the SDK talks to in place of the real engine's gRPC service.

The SDK calls these methods, each from a thread of its own, with the same messages that it would send, and waits.
Errors are raised as gRPC errors, which is how the SDK tells "the engine is stopping" from "this call failed".
https://github.com/pulumi/pulumi/blob/master/proto/pulumi/resource.proto
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeAlias

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import callback_pb2, provider_pb2, resource_pb2

from greenroom.sandbox.engine import goal as goals
from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine import wire
from greenroom.sandbox.engine.deployment import Deployment, Outcome, StoppedError
from greenroom.sandbox.engine.errors import EngineError, UnsupportedError
from greenroom.sandbox.engine.goal import Goal
from greenroom.sandbox.engine.inline import BlocksError, is_inline, must_not_wait
from greenroom.sandbox.engine.steps import Step
from greenroom.sandbox.engine.transforms import Transforms
from greenroom.sandbox.engine.values import UNKNOWN_STRING, has_unknown

#: What the SDK calls a feature by its name, and what it means to the user.
SUPPORTED_FEATURES: Final = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "resourceReferences": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    "aliasSpecs": resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    "replaceWith": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    "replacementTrigger": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    "transforms": resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    "invokeTransforms": resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    "resourceHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    "errorHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    "sendsOptionsToHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_SENDS_OPTIONS_TO_HOOKS,
}


_RESULTS: Final = {
    Outcome.DONE: resource_pb2.Result.SUCCESS,
    Outcome.FAILED: resource_pb2.Result.FAIL,
    Outcome.SKIPPED: resource_pb2.Result.FAIL,  # the Python SDK knows no third one, and treats both alike
}


_Planned: TypeAlias = "tuple[resource_pb2.RegisterResourceRequest, Goal, tuple[Step, ...]]"


class MonitorError(grpc.RpcError):  # type: ignore[misc]  # grpc ships no types
    """An error as the SDK expects it of a gRPC call."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self._code = code
        self._details = details

    def code(self) -> grpc.StatusCode:
        """The status: UNAVAILABLE tells the SDK that the engine is stopping."""
        return self._code

    def details(self) -> str:
        """The message."""
        return self._details


def _stopping(error: Exception) -> MonitorError:
    return MonitorError(grpc.StatusCode.UNAVAILABLE, str(error))


class ResourceMonitor:
    """The engine's side of the SDK's `ResourceMonitor` service. The method names are the service's."""

    def __init__(  # one a fact that the program may ask for
        self,
        deployment: Deployment,
        transforms: Transforms,
        *,
        project: str,
        stack: str,
        dry_run: bool,
        parallel: int,
        at_end: Callable[[], None],
    ) -> None:
        """A monitor.

        Args:
            deployment: takes the registrations.
            transforms: the program's.
            project: the project's name.
            stack: the stack's name.
            dry_run: whether this is a preview.
            parallel: how many operations may run at once.
            at_end: is called when the program has registered everything, and still runs: its hooks can be called.
        """
        self._deployment = deployment
        self._transforms = transforms
        self._at_end = at_end
        self._project = project
        self._stack = stack
        self._dry_run = dry_run
        self._parallel = parallel
        self._component_providers: dict[str, dict[str, str]] = {}
        self._planned: dict[int, _Planned] = {}
        self._lock = threading.Lock()

    # -- what the engine is -------------------------------------------------------------------------------------------

    def SupportsFeature(self, request: resource_pb2.SupportsFeatureRequest) -> resource_pb2.SupportsFeatureResponse:  # noqa: N802
        """Whether a feature is supported."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in SUPPORTED_FEATURES)

    def GetDeploymentInfo(self, request: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:  # noqa: N802
        """The deployment, and the features that are supported."""
        del request
        return resource_pb2.DeploymentInfo(
            project=self._project,
            stack=self._stack,
            organization="organization",
            dryRun=self._dry_run,
            parallel=self._parallel,
            supportedFeatures=list(SUPPORTED_FEATURES.values()),
        )

    def SignalAndWaitForShutdown(self, request: empty_pb2.Empty) -> empty_pb2.Empty:  # noqa: N802
        """The program has registered everything, and stays to have its hooks called while the rest is deleted."""
        del request
        self._at_end()
        return empty_pb2.Empty()

    # -- resources ----------------------------------------------------------------------------------------------------

    def RegisterResource(  # noqa: N802
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Brings a resource to what the program asks of it."""
        if request.importId:
            must_not_wait()
        try:
            request, goal, steps = self._planned_for(request)
            done = self._deployment.carry_out(goal, steps)
        except EngineError as error:
            self._refuse(error)
        state = done.state
        self._transforms.remember(state.urn, request)
        if not request.custom:
            inherited = self._component_providers.get(request.parent, {})
            self._component_providers[state.urn] = {**inherited, **request.providers}
        return resource_pb2.RegisterResourceResponse(
            urn=state.urn,
            id=state.id,
            object=wire.to_struct(state.outputs if request.custom else {}),
            result=_RESULTS[done.outcome],
            unknown=done.is_unknown,
        )

    def _planned_for(self, asked: resource_pb2.RegisterResourceRequest) -> _Planned:
        """The request after its transforms, its goal, and the steps to it, planned once.

        On the program's own thread steps that wait are planned and left for the call that comes again on another.
        """
        planned = self._planned.pop(id(asked), None)
        if planned is None:
            request = self._transforms.apply(asked)
            goals.refuse_unsupported(request)
            parent = self._deployment.goal(request.parent) if request.parent else None
            provider = self._provider_of(request, parent)
            goal = goals.parse(request, parent=parent, provider=provider)
            planned = request, goal, self._deployment.plan(goal)
        if is_inline() and not self._dry_run and self._deployment.waits(planned[2]):
            self._planned[id(asked)] = planned  # the SDK keeps what it asks until it is answered
            raise BlocksError
        return planned

    def _refuse(self, error: EngineError, urn: str = "") -> NoReturn:
        """Turns an error into the SDK's; one that the user has not been told of yet is told."""
        if not self._deployment.has_stopped:
            self._deployment.fail(error, urn)
        raise _stopping(error) from error

    def _provider_of(self, request: resource_pb2.RegisterResourceRequest, parent: Goal | None) -> str:
        """The reference of the provider: named, inherited, or the package's default one."""
        if not request.custom or urns.is_provider_type(request.type):
            return ""
        package = urns.package_of(request.type)
        inherited = parent.provider if parent is not None else ""
        if inherited and urns.package_of(urns.type_of(urns.split_provider_reference(inherited)[0])) != package:
            inherited = ""
        named = (
            request.provider
            or inherited
            or request.providers.get(package)
            or self._component_providers.get(request.parent, {}).get(package)
        )
        return named or self._deployment.default_provider(package, request.version, request.pluginDownloadURL)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:  # noqa: N802
        """The outputs of a component or of the stack."""
        try:
            self._deployment.set_outputs(request.urn, wire.from_struct(request.outputs))
        except EngineError as error:
            self._refuse(error, request.urn)
        return empty_pb2.Empty()

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802
        """Reads a resource that lives outside the stack (`Resource.get`)."""
        must_not_wait()
        try:
            if request.packageRef:
                raise UnsupportedError("parameterized packages", where=f"resource {request.name!r}")
            package = urns.package_of(request.type)
            provider = request.provider or self._deployment.default_provider(
                package, request.version, request.pluginDownloadURL
            )
            goal = Goal(
                type=request.type,
                name=request.name,
                custom=True,
                inputs=wire.from_struct(request.properties),
                parent=request.parent,
                provider=provider,
                dependencies=tuple(sorted(request.dependencies)),
                additional_secret_outputs=tuple(request.additionalSecretOutputs),
            )
            done = self._deployment.read(goal, request.id)
        except EngineError as error:
            self._refuse(error)
        state = done.state
        return resource_pb2.ReadResourceResponse(
            urn=state.urn,
            id="" if state.id == UNKNOWN_STRING else state.id,
            properties=wire.to_struct(state.outputs),
            result=_RESULTS[done.outcome],
        )

    # -- functions ----------------------------------------------------------------------------------------------------

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        """Calls a provider's function. Arguments that are unknown leave the answer unknown."""
        must_not_wait()
        try:
            request = self._transforms.apply_to_invoke(request)
        except EngineError as error:
            raise MonitorError(grpc.StatusCode.UNKNOWN, error.message) from error
        arguments = wire.from_struct(request.args)
        if has_unknown(arguments):
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        try:
            if request.packageRef:
                raise UnsupportedError("parameterized packages", where=request.tok)
            package = urns.package_of(request.tok)
            reference = request.provider or self._deployment.default_provider(
                package, request.version, request.pluginDownloadURL
            )
            provider = self._deployment.registry.instance(reference, request.tok)
            if not provider.is_known:
                return resource_pb2.ResourceInvokeResponse(unknown=True)
            answer, failures = provider.invoke(request.tok, arguments)
        except StoppedError as error:
            raise _stopping(error) from error
        except EngineError as error:
            raise MonitorError(grpc.StatusCode.UNKNOWN, error.message) from error
        found = [provider_pb2.CheckFailure(property=item.property, reason=item.reason) for item in failures]
        return resource_pb2.ResourceInvokeResponse(**{"return": wire.to_struct(answer), "failures": found})

    # -- functions of the program -------------------------------------------------------------------------------------

    def RegisterStackTransform(self, request: callback_pb2.Callback) -> empty_pb2.Empty:  # noqa: N802
        """A transform of every resource."""
        self._transforms.add_to_stack(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: callback_pb2.Callback) -> empty_pb2.Empty:  # noqa: N802
        """A transform of every function call."""
        self._transforms.add_to_invokes(request)
        return empty_pb2.Empty()

    def RegisterResourceHook(self, request: resource_pb2.RegisterResourceHookRequest) -> empty_pb2.Empty:  # noqa: N802
        """A resource hook."""
        try:
            self._deployment.hooks.register(request)
        except EngineError as error:
            self._refuse(error)
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: resource_pb2.RegisterErrorHookRequest) -> empty_pb2.Empty:  # noqa: N802
        """An error hook."""
        try:
            self._deployment.hooks.register_error_hook(request)
        except EngineError as error:
            self._refuse(error)
        return empty_pb2.Empty()

    # -- what is refused by name --------------------------------------------------------------------------------------

    def Call(self, request: resource_pb2.ResourceCallRequest) -> NoReturn:  # noqa: N802
        """Methods of multi-language components: refused."""
        self._refuse(UnsupportedError("methods of multi-language components", where=request.tok))

    def RegisterPackage(self, request: resource_pb2.RegisterPackageRequest) -> NoReturn:  # noqa: N802
        """Parameterized packages: refused."""
        self._refuse(UnsupportedError("parameterized packages", where=request.name))

    def ExistsResource(self, request: Any) -> NoReturn:  # noqa: N802
        """Whether a resource exists: refused."""
        self._refuse(UnsupportedError("resource existence checks", where=f"{request.type} {request.id}"))
