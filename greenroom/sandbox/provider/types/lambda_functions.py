"""Lambda: functions, who may call them, their aliases, and what feeds them.

A function's code is an archive of the program, or lies in S3 or ECR. An archive is zipped here, always to the same
bytes for the same files; its digest is in the state, so that a changed file is a change (`content`).
https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.content import Content
from greenroom.sandbox.provider.errors import FailedResourceError, InvalidInputsError, Violation
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.tagging import Tagging
from greenroom.sandbox.provider.values import UNKNOWN, Unknown, as_whole_number, has_unknown

SERVICE = "lambda"
# https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go
LONGEST_NAME = 64
LONGEST_STATEMENT = 100
LONGEST_ALIAS = 128
SETTLE_SECONDS = 600.0

CODE_MEMBERS = {
    "imageUri": "ImageUri",
    "s3Bucket": "S3Bucket",
    "s3Key": "S3Key",
    "s3ObjectVersion": "S3ObjectVersion",
    "sourceKmsKeyArn": "SourceKMSKeyArn",
}
CODE_INPUTS = frozenset({"code", "architectures", "sourceCodeHash", *CODE_MEMBERS})


def invoke_arn(session: AccountSession, function_arn: str) -> str:
    """The ARN by which API Gateway calls a function."""
    path = f"2015-03-31/functions/{function_arn}/invocations"
    return f"arn:{session.partition}:apigateway:{session.region}:lambda:path/{path}"


@dataclass(frozen=True, kw_only=True)
class FunctionType(ResourceType):
    """A function."""

    def create_request(self, inputs: Mapping[str, Any], tags: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
        """With the code."""
        request = super().create_request(inputs, tags, trace)
        code = self._code(inputs)
        if code:
            request["Code"] = code
        return request

    def _code(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        members = {member: inputs[name] for name, member in CODE_MEMBERS.items() if name in inputs}
        archive = inputs.get("code")
        if isinstance(archive, Content):
            members["ZipFile"] = archive.zipped()
        elif isinstance(archive, Unknown):
            members["ZipFile"] = UNKNOWN
        return members

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Reserves concurrency; none and -1 reserve nothing."""
        reserved = as_whole_number(known.get("reservedConcurrentExecutions", -1))
        if isinstance(reserved, int) and reserved >= 0:
            request = {"FunctionName": known["name"], "ReservedConcurrentExecutions": reserved}
            session.call(SERVICE, "PutFunctionConcurrency", request)

    def settle(self, session: AccountSession, wanted: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Waits until the function is active and its last update is through.

        Raises:
            FailedResourceError: it failed.
        """
        name = wanted["name"]

        def settled() -> Mapping[str, Any] | None:
            found = session.call(SERVICE, "GetFunctionConfiguration", {"FunctionName": name})
            busy = found.get("State") == "Pending" or found.get("LastUpdateStatus") == "InProgress"
            return None if busy else found

        found = session.wait_until(f"function {name} active", settled, bound_seconds or SETTLE_SECONDS)
        if found.get("State") == "Failed" or found.get("LastUpdateStatus") == "Failed":
            reason = found.get("StateReason") or found.get("LastUpdateStatusReason") or "Lambda gives no reason"
            raise FailedResourceError(f"function {name} failed: {reason}")

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the ARNs that follow from the function's own, and what other requests tell."""
        arn, version = str(found["FunctionArn"]), self._newest_version(session, live["name"])
        reserved = session.call(SERVICE, "GetFunctionConcurrency", {"FunctionName": live["name"]})
        return {
            **live,
            "arn": arn,
            "version": version,
            "invokeArn": invoke_arn(session, arn),
            "qualifiedArn": f"{arn}:{version}",
            "qualifiedInvokeArn": invoke_arn(session, f"{arn}:{version}"),
            "responseStreamingInvokeArn": invoke_arn(session, arn)
            .replace("2015-03-31", "2021-11-15")
            .replace("/invocations", "/response-streaming-invocations"),
            "reservedConcurrentExecutions": float(reserved.get("ReservedConcurrentExecutions", -1)),
            "sourceCodeSize": float(found["CodeSize"]),
            "sourceCodeHash": found["CodeSha256"],
            "layers": [layer["Arn"] for layer in found.get("Layers", [])],
        }

    def _newest_version(self, session: AccountSession, name: str) -> str:
        versions = session.call(SERVICE, "ListVersionsByFunction", {"FunctionName": name})["Versions"]
        return max((str(one["Version"]) for one in versions), key=lambda text: int(text) if text.isdigit() else 0)

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """The configuration, then the code, then the reserved concurrency, each once the one before is through."""
        name = known["name"]
        if changed & self.sent_later:
            super().change(session, known, inputs, changed)
            self.settle(session, {"name": name}, None)
        if changed & CODE_INPUTS:
            request = {"FunctionName": name, **self._code(inputs)}
            if "architectures" in inputs:
                request["Architectures"] = inputs["architectures"]
            session.call(SERVICE, "UpdateFunctionCode", request)
            self.settle(session, {"name": name}, None)
        if "reservedConcurrentExecutions" in changed:
            if as_whole_number(inputs.get("reservedConcurrentExecutions", -1)) == -1:
                session.call(SERVICE, "DeleteFunctionConcurrency", {"FunctionName": name})
            else:
                self.complete(session, {**inputs, "name": name})
        if inputs.get("publish"):
            session.call(SERVICE, "PublishVersion", {"FunctionName": name})

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Deletes the function, unless `skipDestroy` says to let it stand."""
        if not known.get("skipDestroy"):
            super().remove(session, known, bound_seconds)

    def extra_violations(self, inputs: Mapping[str, Any]) -> list[Violation]:
        """Code from one place, and from one at least."""
        found = super().extra_violations(inputs)
        places = [name for name in ("code", "imageUri", "s3Bucket") if name in inputs]
        if len(places) != 1 and not has_unknown(dict(inputs)):
            told = " and ".join(places) or "none"
            found.append(
                Violation(
                    "code",
                    f"a function has its code from one place, and this one from {told}; "
                    "give one of code, imageUri, s3Bucket with s3Key",
                )
            )
        return found


FUNCTION = FunctionType(
    "aws:lambda/function:Function",
    service=SERVICE,
    create="CreateFunction",
    read="GetFunction",
    update="UpdateFunctionConfiguration",
    delete="DeleteFunction",
    prefixes=("Function",),
    exceptions={"durableConfig.retentionPeriod": "RetentionPeriodInDays"},
    # AWS tells these two with what the program gives, and takes neither.
    operation_exceptions={
        "response": {
            "layers": None,
            "imageConfig": "ImageConfigResponse.ImageConfig",
            "snapStart.optimizationStatus": None,
            "vpcConfig.vpcId": None,
        }
    },
    found=("Configuration",),
    unsent=frozenset({"reservedConcurrentExecutions", "sourceCodeHash", "codeSha256", "code", *CODE_MEMBERS}),
    steering=frozenset(
        {
            "replaceSecurityGroupsOnDestroy", "replacementSecurityGroupIds", "skipDestroy",
            "useResourceTimeoutForPropagation",
        }
    ),
    refused={
        "codeSigningConfigArn": "is not in the sandbox, which checks no signatures; leave it out",
        "codeSha256": "is what AWS tells; leave it out, a changed archive is noticed by itself",
    },
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/lambda/function.go (ForceNew)
    replaced_by=frozenset({"name", "packageType", "tenancyConfig"}),
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=Tagging(subject=("Resource", "arn"), tag="TagResource", untag="UntagResource", list_="ListTags"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PermissionType(ResourceType):
    """A statement of a function's policy; it never changes in place."""

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The statement of this id."""
        request = {"FunctionName": known["function"]}
        if known.get("qualifier"):
            request["Qualifier"] = known["qualifier"]
        response = self.call_unless_gone(session, self.read, request)
        if response is None:
            return None
        statements = json.loads(response["Policy"])["Statement"]
        found = next((one for one in statements if one.get("Sid") == known["statementId"]), None)
        return None if found is None else {**self._told(found), **{n: known[n] for n in self.identity if n in known}}

    def _told(self, statement: Mapping[str, Any]) -> dict[str, Any]:
        principal = statement["Principal"]
        if isinstance(principal, Mapping):
            principal = next(iter(principal.values()))
        if str(principal).endswith(":root"):
            principal = str(principal).split(":")[4]
        conditions = {key: value for one in statement.get("Condition", {}).values() for key, value in one.items()}
        told = {
            "action": statement["Action"],
            "principal": principal,
            "sourceArn": conditions.get("AWS:SourceArn"),
            "sourceAccount": conditions.get("AWS:SourceAccount"),
            "principalOrgId": conditions.get("aws:PrincipalOrgID"),
            "eventSourceToken": conditions.get("lambda:EventSourceToken"),
            "functionUrlAuthType": conditions.get("lambda:FunctionUrlAuthType"),
        }
        return {name: value for name, value in told.items() if value is not None}

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """`FUNCTION/STATEMENT` or `FUNCTION:QUALIFIER/STATEMENT`.

        Raises:
            InvalidInputsError: it has no slash.
        """
        function, between, statement = resource_id.rpartition("/")
        if not between:
            violation = Violation("id", f"{resource_id!r} is not of the form FUNCTION/STATEMENT")
            raise InvalidInputsError(self.token, [violation])
        name, _, qualifier = function.partition(":")
        return {"function": name, "statementId": statement, **({"qualifier": qualifier} if qualifier else {})}


PERMISSION = PermissionType(
    "aws:lambda/permission:Permission",
    service=SERVICE,
    create="AddPermission",
    read="GetPolicy",
    delete="RemovePermission",
    identity=("function", "statementId", "qualifier"),
    id_format="{statementId}",
    exceptions={"function": "FunctionName"},
    autoname=AutoName(property="statementId", longest=LONGEST_STATEMENT, prefix_property="statementIdPrefix"),
)


@dataclass(frozen=True, kw_only=True)
class AliasType(ResourceType):
    """An alias of a version."""

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the ARN that API Gateway calls it by."""
        return {**live, "invokeArn": invoke_arn(session, live["arn"])}

    def id_of(self, outputs: Mapping[str, Any]) -> str:
        """The ARN."""
        return str(outputs["arn"])

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """`FUNCTION/ALIAS`; or the ARN, which ends in `:FUNCTION:ALIAS`."""
        function, _, name = resource_id.replace(":", "/").rpartition("/")
        return {"functionName": function.rpartition("/")[2], "name": name}


ALIAS = AliasType(
    "aws:lambda/alias:Alias",
    service=SERVICE,
    create="CreateAlias",
    read="GetAlias",
    update="UpdateAlias",
    delete="DeleteAlias",
    identity=("functionName", "name"),
    id_format="{functionName}/{name}",
    operation_exceptions={"response": {"arn": "AliasArn"}},
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/lambda/alias.go (ForceNew)
    replaced_by=frozenset({"functionName", "name"}),
    autoname=AutoName(longest=LONGEST_ALIAS),
)


@dataclass(frozen=True, kw_only=True)
class EventSourceMappingType(ResourceType):
    """What feeds a function: a queue, a stream."""

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The id that Lambda chose."""
        return {"uuid": response["UUID"]}

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Whether it is on, which its state tells; the ARN, which not every answer has."""
        on = found.get("State") in {"Enabled", "Enabling", "Updating", "Creating"}
        arn = found.get("EventSourceMappingArn") or session.arn("lambda", f"event-source-mapping:{live['uuid']}")
        function = str(found["FunctionArn"]).rsplit(":", maxsplit=1)[-1]
        return {**live, "enabled": on, "arn": arn, "functionName": function}


EVENT_SOURCE_MAPPING = EventSourceMappingType(
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    service=SERVICE,
    create="CreateEventSourceMapping",
    read="GetEventSourceMapping",
    update="UpdateEventSourceMapping",
    delete="DeleteEventSourceMapping",
    identity=("uuid",),
    id_format="{uuid}",
    exceptions={"destinationConfig.onFailure.destinationArn": "Destination"},
    steering=frozenset({"useResourceTimeoutForPropagation"}),
    tagging=Tagging(subject=("Resource", "arn"), tag="TagResource", untag="UntagResource", list_="ListTags"),
)

TYPES = (FUNCTION, PERMISSION, ALIAS, EVENT_SOURCE_MAPPING)
