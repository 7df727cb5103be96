"""Assets and archives: files, texts and folders passed as properties.

They are held as a deployment's JSON holds them: a map with Pulumi's signature, a SHA-256 of the content, and where the
content lies. The hash of an asset is the real engine's (SHA-256 of its bytes); the hash of an archive is ours (SHA-256
over its sorted member names and their hashes), since the real one depends on Go's archive writer.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pulumi

from greenroom.sandbox.engine.errors import RegistrationError
from greenroom.sandbox.engine.values import ARCHIVE_SIGNATURE, ASSET_SIGNATURE, SIGNATURE_KEY


def with_hash(fields: dict[str, Any]) -> dict[str, Any]:
    """The asset's or archive's fields, with the hash of its content.

    Raises:
        RegistrationError: the file or folder is not there.
    """
    return {**fields, "hash": _hash(fields)}


def _hash(fields: dict[str, Any]) -> str:
    is_asset = fields[SIGNATURE_KEY] == ASSET_SIGNATURE
    if "text" in fields:
        return hashlib.sha256(str(fields["text"]).encode()).hexdigest()
    if "uri" in fields:
        return hashlib.sha256(str(fields["uri"]).encode()).hexdigest()
    if "assets" in fields:
        members = {name: _hash(member) for name, member in fields["assets"].items()}
        return _hash_members(members)
    path = Path(str(fields["path"]))
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if path.is_dir() and not is_asset:
        files = sorted(item for item in path.rglob("*") if item.is_file())
        return _hash_members(
            {item.relative_to(path).as_posix(): hashlib.sha256(item.read_bytes()).hexdigest() for item in files}
        )
    kind = "asset" if is_asset else "archive"
    raise RegistrationError(f"the {kind} {str(path)!r} is not there", fix=f"relative paths start at {Path.cwd()}")


def _hash_members(members: dict[str, str]) -> str:
    digest = hashlib.sha256()
    for name, member_hash in sorted(members.items()):
        digest.update(f"{name}\0{member_hash}\n".encode())
    return digest.hexdigest()


def to_sdk(fields: dict[str, Any]) -> pulumi.Asset | pulumi.Archive:
    """The SDK's object for the fields."""
    if fields[SIGNATURE_KEY] == ASSET_SIGNATURE:
        if "text" in fields:
            return pulumi.StringAsset(fields["text"])
        return pulumi.FileAsset(fields["path"]) if "path" in fields else pulumi.RemoteAsset(fields["uri"])
    if "assets" in fields:
        return pulumi.AssetArchive({name: to_sdk(member) for name, member in fields["assets"].items()})
    return pulumi.FileArchive(fields["path"]) if "path" in fields else pulumi.RemoteArchive(fields["uri"])


def from_sdk(value: pulumi.Asset | pulumi.Archive) -> dict[str, Any]:
    """The fields of the SDK's object, hashed."""
    return with_hash(_fields(value))


def _fields(value: pulumi.Asset | pulumi.Archive) -> dict[str, Any]:
    match value:
        case pulumi.StringAsset():
            return {SIGNATURE_KEY: ASSET_SIGNATURE, "text": value.text}
        case pulumi.FileAsset():
            return {SIGNATURE_KEY: ASSET_SIGNATURE, "path": str(value.path)}
        case pulumi.RemoteAsset():
            return {SIGNATURE_KEY: ASSET_SIGNATURE, "uri": value.uri}
        case pulumi.FileArchive():
            return {SIGNATURE_KEY: ARCHIVE_SIGNATURE, "path": str(value.path)}
        case pulumi.RemoteArchive():
            return {SIGNATURE_KEY: ARCHIVE_SIGNATURE, "uri": value.uri}
        case pulumi.AssetArchive():
            members = {name: _fields(member) for name, member in value.assets.items()}
            return {SIGNATURE_KEY: ARCHIVE_SIGNATURE, "assets": members}
        case _:
            raise RegistrationError(f"{type(value).__name__} is not an asset or archive that Pulumi has")
