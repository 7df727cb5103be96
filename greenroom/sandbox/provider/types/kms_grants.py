"""KMS: grants, and a key's policy as a resource of its own.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.types.kms import POLICY_NAME, SERVICE
from greenroom.sandbox.provider.types.listed import ListedType

LONGEST_NAME = 255


@dataclass(frozen=True, kw_only=True)
class GrantType(ListedType):
    """A grant; nothing of it changes in place."""

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The id that KMS chose, and the token, which it tells but once."""
        return {"grantId": response["GrantId"], "grantToken": response["GrantToken"]}

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The key's id is the program's: KMS tells the ARN."""
        return {name: value for name, value in live.items() if name != "keyId"}

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """With the key as the program names it, and the token of the creation."""
        live = super().live(session, known)
        kept = {name: known[name] for name in ("keyId", "grantToken") if name in known}
        return None if live is None else {**live, **kept}

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Revokes the grant, or retires it where the program says so."""
        operation = "RetireGrant" if known.get("retireOnDelete") else "RevokeGrant"
        self.call_unless_gone(session, operation, {"KeyId": known["keyId"], "GrantId": known["grantId"]})


GRANT = GrantType(
    "aws:kms/grant:Grant",
    service=SERVICE,
    create="CreateGrant",
    read="ListGrants",
    delete="RevokeGrant",
    identity=("keyId", "grantId"),
    id_format="{keyId}:{grantId}",
    exceptions={"grantCreationTokens": "GrantTokens"},
    operation_exceptions={"ListGrants": {"grantId": "GrantId"}},
    found=("Grants", 0),
    matched={"GrantId": "grantId"},
    steering=frozenset({"retireOnDelete"}),
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/kms/grant.go (all ForceNew)
    replaced_by=frozenset(
        {
            "constraints", "grantCreationTokens", "granteePrincipal", "keyId", "name", "operations", "retireOnDelete",
            "retiringPrincipal",
        }
    ),
    autoname=AutoName(longest=LONGEST_NAME),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class KeyPolicyType(ResourceType):
    """A key's policy; a key always has one, so deleting it puts the default back."""

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Puts back the policy that a key has when nobody gives one.

        https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
        """
        root = session.arn("iam", "root", region="")
        statement = {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": root},
            "Action": "kms:*",
            "Resource": "*",
        }
        document = json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": [statement]})
        request = {"KeyId": known["keyId"], "PolicyName": POLICY_NAME, "Policy": document}
        self.call_unless_gone(session, self.create, request)


KEY_POLICY = KeyPolicyType(
    "aws:kms/keyPolicy:KeyPolicy",
    service=SERVICE,
    create="PutKeyPolicy",
    read="GetKeyPolicy",
    update="PutKeyPolicy",
    delete="PutKeyPolicy",
    identity=("keyId",),
    id_format="{keyId}",
    constants={"PutKeyPolicy": {"PolicyName": POLICY_NAME}, "GetKeyPolicy": {"PolicyName": POLICY_NAME}},
)

TYPES = (GRANT, KEY_POLICY)
