"""KMS: keys and aliases. A key is never deleted at once, only scheduled to be, and counts as gone from then on.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import AwsRefusedError, Violation
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tagging import Tagging
from greenroom.sandbox.provider.values import as_whole_number

SERVICE = "kms"
# https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
DELETION_WINDOW_DAYS = range(7, 31)
LONGEST_DELETION_WINDOW_DAYS = 30
POLICY_NAME = "default"


@dataclass(frozen=True, kw_only=True)
class KeyType(ResourceType):
    """A key, with its policy and its rotation."""

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The id that KMS chose."""
        return {"keyId": response["KeyMetadata"]["KeyId"]}

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Rotation and the enabled state."""
        if known.get("enableKeyRotation"):
            self._set_rotation(session, known["keyId"], known)
        if known.get("isEnabled") is False:
            session.call(SERVICE, "DisableKey", {"KeyId": known["keyId"]})

    def _set_rotation(self, session: AccountSession, key_id: str, inputs: Mapping[str, Any]) -> None:
        request: dict[str, Any] = {"KeyId": key_id}
        if not inputs.get("enableKeyRotation"):
            session.call(SERVICE, "DisableKeyRotation", request)
            return
        if inputs.get("rotationPeriodInDays") is not None:
            request["RotationPeriodInDays"] = as_whole_number(inputs["rotationPeriodInDays"])
        session.call(SERVICE, "EnableKeyRotation", request)

    def pick(self, response: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The key; one that waits for its deletion is gone."""
        key: Mapping[str, Any] = response["KeyMetadata"]
        return None if key.get("KeyState") in {"PendingDeletion", "PendingReplicaDeletion"} else key

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the policy and the rotation, which have requests of their own."""
        key = {"KeyId": live["keyId"]}
        live["policy"] = session.call(SERVICE, "GetKeyPolicy", {**key, "PolicyName": POLICY_NAME})["Policy"]
        try:
            rotation = session.call(SERVICE, "GetKeyRotationStatus", key)
        except AwsRefusedError as refused:
            if refused.code != "UnsupportedOperationException":  # asymmetric keys have no rotation
                raise
            return live
        live["enableKeyRotation"] = rotation["KeyRotationEnabled"]
        if rotation["KeyRotationEnabled"] and "RotationPeriodInDays" in rotation:
            live["rotationPeriodInDays"] = float(rotation["RotationPeriodInDays"])
        return live

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Description, policy, rotation and the enabled state, each by its own request."""
        key = {"KeyId": known["keyId"]}
        if "isEnabled" in changed and inputs.get("isEnabled", True):
            session.call(SERVICE, "EnableKey", key)
        if "description" in changed:
            session.call(SERVICE, "UpdateKeyDescription", {**key, "Description": inputs.get("description", "")})
        if "policy" in changed and inputs.get("policy"):
            request = {**key, "PolicyName": POLICY_NAME, "Policy": inputs["policy"]}
            session.call_once_propagated(SERVICE, "PutKeyPolicy", request)
        if changed & {"enableKeyRotation", "rotationPeriodInDays"}:
            self._set_rotation(session, known["keyId"], inputs)
        if "isEnabled" in changed and inputs.get("isEnabled") is False:
            session.call(SERVICE, "DisableKey", key)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Schedules the deletion, after 30 days unless `deletionWindowInDays` says otherwise."""
        if self.live(session, known) is None:
            return
        days = as_whole_number(known.get("deletionWindowInDays", LONGEST_DELETION_WINDOW_DAYS))
        session.call(SERVICE, "ScheduleKeyDeletion", {"KeyId": known["keyId"], "PendingWindowInDays": days})

    def extra_violations(self, inputs: Mapping[str, Any]) -> list[Violation]:
        """The deletion window, which no request carries before it is too late."""
        days = inputs.get("deletionWindowInDays")
        if isinstance(days, float | int) and days not in DELETION_WINDOW_DAYS:
            return [Violation("deletionWindowInDays", f"{days:g} is not allowed; allowed: 7 to 30")]
        return super().extra_violations(inputs)


KEY = KeyType(
    "aws:kms/key:Key",
    service=SERVICE,
    create="CreateKey",
    read="DescribeKey",
    delete="ScheduleKeyDeletion",
    identity=("keyId",),
    id_format="{keyId}",
    exceptions={"customerMasterKeySpec": "KeySpec", "isEnabled": "Enabled"},
    found=("KeyMetadata",),
    unsent=frozenset({"isEnabled", "enableKeyRotation", "rotationPeriodInDays"}),
    steering=frozenset({"deletionWindowInDays"}),
    replaced_by=frozenset({"customerMasterKeySpec", "customKeyStoreId", "keyUsage", "multiRegion", "xksKeyId"}),
    tagging=Tagging(subject=("KeyId", "keyId"), tag="TagResource", untag="UntagResource", list_="ListResourceTags"),
)


@dataclass(frozen=True, kw_only=True)
class AliasType(ResourceType):
    """An alias; KMS lists them, and describes none."""

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The alias of this name among all of the account."""
        request: dict[str, Any] = {}
        while True:
            response = session.call(SERVICE, "ListAliases", request)
            for alias in response["Aliases"]:
                if alias["AliasName"] == known["name"]:
                    return self._told(session, alias)
            if not response.get("Truncated"):
                return None
            request = {"Marker": response["NextMarker"]}

    def _told(self, session: AccountSession, alias: Mapping[str, Any]) -> dict[str, Any]:
        key_id = str(alias.get("TargetKeyId", ""))
        return {
            "name": alias["AliasName"],
            "arn": alias["AliasArn"],
            "targetKeyId": key_id,
            "targetKeyArn": key_id if key_id.startswith("arn:") else session.arn("kms", f"key/{key_id}"),
        }


ALIAS = AliasType(
    "aws:kms/alias:Alias",
    service=SERVICE,
    create="CreateAlias",
    read="ListAliases",
    update="UpdateAlias",
    delete="DeleteAlias",
    prefixes=("Alias",),
    # What the official provider leaves of the 256: https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go
    autoname=AutoName(before="alias/", longest=238 + len("alias/")),
)

TYPES = (KEY, ALIAS)
