"""Who a request comes from: the access key id names the account.

An access key id of twelve digits *is* the account (LocalStack's convention: any AWS client can be any account with
`AWS_ACCESS_KEY_ID=111122223333`). A key that the local AWS itself issued (IAM CreateAccessKey, STS AssumeRole) acts
for the account it was issued in. Everybody else is in the default account.
"""

from __future__ import annotations

import re

DEFAULT_ACCOUNT_ID = "123456789012"
_ACCOUNT_ID = re.compile(r"\d{12}")


def account_of(access_key_id: str | None, default_account_id: str) -> str:
    """The account that a request signed with `access_key_id` acts in."""
    if access_key_id is None:
        return default_account_id
    if _ACCOUNT_ID.fullmatch(access_key_id):
        return access_key_id
    return _issued_in(access_key_id) or default_account_id


def _issued_in(access_key_id: str) -> str | None:
    from moto.iam.models import iam_backends

    for account_id, partitions in list(iam_backends.items()):
        if any(access_key_id in backend.access_keys for backend in list(partitions.values())):
            return str(account_id)
    return None
