"""The one family of functions that makes every AWS name, and keeps AWS's limits.

Two kinds of names, and no third:

- *stable* names, of what is updated in place (an endpoint, its alarms): a slug of what they are for, cut to the limit;
- *content* names, of what AWS cannot update (a Model, an EndpointConfig, a job definition): the slug and a hash of the
  content, so that changed content is a new resource beside the old one, and unchanged content plans no change.

Nothing here reads a clock or draws a random number. Limits: 63 characters of `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}` for
everything of SageMaker
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html), which is
also within what IAM roles (64), SNS topics (256), CloudWatch alarms (255) and S3 buckets (63) take.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from pydantic import BaseModel

MAX_NAME_LENGTH = 63
NAME_PATTERN = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
CONTENT_HASH_LENGTH = 10
_CUT_HASH_LENGTH = 8
_UNNAMED = "unnamed"


def slug(text: str) -> str:
    """`text` in the characters AWS names take: anything else is a hyphen, and hyphens neither double nor lead nor end.

    A text without one usable character is `unnamed`.
    """
    return re.sub(r"[^a-zA-Z0-9]+", "-", text).strip("-") or _UNNAMED


def fit(text: str, limit: int = MAX_NAME_LENGTH) -> str:
    """The slug of `text`; where that is longer than `limit`, its head and a hash of the whole text.

    Two long texts with one head so get two names.
    """
    name = slug(text)
    if len(name) <= limit:
        return name
    digest = _digest(text)[:_CUT_HASH_LENGTH]
    return _join(name, digest, limit)


def with_suffix(text: str, suffix: str, limit: int = MAX_NAME_LENGTH) -> str:
    """The slug of `text` with `suffix`, which is never cut: what is too long is cut from `text`."""
    tail = slug(suffix)
    if len(tail) + 1 + _CUT_HASH_LENGTH >= limit:
        raise ValueError(f"the suffix {suffix!r} leaves no room for a name within {limit} characters")
    return f"{fit(text, limit - len(tail) - 1)}-{tail}"


def content_hash(content: object) -> str:
    """Ten hexadecimal digits of `content`: JSON values, specs, and tuples and dicts of them, in any order of keys.

    Raises:
        TypeError: `content` holds something that has no JSON form, such as an unresolved Pulumi output.
    """
    return _digest(json.dumps(content, sort_keys=True, separators=(",", ":"), default=_plain))[:CONTENT_HASH_LENGTH]


def content_name(prefix: str, content: object, limit: int = MAX_NAME_LENGTH) -> str:
    """`<slug of prefix>-<10 hex>`: the name of something that AWS cannot update; same content, same name.

    The prefix takes part in the hash, so that two long prefixes with one head do not meet.
    """
    return _join(slug(prefix), content_hash([prefix, content]), limit)


def bucket_name(purpose: str, owner: str, account_id: str, region: str) -> str:
    """A bucket's name, made unique across AWS by account and region: `greenroom-<purpose>-<owner>-<account>-<region>`.

    Lower case and without dots, as virtual-hosted TLS needs
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
    """
    tail = f"{account_id}-{region}"
    limit = MAX_NAME_LENGTH - len(tail) - 1
    head = re.sub(r"[^a-z0-9-]", "-", f"greenroom-{purpose}-{owner}".lower()).strip("-")
    if len(head) > limit:
        head = _join(head, _digest(head)[:_CUT_HASH_LENGTH], limit)
    return f"{head}-{tail}"


def _join(head: str, digest: str, limit: int) -> str:
    return f"{head[: limit - len(digest) - 1].rstrip('-')}-{digest}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no JSON form, so no name can be made of it")
