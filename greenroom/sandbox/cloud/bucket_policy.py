"""Bucket policies, decided as S3 does for a whole account.

moto reads a bucket policy's actions and resources but not its principals and conditions: a policy that only refuses
plain HTTP would refuse everything, and a bucket would be open to every account. Here both count:

- the requester is the account that the access key names, as its root: the local AWS does not sign in users and roles;
- an account that is not the bucket's owner needs an Allow
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-auth-workflow-object-operation.html);
- `aws:SecureTransport` is true: the loopback interface stands for TLS, which the local AWS does not speak;
- a condition on a key that is not known here never holds: its Deny does not deny and its Allow does not allow.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")


_OPERATORS: Mapping[str, Callable[[str, list[str]], bool]] = {
    "Bool": lambda actual, expected: actual.lower() in {value.lower() for value in expected},
    "StringEquals": lambda actual, expected: actual in expected,
    "StringNotEquals": lambda actual, expected: actual not in expected,
    "StringLike": lambda actual, expected: _matches(expected, actual),
    "StringNotLike": lambda actual, expected: not _matches(expected, actual),
    "ArnEquals": lambda actual, expected: _matches(expected, actual),  # ArnEquals and ArnLike behave alike
    "ArnLike": lambda actual, expected: _matches(expected, actual),
    "ArnNotEquals": lambda actual, expected: not _matches(expected, actual),
    "ArnNotLike": lambda actual, expected: not _matches(expected, actual),
}
"""Condition operators by name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""


def decide(policy: Mapping[str, Any] | None, *, action: str, resource: str, requester: str, owner: str) -> bool | None:
    """Whether the policy lets `requester` do `action` on `resource`.

    Args:
        policy: the bucket's policy document; `None`: it has none.
        action: such as `s3:GetObject`.
        resource: an ARN.
        requester: an account id.
        owner: the bucket's account id.

    Returns:
        `False`: denied; `True`: allowed by the policy; `None`: the owner's request, which the policy does not mention.
    """
    context = {"aws:SecureTransport": "true", "aws:PrincipalAccount": requester, "aws:SourceAccount": requester}
    statements = () if policy is None else _as_list(policy.get("Statement", ()))
    effects = {
        statement.get("Effect")
        for statement in statements
        if _concerns(statement, action, resource, requester) and _conditions_hold(statement, context)
    }
    if "Deny" in effects:
        return False
    if "Allow" in effects:
        return True
    return None if requester == owner else False


def install_in_moto() -> None:
    """Let moto's buckets decide by their whole policy."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    results = {False: PermissionResult.DENIED, True: PermissionResult.PERMITTED, None: PermissionResult.NEUTRAL}

    def get_permission(self: Any, action: str, resource: str) -> PermissionResult:
        policy = None if self.policy is None else json.loads(self.policy)
        requester = _requester(self.account_id)
        return results[decide(policy, action=action, resource=resource, requester=requester, owner=self.account_id)]

    FakeBucket.get_permission = get_permission


def _requester(default: str) -> str:
    """The account of the request being answered; outside of one, `default`."""
    import flask

    if not flask.has_request_context():
        return default
    return flask.request.headers.get("X-Moto-Account-Id", default)


def _concerns(statement: Mapping[str, Any], action: str, resource: str, requester: str) -> bool:
    return (
        _element(statement, "Action", action, ignore_case=True)
        and _element(statement, "Resource", resource)
        and _is_principal(statement, requester)
    )


def _element(statement: Mapping[str, Any], name: str, value: str, *, ignore_case: bool = False) -> bool:
    if f"Not{name}" in statement:
        return not _matches(_as_list(statement[f"Not{name}"]), value, ignore_case=ignore_case)
    return _matches(_as_list(statement.get(name, ())), value, ignore_case=ignore_case)


def _matches(patterns: Iterable[str], value: str, *, ignore_case: bool = False) -> bool:
    if ignore_case:
        return any(fnmatch.fnmatchcase(value.lower(), _glob(pattern.lower())) for pattern in patterns)
    return any(fnmatch.fnmatchcase(value, _glob(pattern)) for pattern in patterns)


def _glob(pattern: str) -> str:
    """IAM has `*` and `?` only: a bracket stands for itself."""
    return pattern.replace("[", "[[]")


def _is_principal(statement: Mapping[str, Any], requester: str) -> bool:
    if "NotPrincipal" in statement:
        return not _names(statement["NotPrincipal"], requester)
    return _names(statement.get("Principal"), requester)


def _names(principal: Any, requester: str) -> bool:
    """Whether a principal is everybody or the account; one role or user of it is never the whole account."""
    if principal == "*":
        return True
    named = _as_list(principal.get("AWS", ())) if isinstance(principal, Mapping) else []
    accounts = {match[1] for one in named if (match := _ACCOUNT.fullmatch(one)) is not None}
    return "*" in named or requester in accounts


def _conditions_hold(statement: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    return all(
        _condition_holds(operator, context.get(key), [str(value) for value in _as_list(expected)])
        for operator, keys in statement.get("Condition", {}).items()
        for key, expected in keys.items()
    )


def _condition_holds(operator: str, actual: str | None, expected: list[str]) -> bool:
    if actual is None:
        return operator.endswith("IfExists")
    test = _OPERATORS.get(operator.removesuffix("IfExists"))
    return test is not None and test(actual, expected)


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
