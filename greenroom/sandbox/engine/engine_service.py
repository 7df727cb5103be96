"""The engine service: where the SDK logs, and asks which engine it talks to.

https://github.com/pulumi/pulumi/blob/master/proto/pulumi/engine.proto
"""

from __future__ import annotations

import re
from importlib import metadata
from typing import Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2

from greenroom.sandbox.engine.deployment import Deployment
from greenroom.sandbox.engine.events import Severity
from greenroom.sandbox.engine.monitor import MonitorError

_SEVERITIES: Final[dict[int, Severity]] = {
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}
_CONDITION = re.compile(r"(>=|<=|!=|!|>|<|==|=|)v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")


class EngineService:
    """The engine's side of the SDK's `Engine` service. The method names are the service's."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._root = ""

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:  # noqa: N802
        """A message of the program or the SDK; debug and passing ones go nowhere.

        An error is a message as well: a program that goes on after `pulumi.log.error` does not fail for it.
        """
        severity = _SEVERITIES.get(request.severity)
        if severity is not None and not request.ephemeral:
            self._deployment.tell(severity, request.message, request.urn)
        return empty_pb2.Empty()

    def GetRootResource(self, request: engine_pb2.GetRootResourceRequest) -> engine_pb2.GetRootResourceResponse:  # noqa: N802
        """The URN of the stack's own resource."""
        del request
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(self, request: engine_pb2.SetRootResourceRequest) -> engine_pb2.SetRootResourceResponse:  # noqa: N802
        """Sets it."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(  # noqa: N802
        self, request: engine_pb2.RequirePulumiVersionRequest
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Whether the program may run: the sandbox's engine counts as of the SDK's version."""
        version = metadata.version("pulumi")
        if not satisfies(version, request.pulumi_version_range):
            raise MonitorError(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"the program requires Pulumi {request.pulumi_version_range}; "
                f"the sandbox's engine counts as {version}, the version of the installed SDK",
            )
        return engine_pb2.RequirePulumiVersionResponse()


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version lies in a range such as ``>=3.5.0 !3.7.7 || <2.0.0``."""
    have = _numbers(version)
    return any(all(_holds(have, condition) for condition in alternative.split()) for alternative in wanted.split("||"))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("-", maxsplit=1)[0])[:3])


def _holds(have: tuple[int, ...], condition: str) -> bool:
    match = _CONDITION.fullmatch(condition)
    if match is None:
        raise MonitorError(grpc.StatusCode.INVALID_ARGUMENT, f"{condition!r} is not a condition on a version")
    want = tuple(int(part or 0) for part in match.groups()[1:])
    match match[1]:
        case ">=":
            return have >= want
        case "<=":
            return have <= want
        case ">":
            return have > want
        case "<":
            return have < want
        case "!" | "!=":
            return have != want
        case _:
            return have == want
