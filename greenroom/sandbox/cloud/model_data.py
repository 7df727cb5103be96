"""Model data from the local S3 into the folder that a container sees as `/opt/ml/model`.

Uncompressed under a prefix, or one `model.tar.gz`:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3ModelDataSource.html
"""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from greenroom.sandbox.cloud.bucket_policy import decide
from greenroom.sandbox.cloud.errors import ModelLoadError
from greenroom.sandbox.cloud.stage import ContainerDefinition, FleetKey


def fetch(container: ContainerDefinition, key: FleetKey, folder: Path, lock: AbstractContextManager[object]) -> None:
    """Fill `folder` with the container's model data; it is empty for a container that names none.

    Args:
        container: Whose data.
        key: In which account and region it is asked for; the bucket may be another account's.
        folder: Is made anew.
        lock: Held while S3 is read, one object at a time.

    Raises:
        ModelLoadError: There is nothing at the URI, it may not be read, or it is no archive.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    uri = container.model_data_uri
    if uri is None:
        return
    bucket_name, _, prefix = uri.partition("://")[2].partition("/")
    with lock:
        objects = _objects(key, bucket_name)
        _check_access(container, key, bucket_name, prefix)
        names = [prefix] if container.is_compressed else [name for name in objects if _is_under(name, prefix)]
    if not names or any(name not in objects for name in names):
        raise ModelLoadError(f"Could not find model data at {uri}.")
    for name in names:
        with lock:
            content = bytes(objects[name].value)
        if container.is_compressed:
            _unpack(content, folder, uri)
        else:
            _place(content, folder, name.removeprefix(prefix).lstrip("/"), uri)


def _objects(key: FleetKey, bucket_name: str) -> dict[str, Any]:
    try:
        bucket = s3_backends[key.account_id][get_partition(key.region)].get_bucket(bucket_name)
    except MissingBucket:
        return {}
    return dict(bucket.keys.items())


def _check_access(container: ContainerDefinition, key: FleetKey, bucket_name: str, prefix: str) -> None:
    """The bucket's policy lets the model's account, or its role, read.

    The wording is as seen in philschmid/llm-sagemaker-sample#2.
    """
    s3 = s3_backends[key.account_id][get_partition(key.region)]
    try:
        bucket = s3.get_bucket(bucket_name)
    except MissingBucket:
        return
    role_arn = container.execution_role_arn or ""
    # A grant to the role itself is as good as one to its account.
    policy = (bucket.policy or b"{}").decode().replace(f'"{role_arn}"', f'"{key.account_id}"')
    allowed = decide(
        json.loads(policy),
        action="s3:GetObject",
        resource=f"arn:{bucket.partition}:s3:::{bucket_name}/{prefix}",
        requester=key.account_id,
        owner=bucket.account_id,
    )
    if allowed is False:
        raise ModelLoadError(
            f'Could not access model data at {container.model_data_uri}. Please ensure that the role "{role_arn}" '
            'exists and that its trust relationship policy allows the action "sts:AssumeRole" for the service '
            'principal "sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that '
            f"the object is located in {key.region}."
        )


def _is_under(name: str, prefix: str) -> bool:
    # "S3Prefix: a key name prefix ... ending with a forward slash"; a "folder" object is no file.
    return name.startswith(prefix) and not name.endswith("/") and name != prefix.rstrip("/")


def _place(content: bytes, folder: Path, relative: str, uri: str) -> None:
    path = (folder / relative).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ModelLoadError(f"Model data at {uri} has a file outside its folder: {relative}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _unpack(content: bytes, folder: Path, uri: str) -> None:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ModelLoadError(f"Failed to extract model data archive from URL {uri}: {error}") from error
