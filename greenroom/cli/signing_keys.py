"""Keys that commands sign with and trust: a PEM file, or a KMS key by ARN or alias."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from model_packaging.trust.keys import KmsClient, SigningKey

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def sign_key_option(*, required: bool = False) -> Callable[[Decorated], Decorated]:
    """`--sign-key KEY`: as `sign_key`."""
    return click.option(
        "--sign-key",
        metavar="KEY",
        required=required,
        help="Sign the release: a PEM file (its passphrase in GREENROOM_SIGNING_PASSPHRASE), or a KMS key's ARN or"
        " alias.",
    )


def signed_by_option(command: Decorated) -> Decorated:
    """`--signed-by KEY`, repeatable: as `signed_by`."""
    return click.option(
        "--signed-by",
        "signed_by",
        metavar="KEY",
        multiple=True,
        help="The release must be signed by this key (or one of several): a PEM file of a public key, or a KMS key's"
        " ARN or alias.",
    )(command)


def signing_key(name: str) -> SigningKey:
    """The key of that name.

    Raises:
        KeyFileError: it cannot be used.
    """
    from model_packaging.trust.keys import PASSPHRASE_VARIABLE, KmsKey, is_kms, read_private_key

    if is_kms(name):
        return KmsKey(kms_client(name), name)
    return read_private_key(Path(name), os.environ.get(PASSPHRASE_VARIABLE))


def kms_client(name: str) -> KmsClient:
    """KMS in the key's region; of an alias, in that of the AWS configuration."""
    import boto3

    region = name.split(":")[3] if name.startswith("arn:") and name.count(":") >= 5 else None
    return boto3.client("kms", region_name=region)
