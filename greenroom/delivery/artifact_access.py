"""The artifact store's account, as its owner: in the local AWS, or in AWS with the ordinary credentials.

Whoever publishes to AWS must hold credentials of the account that `environments/artifacts.yaml` names, and is refused
with any other's: a release must not land in an account that nobody reads from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.specs.environment import ArtifactStoreSpec
from greenroom.delivery.catalogue import Place
from greenroom.errors import UserError
from greenroom.sandbox.session import Sandbox


@dataclass(frozen=True)
class ArtifactAccess:
    """The artifact store, and clients of the account it is in.

    Attributes:
        place: the local AWS, or AWS.
        account_id: the account.
        region: its region.
        bucket: its bucket.
        client: makes boto3's client of a service.
    """

    place: Place
    account_id: str
    region: str
    bucket: str
    client: Callable[[str], Any]

    @property
    def said(self) -> str:
        """`sandbox 123456789012/us-east-1`."""
        return f"{self.place} {self.account_id}/{self.region}"


def in_sandbox(artifacts: ArtifactStoreSpec, sandbox: Sandbox) -> ArtifactAccess:
    """The artifact store of the local AWS, which is brought up when a client is made."""

    def client(service: str) -> Any:
        return sandbox.client(service, artifacts.account_id, artifacts.region)

    return ArtifactAccess("sandbox", artifacts.account_id, artifacts.region, artifacts.bucket, client)


def in_aws(artifacts: ArtifactStoreSpec) -> ArtifactAccess:
    """The artifact store in AWS, with boto3's own credentials, which must be its account's.

    Raises:
        UserError: there are no credentials, they do not work, or they are another account's.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    session = boto3.Session()
    connect: Any = session.client  # typed by a literal a service; this one is any of them
    try:
        identity = connect("sts", region_name=artifacts.region).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise UserError(
            f"AWS account {artifacts.account_id} (environments/artifacts.yaml): {error}",
            fix="Give credentials of that account: AWS_PROFILE, AWS_ACCESS_KEY_ID, or `aws sso login`.",
        ) from error
    if identity["Account"] != artifacts.account_id:
        raise UserError(
            f"the credentials are of account {identity['Account']}; the artifact store is in {artifacts.account_id}"
            " (environments/artifacts.yaml: account_id).",
            fix="Use that account's credentials (AWS_PROFILE), or change account_id.",
        )

    def client(service: str) -> Any:
        return connect(service, region_name=artifacts.region)

    return ArtifactAccess("aws", artifacts.account_id, artifacts.region, artifacts.bucket, client)
