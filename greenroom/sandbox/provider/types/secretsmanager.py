"""Secrets Manager: secrets, their versions, their policies.

A secret's value is an input of its version only, and is secret in the state when the program says so.
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import InvalidInputsError, Violation
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.tagging import Tagging
from greenroom.sandbox.provider.values import as_whole_number

SERVICE = "secretsmanager"
LONGEST_NAME = 255
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
LONGEST_RECOVERY_DAYS = 30
RECOVERY_DAYS = (0, *range(7, 31))
CURRENT = "AWSCURRENT"
ONE_REGION = "is not in the sandbox, which has one region at a time; leave it out"
NO_WRITE_ONLY = "is not in the sandbox, which has no write-only values; use secretString"


@dataclass(frozen=True, kw_only=True)
class SecretType(ResourceType):
    """A secret; it is deleted after a time in which it can be had back, and counts as gone from then on."""

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The ARN, which ends in six letters that nobody knows before."""
        return {"arn": response["ARN"]}

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """The policy that is given with the secret."""
        if known.get("policy"):
            self._put_policy(session, known["arn"], known["policy"])

    def _put_policy(self, session: AccountSession, arn: str, policy: str) -> None:
        session.call_once_propagated(SERVICE, "PutResourcePolicy", {"SecretId": arn, "ResourcePolicy": policy})

    def pick(self, response: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The secret; one that waits for its deletion is gone."""
        return None if response.get("DeletedDate") else response

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the policy, which has a request of its own."""
        policy = session.call(SERVICE, "GetResourcePolicy", {"SecretId": live["arn"]}).get("ResourcePolicy")
        return {**live, **({"policy": policy} if policy else {})}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Description and key in one request, the policy in another."""
        if changed & {"description", "kmsKeyId"}:
            request = {"SecretId": known["arn"], "Description": inputs.get("description", "")}
            if inputs.get("kmsKeyId"):
                request["KmsKeyId"] = inputs["kmsKeyId"]
            session.call(SERVICE, "UpdateSecret", request)
        if "policy" in changed and inputs.get("policy"):
            self._put_policy(session, known["arn"], inputs["policy"])
        elif "policy" in changed:
            session.call(SERVICE, "DeleteResourcePolicy", {"SecretId": known["arn"]})

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Deletes the secret after 30 days unless `recoveryWindowInDays` says otherwise; 0 means at once."""
        days = as_whole_number(known.get("recoveryWindowInDays", LONGEST_RECOVERY_DAYS))
        how = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        if self.live(session, known) is not None:
            session.call(SERVICE, self.delete, {"SecretId": known["arn"], **how})

    def extra_violations(self, inputs: Mapping[str, Any]) -> list[Violation]:
        """The recovery window, which no request carries before it is too late."""
        days = inputs.get("recoveryWindowInDays")
        found = super().extra_violations(inputs)
        if isinstance(days, float | int) and days not in RECOVERY_DAYS:
            found.append(Violation("recoveryWindowInDays", f"{days:g} is not allowed; allowed: 0, or 7 to 30"))
        return found


SECRET = SecretType(
    "aws:secretsmanager/secret:Secret",
    service=SERVICE,
    create="CreateSecret",
    read="DescribeSecret",
    delete="DeleteSecret",
    identity=("arn",),
    id_format="{arn}",
    exceptions={"replicas": "AddReplicaRegions", "forceOverwriteReplicaSecret": "ForceOverwriteReplicaSecret"},
    operation_exceptions={
        "DescribeSecret": {"arn": "SecretId"},
        "response": {"arn": "ARN", "replicas": "ReplicationStatus"},
    },
    unsent=frozenset({"policy"}),
    shared=frozenset({"policy", "replicas"}),
    steering=frozenset({"recoveryWindowInDays"}),
    refused=dict.fromkeys(
        ("replicas", "forceOverwriteReplicaSecret"),
        "is not in the sandbox, which has one region at a time; leave it out",
    ),
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/secretsmanager/secret.go (ForceNew)
    replaced_by=frozenset({"name", "namePrefix", "type"}),
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=Tagging(subject=("SecretId", "arn"), tag="TagResource", untag="UntagResource", list_="DescribeSecret"),
)


@dataclass(frozen=True, kw_only=True)
class SecretVersionType(ResourceType):
    """A version of a secret: its value."""

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The version's id."""
        return {"arn": response["ARN"], "versionId": response["VersionId"]}

    def request(self, operation: str, properties: Mapping[str, Any], trace: Trace | None = None) -> dict[str, Any]:
        """A version is read by its id."""
        request = super().request(operation, properties, trace)
        if operation == self.read:
            request = {"SecretId": properties["secretId"], "VersionId": properties["versionId"]}
        return request

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The secret's ARN once more, as the official provider has it; never a value that the state must not hold."""
        return {**live, "secretArn": live["arn"], "hasSecretStringWo": False}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Moves the stages that are new to this version, and takes off those that are gone."""
        old, new = set(known.get("versionStages", [])), set(inputs.get("versionStages", [CURRENT]))
        secret = {"SecretId": known["secretId"]}
        held = session.call(SERVICE, "DescribeSecret", secret).get("VersionIdsToStages", {})
        for stage in sorted(new - old):
            holder = next((version for version, stages in held.items() if stage in stages), None)
            request = {**secret, "VersionStage": stage, "MoveToVersionId": known["versionId"]}
            if holder is not None:
                request["RemoveFromVersionId"] = holder
            session.call(SERVICE, self.delete, request)
        for stage in sorted(old - new - {CURRENT}):
            request = {**secret, "VersionStage": stage, "RemoveFromVersionId": known["versionId"]}
            session.call(SERVICE, self.delete, request)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Takes the stages off but the current one, which goes with the secret: AWS deletes no version by itself."""
        held = self.call_unless_gone(session, "DescribeSecret", {"SecretId": known["secretId"]})
        if held is None:
            return
        for stage in held.get("VersionIdsToStages", {}).get(known["versionId"], []):
            if stage != CURRENT:
                request = {"SecretId": known["secretId"], "VersionStage": stage}
                session.call(SERVICE, self.delete, {**request, "RemoveFromVersionId": known["versionId"]})

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """`SECRET|VERSION`.

        Raises:
            InvalidInputsError: it names no version.
        """
        secret, between, version = resource_id.rpartition("|")
        if not between:
            violation = Violation("id", f"{resource_id!r} is not of the form SECRET-ARN|VERSION-ID")
            raise InvalidInputsError(self.token, [violation])
        return {"secretId": secret, "versionId": version}


SECRET_VERSION = SecretVersionType(
    "aws:secretsmanager/secretVersion:SecretVersion",
    service=SERVICE,
    create="PutSecretValue",
    read="GetSecretValue",
    delete="UpdateSecretVersionStage",
    identity=("secretId", "versionId"),
    id_format="{secretId}|{versionId}",
    refused=dict.fromkeys(
        ("secretStringWo", "secretStringWoVersion"),
        "is not in the sandbox, which has no write-only values; use secretString",
    ),
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/secretsmanager/secret_version.go
    replaced_by=frozenset({"secretId", "secretString", "secretBinary"}),
)


@dataclass(frozen=True, kw_only=True)
class SecretPolicyType(ResourceType):
    """The policy of a secret."""

    def pick(self, response: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A secret without a policy has no such resource."""
        return response if response.get("ResourcePolicy") else None


SECRET_POLICY = SecretPolicyType(
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    service=SERVICE,
    create="PutResourcePolicy",
    read="GetResourcePolicy",
    update="PutResourcePolicy",
    delete="DeleteResourcePolicy",
    identity=("secretArn",),
    id_format="{secretArn}",
    exceptions={"secretArn": "SecretId", "policy": "ResourcePolicy"},
    operation_exceptions={"response": {"secretArn": "ARN"}},
)

TYPES = (SECRET, SECRET_VERSION, SECRET_POLICY)
