"""What a sample of a resource type is, and what samples share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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


ROLE_TYPE = "aws:iam/role:Role"
EXECUTION_ROLE = (ROLE_TYPE, {"name": "execution", "assumeRolePolicy": trust("sagemaker.amazonaws.com")})


@dataclass(frozen=True)
class Sample:
    """A resource as a program would have it.

    Attributes:
        needs: other resources that must stand first: (token, inputs).
        updates: inputs to change in place.
        replaces: inputs to change that make a new resource.
        together: further changes in place, each of several inputs at once; None takes an input away.
        unread: input paths that AWS never tells.
        told: inputs that AWS tells in other words.
        unseen: inputs whose drift AWS does not tell, and why.
        excused: inputs that change in place and for which there is no other value here, and why.
        remains: what still stands once it is deleted.
        waits_for: an operation that the local AWS is to get; without it the sample is passed over.
    """

    token: str
    inputs: Mapping[str, Any]
    resource_id: str | None = None
    needs: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    updates: Mapping[str, Any] = field(default_factory=dict)
    replaces: Mapping[str, Any] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    remains: bool = False
    import_id: str | None = None
    together: tuple[Mapping[str, Any], ...] = ()
    unseen: Mapping[str, str] = field(default_factory=dict)
    excused: Mapping[str, str] = field(default_factory=dict)
    waits_for: str = ""


def sample_ids(samples: Iterable[Sample]) -> list[str]:
    """A name for each sample; further ones of the same type are numbered from 2."""
    seen: dict[str, int] = {}
    ids = []
    for sample in samples:
        name = sample.token.split(":")[0] + "." + sample.token.rsplit(":", maxsplit=1)[-1]
        seen[name] = seen.get(name, 0) + 1
        ids.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return ids
