"""aws-native's IAM and KMS types: roles, policies, keys and aliases.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import FailedResourceError
from greenroom.sandbox.provider.naming import NativeName
from greenroom.sandbox.provider.native_type import NativeType
from greenroom.sandbox.provider.tagging import Tagging
from greenroom.sandbox.provider.types import iam, kms
from greenroom.sandbox.provider.values import as_json, whole_numbers

SERVICE = "iam"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_POLICY_VERSIONS = 5
LONGEST_ALIAS = 256


def document_text(document: Any) -> str:
    """A policy document, given as an object or as a text, as AWS takes it."""
    return document if isinstance(document, str) else json.dumps(whole_numbers(document))


def document_object(document: Any) -> Any:
    """A policy document, as IAM's client parsed it or as a text, as CloudFormation tells it."""
    return as_json(document) if isinstance(document, str) else document


@dataclass(frozen=True, kw_only=True)
class NativeRoleType(iam.RoleType, NativeType):
    """A role with its inline and its managed policies; documents are objects."""

    def document_sent(self, document: Any) -> Any:
        """As a text."""
        return document_text(document)

    def document_told(self, document: Any) -> Any:
        """As an object."""
        return document_object(document)

    def inline_policies(self, properties: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The inline policies; each has a name, or IAM refuses it."""
        given: Sequence[Mapping[str, Any]] = properties.get(self.members.inline, [])
        return given


ROLE = NativeRoleType(
    "aws-native:iam:Role",
    service=SERVICE,
    create="CreateRole",
    read="GetRole",
    delete="DeleteRole",
    identity=("roleName",),
    id_format="{roleName}",
    members=iam.RoleMembers("roleName", "assumeRolePolicyDocument", "policies", "policyName", "policyDocument"),
    operation_exceptions={"response": {"permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn"}},
    found=("Role",),
    unsent=frozenset({"policies", "managedPolicyArns"}),
    shared=frozenset({"policies", "managedPolicyArns"}),
    autoname=NativeName("roleName", longest=0),
    tagging=Tagging(subject=("RoleName", "roleName"), tag="TagRole", untag="UntagRole", list_="ListRoleTags"),
)

ROLE_POLICY = NativeType(
    "aws-native:iam:RolePolicy",
    service=SERVICE,
    create="PutRolePolicy",
    read="GetRolePolicy",
    update="PutRolePolicy",
    delete="DeleteRolePolicy",
    identity=("policyName", "roleName"),
    id_format="{policyName}|{roleName}",
    autoname=NativeName("policyName", longest=0),
)


@dataclass(frozen=True, kw_only=True)
class ManagedPolicyType(NativeType):
    """A managed policy, its versions, and to whom it is attached."""

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Attaches it."""
        self._sync(session, known["policyArn"], {}, known)

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the document of the default version, and the attachments."""
        policy = {"PolicyArn": live["policyArn"]}
        version = session.call(SERVICE, "GetPolicyVersion", {**policy, "VersionId": live["defaultVersionId"]})
        live["policyDocument"] = document_object(version["PolicyVersion"]["Document"])
        entities = session.call(SERVICE, "ListEntitiesForPolicy", policy)
        for name, (members, member) in ATTACHED_TO.items():
            live[name] = sorted(entity[member] for entity in entities[members])
        return live

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """A new default version in the place of the oldest; attachments one by one."""
        if "policyDocument" in changed:
            policy = {"PolicyArn": known["policyArn"]}
            versions = session.call(SERVICE, "ListPolicyVersions", policy)["Versions"]
            if len(versions) >= MOST_POLICY_VERSIONS:
                spare = (version for version in versions if not version["IsDefaultVersion"])
                oldest = min(spare, key=lambda version: int(version["VersionId"][1:]))
                session.call(SERVICE, "DeletePolicyVersion", {**policy, "VersionId": oldest["VersionId"]})
            request = {**policy, "PolicyDocument": document_text(inputs["policyDocument"]), "SetAsDefault": True}
            session.call(SERVICE, "CreatePolicyVersion", request)
        self._sync(session, known["policyArn"], known, inputs)

    def _sync(self, session: AccountSession, arn: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        for name, (_, member) in ATTACHED_TO.items():
            before, after = set(old.get(name, [])), set(new.get(name, []))
            kind = member.removesuffix("Name")
            for entity in sorted(before - after):
                session.call(SERVICE, f"Detach{kind}Policy", {member: entity, "PolicyArn": arn})
            for entity in sorted(after - before):
                session.call(SERVICE, f"Attach{kind}Policy", {member: entity, "PolicyArn": arn})

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Detaches it from whom it was given to, deletes its other versions, then the policy."""
        if self.live(session, known) is None:
            return
        self._sync(session, known["policyArn"], known.get("__inputs", {}), {})
        policy = {"PolicyArn": known["policyArn"]}
        for version in session.call(SERVICE, "ListPolicyVersions", policy)["Versions"]:
            if not version["IsDefaultVersion"]:
                session.call(SERVICE, "DeletePolicyVersion", {**policy, "VersionId": version["VersionId"]})
        super().remove(session, known, bound_seconds)

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The ARN."""
        return {"policyArn": response["Policy"]["Arn"]}


ATTACHED_TO = {
    "groups": ("PolicyGroups", "GroupName"),
    "roles": ("PolicyRoles", "RoleName"),
    "users": ("PolicyUsers", "UserName"),
}
MANAGED_POLICY = ManagedPolicyType(
    "aws-native:iam:ManagedPolicy",
    service=SERVICE,
    create="CreatePolicy",
    read="GetPolicy",
    delete="DeletePolicy",
    identity=("policyArn",),
    id_format="{policyArn}",
    exceptions={"managedPolicyName": "PolicyName"},
    operation_exceptions={"response": {"policyArn": "Arn"}},
    found=("Policy",),
    unsent=frozenset(ATTACHED_TO),
    shared=frozenset(ATTACHED_TO),
    autoname=NativeName("managedPolicyName", longest=0),
)


@dataclass(frozen=True, kw_only=True)
class NativeKeyType(kms.KeyType, NativeType):
    """A key; three of its inputs have other names than pulumi-aws's."""

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Rotation and the enabled state."""
        super().complete(session, _as_in_aws(known))

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the policy and the rotation."""
        told = super().completed(session, live, found)
        return None if told is None else {**told, "keyPolicy": document_object(told.pop("policy"))}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Each part by its own request.

        Raises:
            FailedResourceError: what a key is for cannot change; CloudFormation fails such an update, lest one is lost.
                https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
        """
        fixed = sorted(changed & FIXED)
        if fixed:
            raise FailedResourceError(
                f"{self.token}: {', '.join(fixed)} of a key that stands cannot change. Make another key, and move the "
                "alias to it."
            )
        named = frozenset(AWS_NAMES.get(name, name) for name in changed)
        super().change(session, known, _as_in_aws(inputs), named)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Schedules the deletion."""
        super().remove(session, _as_in_aws(known), bound_seconds)


FIXED = frozenset({"keySpec", "keyUsage", "multiRegion", "origin"})
AWS_NAMES = {"keyPolicy": "policy", "enabled": "isEnabled", "pendingWindowInDays": "deletionWindowInDays"}


def _as_in_aws(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs by pulumi-aws's names, the policy as a text."""
    renamed = {AWS_NAMES.get(name, name): value for name, value in inputs.items()}
    return {**renamed, **({"policy": document_text(renamed["policy"])} if renamed.get("policy") else {})}


KEY = NativeKeyType(
    "aws-native:kms:Key",
    service=kms.SERVICE,
    create="CreateKey",
    read="DescribeKey",
    delete="ScheduleKeyDeletion",
    identity=("keyId",),
    id_format="{keyId}",
    exceptions={"bypassPolicyLockoutSafetyCheck": "BypassPolicyLockoutSafetyCheck", "keyPolicy": "Policy"},
    found=("KeyMetadata",),
    unsent=frozenset({"enabled", "enableKeyRotation", "rotationPeriodInDays"}),
    steering=frozenset({"pendingWindowInDays"}),
    tagging=Tagging(subject=("KeyId", "keyId"), tag="TagResource", untag="UntagResource", list_="ListResourceTags"),
)


@dataclass(frozen=True, kw_only=True)
class NativeAliasType(kms.AliasType, NativeType):
    """An alias."""

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The name and the key, which is told as it was given: by id or by ARN."""
        found = super().live(session, {"name": known["aliasName"]})
        if found is None:
            return None
        given = str(known.get("targetKeyId", ""))
        same_key = given.rsplit("/", maxsplit=1)[-1] == str(found["targetKeyId"]).rsplit("/", maxsplit=1)[-1]
        return {"aliasName": found["name"], "targetKeyId": given if same_key else found["targetKeyId"]}


ALIAS = NativeAliasType(
    "aws-native:kms:Alias",
    service=kms.SERVICE,
    create="CreateAlias",
    read="ListAliases",
    update="UpdateAlias",
    delete="DeleteAlias",
    identity=("aliasName",),
    id_format="{aliasName}",
    autoname=NativeName("aliasName", longest=LONGEST_ALIAS),
)

TYPES = (ROLE, ROLE_POLICY, MANAGED_POLICY, KEY, ALIAS)
