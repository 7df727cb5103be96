"""A recording monitor: what a program registers, as the engine would be told, without an engine.

`pulumi.runtime.set_mocks` answers resources and invokes, but a test sees neither options nor dependencies there; this
keeps the whole request, so that tests compare what is deployed and in which order.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack


@dataclass(frozen=True)
class Registered:
    """One resource, as registered."""

    type: str
    name: str
    parent: str
    inputs: Mapping[str, Any]
    depends_on: tuple[str, ...]
    """`type::name` of every dependency, whether by a property or by `depends_on`."""
    property_dependencies: Mapping[str, tuple[str, ...]]
    provider: str
    replace_on_changes: tuple[str, ...]
    delete_before_replace: bool | None

    @property
    def key(self) -> str:
        return f"{self.type}::{self.name}"


@dataclass
class Deployment:
    """Everything one run of a program registered."""

    resources: list[Registered] = field(default_factory=list)
    invokes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    component_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of(self, type_: str) -> list[Registered]:
        """All of a type, ordered by name: registrations reach an engine in no fixed order."""
        return sorted((one for one in self.resources if one.type == type_), key=lambda one: one.name)

    def one(self, type_: str, name: str | None = None) -> Registered:
        found = [resource for resource in self.of(type_) if name is None or resource.name == name]
        assert len(found) == 1, f"{type_} {name}: {[resource.name for resource in found]}"
        return found[0]

    def reaches(self, start: Registered, goal: Registered) -> bool:
        """Whether `start` comes after `goal`, directly or through others."""
        by_key = {resource.key: resource for resource in self.resources}
        seen: set[str] = set()
        stack = [start.key]
        while stack:
            key = stack.pop()
            if key == goal.key:
                return True
            if key not in seen:
                seen.add(key)
                stack.extend(by_key[key].depends_on if key in by_key else ())
        return False

    def graph(self) -> list[dict[str, Any]]:
        """The public contract: tokens, logical names, parents, and who comes after whom."""
        return [
            {"resource": one.key, "parent": one.parent, "after": list(one.depends_on)}
            for one in sorted(self.resources, key=lambda one: one.key)
        ]


def short(urn: str) -> str:
    """`type::name` of a URN; the stack itself is `stack`."""
    if urn == "":
        return ""
    _, _, types, name = urn.split("::", 3)
    type_ = types.split("$")[-1]
    return "stack" if type_ == "pulumi:pulumi:Stack" else f"{type_}::{name}"


class _Monitor:
    """The part of an engine's ResourceMonitor that a program needs; computed outputs are what components read."""

    def __init__(self, deployment: Deployment, live_config_name: str | None, published: Callable[[str], bool]) -> None:
        self.deployment = deployment
        self.live_config_name = live_config_name
        self.published = published

    def GetDeploymentInfo(self, _request: Any) -> Any:
        return resource_pb2.DeploymentInfo(
            supportedFeatures=[
                resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
                resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
            ]
        )

    def RegisterResource(self, request: Any) -> Any:
        parent_types = request.parent.split("::")[2] + "$" if request.parent else ""
        parent_types = "" if parent_types == "pulumi:pulumi:Stack$" else parent_types
        urn = f"urn:pulumi:{settings.get_stack()}::greenroom::{parent_types}{request.type}::{request.name}"
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = rpc.deserialize_properties(request.object)
        self.deployment.resources.append(_registered(request, inputs))
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        state = {**inputs, **_computed(request.type, request.name, inputs)}
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"id-of-{request.name}", object=_struct(state))

    def RegisterResourceOutputs(self, request: Any) -> Any:
        outputs = rpc.deserialize_properties(request.outputs)
        if short(request.urn) == "stack":
            self.deployment.outputs.update(outputs)
        else:
            self.deployment.component_outputs[short(request.urn)] = outputs
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:
        args = rpc.deserialize_properties(request.args)
        self.deployment.invokes.append((request.tok, args))
        if request.tok == "aws:s3/getObjects:getObjects":
            return _answer({"keys": [args["prefix"]] if self.published(args["prefix"]) else []})
        assert request.tok == "aws-native:sagemaker:getEndpoint", f"the components call no {request.tok}"
        name = args["endpointArn"].removeprefix("arn:of:")
        deployed = self.deployment.one("aws-native:sagemaker:Endpoint", name).inputs["endpointConfigName"]
        return _answer({"endpointConfigName": self.live_config_name or deployed})

    def SignalAndWaitForShutdown(self, _request: Any) -> Any:
        return empty_pb2.Empty()


def _answer(result: Mapping[str, Any]) -> Any:
    answer = resource_pb2.ResourceInvokeResponse()
    getattr(answer, "return").update(dict(result))
    return answer


def _computed(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    computed = {"arn": f"arn:of:{name}"}
    if type_ == "pulumi:index:Stash":
        computed = {"output": inputs["input"]}
    if type_ == "aws:kms/key:Key":
        computed["keyId"] = f"id-of-{name}"
    if type_ == "aws-native:sagemaker:Endpoint":
        computed = {"endpointArn": f"arn:of:{name}"}
    return computed


def _registered(request: Any, inputs: Mapping[str, Any]) -> Registered:
    return Registered(
        type=request.type,
        name=request.name,
        parent=short(request.parent),
        inputs=inputs,
        depends_on=_shorts(request.dependencies),
        property_dependencies={
            key: _shorts(value.urns) for key, value in request.propertyDependencies.items() if value.urns
        },
        provider=short(request.provider.rsplit("::", 1)[0]) if request.provider else "",
        replace_on_changes=tuple(request.replaceOnChanges),
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
    )


def _struct(state: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(dict(state))
    return struct


def _shorts(urns: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(short(urn) for urn in urns))


def record(
    program: Callable[[], object],
    *,
    stack: str = "dev",
    preview: bool = False,
    live_config_name: str | None = None,
    published: Callable[[str], bool] = lambda _key: True,
) -> Deployment:
    """Runs `program` and returns what it registered.

    Args:
        program: Declares resources.
        stack: The stack's name.
        preview: Whether the program is told that this is a preview.
        live_config_name: What a live endpoint names as its configuration; `None`: the one that was deployed.
        published: Whether the artifact store has an object of that key.
    """
    deployment = Deployment()
    monitor = _Monitor(deployment, live_config_name, published)
    settings.reset_options(project="greenroom", stack=stack, preview=preview)
    settings.configure(
        settings.Settings(
            project="greenroom",
            stack=stack,
            dry_run=preview,
            monitor=monitor,
            engine=mocks.MockEngine(logging.getLogger("deployment")),
        )
    )

    def run() -> None:
        program()

    try:
        asyncio.run(run_in_stack(run))
    finally:
        settings.reset_options()
    return deployment
