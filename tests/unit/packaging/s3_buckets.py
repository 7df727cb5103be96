"""A bucket in the test's process, and a client that tells what it asked and fails when it is told to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from model_packaging import Release, ReleaseStore
from tests.unjudged import package


@dataclass
class Recorded:
    """What was asked of S3."""

    client: Any
    bucket: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Operation and key, or prefix."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    fails_at: int | None = None
    """The request that does not arrive, from 0; nor does any after it."""
    refuses: frozenset[str] = frozenset()
    """Operations that are denied."""

    def take(self, params: dict[str, Any], model: Any, **_more: Any) -> None:
        if self.fails_at is not None and len(self.asked) >= self.fails_at:
            raise EndpointConnectionError(endpoint_url="https://s3.example.com")
        self.asked.append((model.name, params.get("Key", params.get("Prefix", ""))))
        self.requests.append(dict(params))
        if model.name in self.refuses:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, model.name)

    def forget(self) -> None:
        self.asked.clear()
        self.requests.clear()

    def keys_of(self, *operations: str) -> list[str]:
        return [key for operation, key in self.asked if operation in operations]

    def objects(self) -> dict[str, bytes]:
        listed = self._plain().list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {
            one["Key"]: self._plain().get_object(Bucket=self.bucket, Key=one["Key"])["Body"].read() for one in listed
        }

    def uploads(self) -> list[str]:
        found = self._plain().list_multipart_uploads(Bucket=self.bucket).get("Uploads") or []
        return [one["Key"] for one in found]

    def put(self, key: str, content: bytes, **more: Any) -> None:
        self._plain().put_object(Bucket=self.bucket, Key=key, Body=content, **more)

    def delete(self, key: str) -> None:
        self._plain().delete_object(Bucket=self.bucket, Key=key)

    def _plain(self) -> Any:
        return _CLIENTS[1]


_CLIENTS: list[Any] = []
_COUNT = iter(range(1_000_000))


@contextmanager
def s3_clients() -> Iterator[None]:
    """For a module's tests: making a client costs more than what most of them do with it."""
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        _CLIENTS[:] = [session.client("s3", config=Config(max_pool_connections=10)) for _ in range(2)]
        yield
    _CLIENTS.clear()


@contextmanager
def new_bucket() -> Iterator[Recorded]:
    """A bucket of its own."""
    name = f"artifacts-{next(_COUNT)}"
    client, plain = _CLIENTS
    plain.create_bucket(Bucket=name)
    recorded = Recorded(client, name)
    client.meta.events.register("before-parameter-build.s3", recorded.take)
    try:
        yield recorded
    finally:
        client.meta.events.unregister("before-parameter-build.s3", recorded.take)


def package_alone(model_folder: Path, store: ReleaseStore) -> Release:
    """A release without the evidence that packaging adds: tests of publishing bring their own."""
    release = package(model_folder, store)
    shutil.rmtree(store.folder(release.name, release.digest) / "evidence", ignore_errors=True)
    return release
