"""A bucket's inline inputs: what other programs say with resources of their own, said with the bucket.

Each is one of the parts of `s3` and `s3_parts` in older words; here the words are turned, and the part's own type does
the rest, so that both ways are checked, put, read and taken away alike.
https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucket/#inputs
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import Violation
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.types import s3, s3_parts
from greenroom.sandbox.provider.types.s3 import SERVICE, BucketPartType
from greenroom.sandbox.provider.values import has_unknown


@dataclass(frozen=True)
class InlinePart:
    """One inline input.

    Attributes:
        kind: the part's own type.
        within: the input of the part that the inline one mostly is.
        said: the part's inputs, but for the bucket, from the inline value.
        told: the inline value from what AWS says of the part; None where it does not tell.
    """

    kind: BucketPartType
    within: str
    said: Callable[[Any], dict[str, Any]]
    told: Callable[[Mapping[str, Any]], Any]

    def put(self, session: AccountSession, bucket: str, value: Any) -> None:
        """Makes the part what the inline value says."""
        request = self.kind.request(self.kind.create, {"bucket": bucket, **self.said(value)})
        session.call_once_propagated(SERVICE, self.kind.create, request)

    def take_away(self, session: AccountSession, bucket: str) -> None:
        """Makes the part what it is when nobody sets it."""
        self.kind.remove(session, {"bucket": bucket}, None)

    def live(self, session: AccountSession, bucket: str) -> Any:
        """What AWS says; None when the part is not set."""
        live = self.kind.live(session, {"bucket": bucket})
        return None if live is None else self.told(live)

    def violations(self, name: str, value: Any) -> list[Violation]:
        """What AWS would refuse, at the inline input."""
        if has_unknown(value):
            return []
        inputs = {"bucket": "bucket", **self.said(value)}
        trace = Trace()
        request = self.kind.create_request(inputs, {}, trace)
        found = [*trace.violations, *self.kind.broken(self.kind.create, request, trace)]
        return [Violation(self._path(name, violation.path), violation.reason) for violation in found]

    def _path(self, name: str, path: str) -> str:
        return name + path.removeprefix(self.within) if path.startswith(self.within) else f"{name}.{path}"


def _same(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {name: value}


def _renamed(value: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): item for name, item in value.items()}


# ---- lifecycle rules ----


def _rule_said(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule in the words of BucketLifecycleConfiguration."""
    plain = ("expiration", "id", "transitions")
    said: dict[str, Any] = {name: rule[name] for name in plain if name in rule}
    said["status"] = "Enabled" if rule.get("enabled") else "Disabled"
    prefix, tags = rule.get("prefix", ""), rule.get("tags", {})
    said["filter"] = {"and": {"prefix": prefix, "tags": tags}} if tags else {"prefix": prefix}
    if "abortIncompleteMultipartUploadDays" in rule:
        days = rule["abortIncompleteMultipartUploadDays"]
        said["abortIncompleteMultipartUpload"] = {"daysAfterInitiation": days}
    later = {"days": "noncurrentDays"}
    if "noncurrentVersionExpiration" in rule:
        said["noncurrentVersionExpiration"] = _renamed(rule["noncurrentVersionExpiration"], later)
    if "noncurrentVersionTransitions" in rule:
        said["noncurrentVersionTransitions"] = [_renamed(one, later) for one in rule["noncurrentVersionTransitions"]]
    return said


def _rule_told(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of BucketLifecycleConfiguration in the bucket's words."""
    told: dict[str, Any] = {name: rule[name] for name in ("expiration", "id", "transitions") if name in rule}
    told["enabled"] = rule.get("status") == "Enabled"
    filtered = rule.get("filter", {})
    filtered = filtered.get("and", filtered)
    told |= {name: filtered[name] for name in ("prefix", "tags") if filtered.get(name)}
    if "abortIncompleteMultipartUpload" in rule:
        told["abortIncompleteMultipartUploadDays"] = rule["abortIncompleteMultipartUpload"]["daysAfterInitiation"]
    sooner = {"noncurrentDays": "days"}
    if "noncurrentVersionExpiration" in rule:
        told["noncurrentVersionExpiration"] = _renamed(rule["noncurrentVersionExpiration"], sooner)
    if "noncurrentVersionTransitions" in rule:
        told["noncurrentVersionTransitions"] = [_renamed(one, sooner) for one in rule["noncurrentVersionTransitions"]]
    return told


# ---- versioning, website ----


def _versioning_said(value: Mapping[str, Any]) -> dict[str, Any]:
    delete = {"mfaDelete": "Enabled"} if value.get("mfaDelete") else {}
    return {"versioningConfiguration": {"status": "Enabled" if value.get("enabled") else "Suspended", **delete}}


def _versioning_told(live: Mapping[str, Any]) -> dict[str, Any]:
    told = live.get("versioningConfiguration", {})
    return {"enabled": told.get("status") == "Enabled", "mfaDelete": told.get("mfaDelete") == "Enabled"}


def _website_said(value: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if value.get("indexDocument"):
        said["indexDocument"] = {"suffix": value["indexDocument"]}
    if value.get("errorDocument"):
        said["errorDocument"] = {"key": value["errorDocument"]}
    if value.get("redirectAllRequestsTo"):
        url = urllib.parse.urlsplit(value["redirectAllRequestsTo"])
        said["redirectAllRequestsTo"] = (
            {"hostName": url.netloc, "protocol": url.scheme} if url.netloc else {"hostName": url.path}
        )
    if value.get("routingRules"):
        said["routingRuleDetails"] = value["routingRules"]
    return said


def _website_told(live: Mapping[str, Any]) -> dict[str, Any]:
    redirect = live.get("redirectAllRequestsTo", {})
    scheme = f"{redirect['protocol']}://" if redirect.get("protocol") else ""
    told = {
        "indexDocument": live.get("indexDocument", {}).get("suffix"),
        "errorDocument": live.get("errorDocument", {}).get("key"),
        "redirectAllRequestsTo": f"{scheme}{redirect['hostName']}" if redirect else None,
        "routingRules": live.get("routingRuleDetails"),
    }
    return {name: value for name, value in told.items() if value is not None}


def _without_id(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in rule.items() if name != "id"} for rule in rules]


INLINE_PARTS: Mapping[str, InlinePart] = {
    "accelerationStatus": InlinePart(s3_parts.ACCELERATE, "status", _same("status"), lambda live: live.get("status")),
    "acl": InlinePart(s3_parts.ACL, "acl", _same("acl"), lambda _live: None),
    "corsRules": InlinePart(
        s3_parts.CORS, "corsRules", _same("corsRules"), lambda live: _without_id(live.get("corsRules", []))
    ),
    "lifecycleRules": InlinePart(
        s3.LIFECYCLE,
        "rules",
        lambda rules: {"rules": [_rule_said(rule) for rule in rules]},
        lambda live: [_rule_told(rule) for rule in live.get("rules", [])],
    ),
    "logging": InlinePart(
        s3_parts.LOGGING,
        "logging",
        lambda value: {"targetPrefix": "", **value},
        lambda live: {name: live[name] for name in ("targetBucket", "targetPrefix") if live.get(name)},
    ),
    "objectLockConfiguration": InlinePart(
        s3_parts.OBJECT_LOCK,
        "objectLockConfiguration",
        dict,
        lambda live: {name: live[name] for name in ("objectLockEnabled", "rule") if name in live},
    ),
    "policy": InlinePart(s3.POLICY, "policy", _same("policy"), lambda live: live.get("policy")),
    "serverSideEncryptionConfiguration": InlinePart(
        s3.ENCRYPTION,
        "rules[0]",
        lambda value: {"rules": [value["rule"]]},
        lambda live: {"rule": live["rules"][0]} if live.get("rules") else None,
    ),
    "versioning": InlinePart(s3.VERSIONING, "versioningConfiguration", _versioning_said, _versioning_told),
    "website": InlinePart(s3_parts.WEBSITE, "website", _website_said, _website_told),
}

# The parts that have no room in the bucket here, and what to use in their place.
REFUSED_INPUTS = {
    "grants": "BucketAcl",
    "replicationConfiguration": "BucketReplicationConfig",
    "requestPayer": "",
}
