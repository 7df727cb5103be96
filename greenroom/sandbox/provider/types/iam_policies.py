"""IAM: managed policies, instance profiles, service-linked roles, identity providers.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import AwsRefusedError, InvalidInputsError, Violation
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tagging import Tagging
from greenroom.sandbox.provider.types.iam import LONGEST_POLICY_NAME, SERVICE
from greenroom.sandbox.provider.types.listed import pages

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_VERSIONS = 5
LONGEST_PROFILE_NAME = 128


@dataclass(frozen=True, kw_only=True)
class PolicyType(ResourceType):
    """A managed policy: its document is versioned, and another one is a new version."""

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The ARN, which is what IAM knows it by."""
        return {"arn": response["Policy"]["Arn"]}

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the document of the default version."""
        request = {"PolicyArn": live["arn"], "VersionId": found["DefaultVersionId"]}
        document = session.call(SERVICE, "GetPolicyVersion", request)["PolicyVersion"]["Document"]
        return {**live, "policy": document if isinstance(document, str) else json.dumps(document)}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """A new default version; the oldest other one goes where there is no room for one more."""
        versions = self._versions(session, known["arn"])
        if len(versions) >= MOST_VERSIONS:
            oldest = min(
                (version for version in versions if not version["IsDefaultVersion"]),
                key=lambda version: int(str(version["VersionId"]).removeprefix("v")),
            )
            self._forget(session, known["arn"], oldest)
        request = {"PolicyArn": known["arn"], "PolicyDocument": inputs["policy"], "SetAsDefault": True}
        session.call(SERVICE, "CreatePolicyVersion", request)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """The other versions first: IAM deletes a policy with one version only."""
        try:
            for version in self._versions(session, known["arn"]):
                if not version["IsDefaultVersion"]:
                    self._forget(session, known["arn"], version)
        except AwsRefusedError as refused:
            if not self.is_gone(refused):
                raise
        super().remove(session, known, bound_seconds)

    def _versions(self, session: AccountSession, arn: str) -> list[Mapping[str, Any]]:
        found = pages(session, SERVICE, "ListPolicyVersions", {"PolicyArn": arn})
        return [version for page in found for version in page["Versions"]]

    def _forget(self, session: AccountSession, arn: str, version: Mapping[str, Any]) -> None:
        session.call(SERVICE, "DeletePolicyVersion", {"PolicyArn": arn, "VersionId": version["VersionId"]})


POLICY = PolicyType(
    "aws:iam/policy:Policy",
    service=SERVICE,
    create="CreatePolicy",
    read="GetPolicy",
    delete="DeletePolicy",
    identity=("arn",),
    id_format="{arn}",
    prefixes=("Policy",),
    exceptions={"policy": "PolicyDocument"},
    found=("Policy",),
    steering=frozenset({"delayAfterPolicyCreationInMs"}),
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/policy.go (ForceNew)
    replaced_by=frozenset({"name", "namePrefix", "path", "description"}),
    autoname=AutoName(longest=LONGEST_POLICY_NAME),
    tagging=Tagging(subject=("PolicyArn", "arn"), tag="TagPolicy", untag="UntagPolicy", list_="ListPolicyTags"),
)


@dataclass(frozen=True, kw_only=True)
class InstanceProfileType(ResourceType):
    """An instance profile, which holds one role at most."""

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Puts the role in; once more does no harm."""
        held = self.live(session, known) or {}
        if known.get("role") and held.get("role") != known["role"]:
            self._move(session, known["name"], None, known["role"])

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the name of the role."""
        roles = found.get("Roles", [])
        return {**live, "role": roles[0]["RoleName"]} if roles else live

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """One role out, the other in."""
        self._move(session, known["name"], known.get("role"), inputs.get("role"))

    def _move(self, session: AccountSession, name: str, old: str | None, new: str | None) -> None:
        profile = {"InstanceProfileName": name}
        if old:
            session.call(SERVICE, "RemoveRoleFromInstanceProfile", {**profile, "RoleName": old})
        if new:
            session.call_once_propagated(SERVICE, "AddRoleToInstanceProfile", {**profile, "RoleName": new})

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """The role first."""
        live = self.live(session, known)
        if live is not None:
            self._move(session, known["name"], live.get("role"), None)
            super().remove(session, known, bound_seconds)


INSTANCE_PROFILE = InstanceProfileType(
    "aws:iam/instanceProfile:InstanceProfile",
    service=SERVICE,
    create="CreateInstanceProfile",
    read="GetInstanceProfile",
    delete="DeleteInstanceProfile",
    prefixes=("InstanceProfile",),
    exceptions={"uniqueId": "InstanceProfileId"},
    found=("InstanceProfile",),
    unsent=frozenset({"role"}),
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/instance_profile.go (ForceNew)
    replaced_by=frozenset({"name", "namePrefix", "path"}),
    autoname=AutoName(longest=LONGEST_PROFILE_NAME),
    tagging=Tagging(
        subject=("InstanceProfileName", "name"),
        tag="TagInstanceProfile",
        untag="UntagInstanceProfile",
        list_="ListInstanceProfileTags",
    ),
)


@dataclass(frozen=True, kw_only=True)
class ServiceLinkedRoleType(ResourceType):
    """The role that a service makes for itself, as application autoscaling does."""

    def make(self, session: AccountSession, inputs: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """Creates the role; its tags are a request of their own."""
        made = super().make(session, inputs, {})
        if tags and self.tagging is not None:
            self.tagging.change(session, SERVICE, made, {}, tags)
        return made

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The names that IAM chose."""
        return {"name": response["Role"]["RoleName"], "arn": response["Role"]["Arn"]}

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The service and the suffix, which the ARN tells: `…:role/aws-service-role/SERVICE/NAME_SUFFIX`."""
        service = str(live["arn"]).split("/")[-2]
        suffix = str(live["name"]).partition("_")[2]
        told = {"awsServiceName": service, **({"customSuffix": suffix} if suffix else {})}
        return {**live, **told}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Only the description changes in place."""
        request = {"RoleName": known["name"], "Description": inputs.get("description", "")}
        session.call(SERVICE, "UpdateRole", request)

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """The ARN tells the name.

        Raises:
            InvalidInputsError: it is no ARN of such a role.
        """
        if "/aws-service-role/" not in resource_id:
            violation = Violation("id", f"{resource_id!r} is not the ARN of a service-linked role")
            raise InvalidInputsError(self.token, [violation])
        return {"name": resource_id.rsplit("/", maxsplit=1)[-1], "arn": resource_id}


SERVICE_LINKED_ROLE = ServiceLinkedRoleType(
    "aws:iam/serviceLinkedRole:ServiceLinkedRole",
    service=SERVICE,
    create="CreateServiceLinkedRole",
    read="GetRole",
    delete="DeleteServiceLinkedRole",
    identity=("name",),
    id_format="{arn}",
    prefixes=("Role",),
    exceptions={"uniqueId": "RoleId"},
    found=("Role",),
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/service_linked_role.go
    replaced_by=frozenset({"awsServiceName", "customSuffix"}),
    tagging=Tagging(subject=("RoleName", "name"), tag="TagRole", untag="UntagRole", list_="ListRoleTags", create=""),
)


@dataclass(frozen=True, kw_only=True)
class OpenIdConnectProviderType(ResourceType):
    """An identity provider: how a CI deploys without a stored key."""

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The ARN, which is what IAM knows it by."""
        return {"arn": response["OpenIDConnectProviderArn"]}

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The URL without its scheme, as IAM and the official provider tell it."""
        return {**live, "url": str(live["url"]).removeprefix("https://")}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Thumbprints as a whole, client ids one by one."""
        provider = {"OpenIDConnectProviderArn": known["arn"]}
        if "thumbprintLists" in changed and inputs.get("thumbprintLists"):
            request = {**provider, "ThumbprintList": inputs["thumbprintLists"]}
            session.call(SERVICE, "UpdateOpenIDConnectProviderThumbprint", request)
        old, new = set(known.get("clientIdLists", [])), set(inputs.get("clientIdLists", []))
        for client_id in sorted(new - old):
            session.call(SERVICE, "AddClientIDToOpenIDConnectProvider", {**provider, "ClientID": client_id})
        for client_id in sorted(old - new):
            session.call(SERVICE, "RemoveClientIDFromOpenIDConnectProvider", {**provider, "ClientID": client_id})


OPEN_ID_CONNECT_PROVIDER = OpenIdConnectProviderType(
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    service=SERVICE,
    create="CreateOpenIDConnectProvider",
    read="GetOpenIDConnectProvider",
    delete="DeleteOpenIDConnectProvider",
    identity=("arn",),
    id_format="{arn}",
    prefixes=("OpenIDConnectProvider",),
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/openid_connect_provider.go
    replaced_by=frozenset({"url"}),
    tagging=Tagging(
        subject=("OpenIDConnectProviderArn", "arn"),
        tag="TagOpenIDConnectProvider",
        untag="UntagOpenIDConnectProvider",
        list_="ListOpenIDConnectProviderTags",
    ),
)

TYPES = (POLICY, INSTANCE_PROFILE, SERVICE_LINKED_ROLE, OPEN_ID_CONNECT_PROVIDER)
