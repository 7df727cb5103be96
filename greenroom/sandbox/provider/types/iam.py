"""IAM: roles, their inline policies, their attachments. IAM is global: its ARNs have no region.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tagging import Tagging
from greenroom.sandbox.provider.types.listed import ListedType
from greenroom.sandbox.provider.values import as_whole_number

SERVICE = "iam"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LONGEST_ROLE_NAME = 64
LONGEST_POLICY_NAME = 128
DEFAULT_SESSION_SECONDS = 3600


@dataclass(frozen=True)
class RoleMembers:
    """How a package names what has requests of its own in a role.

    Attributes:
        name: the role's name.
        trust: the document that says who may assume the role.
        inline: its inline policies, each with `inline_name` and `inline_document`.
    """

    name: str
    trust: str
    inline: str
    inline_name: str
    inline_document: str


@dataclass(frozen=True, kw_only=True)
class RoleType(ResourceType):
    """A role. Its inline and managed policies are its own only when the program gives them with the role.

    Attributes:
        members: what its parts are called.
    """

    members: RoleMembers = RoleMembers("name", "assumeRolePolicy", "inlinePolicies", "name", "policy")

    def document_sent(self, document: Any) -> Any:
        """A policy document as IAM takes it."""
        return document

    def document_told(self, document: Any) -> Any:
        """A policy document of a response as the package tells it."""
        return self.live_codec.fields[self.members.trust].codec.decode(document)

    def inline_policies(self, properties: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The inline policies; one without a name says that the role shall have none.

        https://www.pulumi.com/registry/packages/aws/api-docs/iam/role/
        """
        return [policy for policy in properties.get(self.members.inline, []) if policy.get(self.members.inline_name)]

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Policies given with the role."""
        self._sync_policies(session, {}, known, known)

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the policies, which have requests of their own."""
        members, role = self.members, self._role(live)
        names = session.call(SERVICE, "ListRolePolicies", role)["PolicyNames"]
        attached = session.call(SERVICE, "ListAttachedRolePolicies", role)["AttachedPolicies"]
        policies = [session.call(SERVICE, "GetRolePolicy", {**role, "PolicyName": name}) for name in names]
        inline = [
            {
                members.inline_name: policy["PolicyName"],
                members.inline_document: self.document_told(policy["PolicyDocument"]),
            }
            for policy in policies
        ]
        arns = sorted(policy["PolicyArn"] for policy in attached)
        return {**live, members.inline: inline, "managedPolicyArns": arns}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Each part by its own request."""
        role = self._role(known)
        if changed & {"description", "maxSessionDuration"}:
            seconds = as_whole_number(inputs.get("maxSessionDuration", DEFAULT_SESSION_SECONDS))
            request = {**role, "Description": inputs.get("description", ""), "MaxSessionDuration": seconds}
            session.call(SERVICE, "UpdateRole", request)
        if self.members.trust in changed:
            request = {**role, "PolicyDocument": self.document_sent(inputs[self.members.trust])}
            session.call_once_propagated(SERVICE, "UpdateAssumeRolePolicy", request)
        if "permissionsBoundary" in changed:
            if inputs.get("permissionsBoundary"):
                request = {**role, "PermissionsBoundary": inputs["permissionsBoundary"]}
                session.call(SERVICE, "PutRolePermissionsBoundary", request)
            else:
                session.call(SERVICE, "DeleteRolePermissionsBoundary", role)
        if changed & {self.members.inline, "managedPolicyArns"}:
            self._sync_policies(session, known, inputs, known)

    def _role(self, known: Mapping[str, Any]) -> dict[str, Any]:
        return {"RoleName": known[self.members.name]}

    def _sync_policies(
        self, session: AccountSession, old: Mapping[str, Any], new: Mapping[str, Any], known: Mapping[str, Any]
    ) -> None:
        role, members = self._role(known), self.members
        wanted = {policy[members.inline_name]: policy[members.inline_document] for policy in self.inline_policies(new)}
        for gone in {policy[members.inline_name] for policy in self.inline_policies(old)} - wanted.keys():
            session.call(SERVICE, "DeleteRolePolicy", {**role, "PolicyName": gone})
        for name, document in wanted.items():
            request = {**role, "PolicyName": name, "PolicyDocument": self.document_sent(document)}
            session.call(SERVICE, "PutRolePolicy", request)
        attached, to_attach = set(old.get("managedPolicyArns", [])), set(new.get("managedPolicyArns", []))
        for arn in sorted(attached - to_attach):
            session.call(SERVICE, "DetachRolePolicy", {**role, "PolicyArn": arn})
        for arn in sorted(to_attach - attached):
            session.call(SERVICE, "AttachRolePolicy", {**role, "PolicyArn": arn})

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Takes its own policies away first (all of them with `forceDetachPolicies`), then the role."""
        live = self.live(session, known)
        if live is None:
            return
        held = live if known.get("forceDetachPolicies") else known.get("__inputs", {})
        self._sync_policies(session, held, {}, known)
        super().remove(session, known, bound_seconds)


ROLE = RoleType(
    "aws:iam/role:Role",
    service=SERVICE,
    create="CreateRole",
    read="GetRole",
    delete="DeleteRole",
    prefixes=("Role",),
    exceptions={"assumeRolePolicy": "AssumeRolePolicyDocument", "uniqueId": "RoleId"},
    operation_exceptions={"response": {"permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn"}},
    found=("Role",),
    unsent=frozenset({"inlinePolicies", "managedPolicyArns"}),
    shared=frozenset({"inlinePolicies", "managedPolicyArns"}),
    steering=frozenset({"forceDetachPolicies"}),
    replaced_by=frozenset({"name", "namePrefix", "path"}),
    autoname=AutoName(longest=LONGEST_ROLE_NAME),
    tagging=Tagging(subject=("RoleName", "name"), tag="TagRole", untag="UntagRole", list_="ListRoleTags"),
)


def inline_policy(owner: str) -> ResourceType:
    """An inline policy of a `role`, a `user` or a `group`."""
    name = owner.capitalize()
    return ResourceType(
        f"aws:iam/{owner}Policy:{name}Policy",
        service=SERVICE,
        create=f"Put{name}Policy",
        read=f"Get{name}Policy",
        update=f"Put{name}Policy",
        delete=f"Delete{name}Policy",
        identity=(owner, "name"),
        id_format="{" + owner + "}:{name}",
        exceptions={owner: f"{name}Name", "name": "PolicyName", "policy": "PolicyDocument"},
        autoname=AutoName(longest=LONGEST_POLICY_NAME),
    )


def attachment(owner: str) -> ListedType:
    """A managed policy on a `role`, a `user` or a `group`."""
    name = owner.capitalize()
    return ListedType(
        f"aws:iam/{owner}PolicyAttachment:{name}PolicyAttachment",
        service=SERVICE,
        create=f"Attach{name}Policy",
        read=f"ListAttached{name}Policies",
        delete=f"Detach{name}Policy",
        identity=(owner, "policyArn"),
        id_format="{" + owner + "}/{policyArn}",
        exceptions={owner: f"{name}Name"},
        operation_exceptions={f"ListAttached{name}Policies": {"policyArn": None}, "response": {owner: None}},
        found=("AttachedPolicies", 0),
        matched={"PolicyArn": "policyArn"},
        delete_before_replace=True,
    )


TYPES = (ROLE, inline_policy("role"), attachment("role"))
