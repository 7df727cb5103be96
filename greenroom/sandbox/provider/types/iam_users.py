"""IAM: users and groups, their policies and attachments. People and machines that are not roles.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tagging import Tagging
from greenroom.sandbox.provider.types.iam import SERVICE, attachment, inline_policy

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LONGEST_USER_NAME = 64
LONGEST_GROUP_NAME = 128


@dataclass(frozen=True, kw_only=True)
class UserType(ResourceType):
    """A user; it can be renamed and moved in place."""

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """The boundary under the old name, then the move."""
        user = {"UserName": known["name"]}
        if "permissionsBoundary" in changed and inputs.get("permissionsBoundary"):
            request = {**user, "PermissionsBoundary": inputs["permissionsBoundary"]}
            session.call(SERVICE, "PutUserPermissionsBoundary", request)
        elif "permissionsBoundary" in changed:
            session.call(SERVICE, "DeleteUserPermissionsBoundary", user)
        if changed & {"name", "path"}:
            request = {**user, "NewUserName": inputs["name"], "NewPath": inputs.get("path", "/")}
            session.call(SERVICE, "UpdateUser", request)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """With `forceDestroy`, keys and the login profile go first."""
        if known.get("forceDestroy") and self.live(session, known) is not None:
            user = {"UserName": known["name"]}
            for key in session.call(SERVICE, "ListAccessKeys", user)["AccessKeyMetadata"]:
                session.call(SERVICE, "DeleteAccessKey", {**user, "AccessKeyId": key["AccessKeyId"]})
        super().remove(session, known, bound_seconds)


# Replaced by nothing: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/user.go
USER = UserType(
    "aws:iam/user:User",
    service=SERVICE,
    create="CreateUser",
    read="GetUser",
    delete="DeleteUser",
    prefixes=("User",),
    exceptions={"uniqueId": "UserId"},
    operation_exceptions={"response": {"permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn"}},
    found=("User",),
    steering=frozenset({"forceDestroy"}),
    replaced_by=frozenset(),
    autoname=AutoName(longest=LONGEST_USER_NAME),
    tagging=Tagging(subject=("UserName", "name"), tag="TagUser", untag="UntagUser", list_="ListUserTags"),
)

GROUP = ResourceType(
    "aws:iam/group:Group",
    service=SERVICE,
    create="CreateGroup",
    read="GetGroup",
    delete="DeleteGroup",
    prefixes=("Group",),
    exceptions={"uniqueId": "GroupId"},
    found=("Group",),
    replaced_by=frozenset({"name", "path"}),
    autoname=AutoName(longest=LONGEST_GROUP_NAME),
)


TYPES = (
    USER,
    GROUP,
    inline_policy("user"),
    inline_policy("group"),
    attachment("user"),
    attachment("group"),
)
