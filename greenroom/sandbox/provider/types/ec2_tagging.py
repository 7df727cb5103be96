"""EC2's tags: one request for many resources, given at the creation by the kind of the resource.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.tagging import SYSTEM_PREFIX, Tagging

SERVICE = "ec2"


@dataclass(frozen=True, kw_only=True)
class Ec2Tagging(Tagging):
    """Tags of a resource by its id."""

    subject: tuple[str, str] = ("Resources", "id")
    tag: str = "CreateTags"
    untag: str = "DeleteTags"
    list_: str = "DescribeTags"
    create: str = ""

    def read(self, session: AccountSession, service: str, outputs: Mapping[str, Any]) -> dict[str, str]:
        """All tags of the resource but AWS's own."""
        named = {"Filters": [{"Name": "resource-id", "Values": [outputs["id"]]}]}
        tags = session.call(service, self.list_, named).get("Tags", [])
        return {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith(SYSTEM_PREFIX)}

    def change(
        self,
        session: AccountSession,
        service: str,
        outputs: Mapping[str, Any],
        old: Mapping[str, str],
        new: Mapping[str, str],
    ) -> None:
        """Takes away the tags that are gone, and sets those that are new or other."""
        removed = [{"Key": key} for key in old if key not in new]
        changed = [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]
        if removed:
            session.call(service, self.untag, {"Resources": [outputs["id"]], "Tags": removed})
        if changed:
            session.call(service, self.tag, {"Resources": [outputs["id"]], "Tags": changed})


@dataclass(frozen=True, kw_only=True)
class Ec2Type(ResourceType):
    """A type of EC2: AWS chooses its id, and tells it with the resource.

    Attributes:
        kind: what EC2 calls it, as in an ARN and a tag specification: `subnet`.
        id_member: the member that holds its id: `SubnetId`.
        created: the member of the creating response that holds it; empty where the response is the resource.
    """

    service: str = SERVICE
    identity: tuple[str, ...] = ("id",)
    id_format: str = "{id}"
    tagging: Tagging | None = Ec2Tagging()
    kind: str
    id_member: str
    created: str = ""

    def create_request(self, inputs: Mapping[str, Any], tags: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
        """With the tags, where there are any."""
        request = super().create_request(inputs, {}, trace)
        if tags:
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            request["TagSpecifications"] = [{"ResourceType": self.kind, "Tags": listed}]
        return request

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The id."""
        made = response[self.created] if self.created else response
        return {"id": made[self.id_member]}

    def request(self, operation: str, properties: Mapping[str, Any], trace: Trace | None = None) -> dict[str, Any]:
        """Requests name it by its id: in a list where they read, by itself where they delete."""
        if operation not in {self.read, self.delete}:
            return super().request(operation, properties, trace)
        plural = f"{self.id_member}s"
        members = self.codec(operation).shape.members
        return {plural: [properties["id"]]} if plural in members else {self.id_member: properties["id"]}

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the ARN, which follows from the id."""
        owner = found.get("OwnerId", session.account)
        return {**live, "arn": session.arn(SERVICE, f"{self.kind}/{live['id']}", account=str(owner))}

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """The id is all there is."""
        return {"id": resource_id}
