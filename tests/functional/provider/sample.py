"""What a sample of a resource type is, and what samples share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "111122223333"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/execution"
BUCKET = "dev-artifacts"
TOPIC_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:alarms"


def policy(sid: str = "read", principal: Any = None, resource: str = "*", action: str = "s3:GetObject") -> str:
    statement: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": action}
    if principal is not None:
        statement["Principal"] = principal
    if not action.startswith("sts:"):
        statement["Resource"] = resource
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service: str) -> str:
    return policy("", {"Service": service}, action="sts:AssumeRole").replace('"Sid": "", ', "")


@dataclass(frozen=True)
class Sample:
    """A resource as a program would have it.

    Attributes:
        needs: other resources that must stand first: (token, inputs).
        updates: inputs to change in place.
        replaces: inputs to change that make a new resource.
        unread: input paths that AWS never tells.
        remains: what still stands once it is deleted.
    """

    token: str
    inputs: Mapping[str, Any]
    resource_id: str | None = None
    needs: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    updates: Mapping[str, Any] = field(default_factory=dict)
    replaces: Mapping[str, Any] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    remains: bool = False
    import_id: str | None = None
