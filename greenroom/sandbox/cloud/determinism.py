"""The same requests give the same ids: what makes a replay restore the state and not one like it.

moto draws every id from one generator. Before each request that changes state the generator is seeded with a number
of its own, which the journal keeps; so ids do not depend on which other requests ran in between. Two sources are
brought under it by assignment: a backend's construction, which draws ids too (a default VPC's, say) and may happen
in a request that only reads, and the key material of symmetric KMS keys. Asymmetric key pairs stay random: after a
restart they are new ones under the same key id.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.base_backend import AccountSpecificBackend
from moto.moto_api._internal import mock_random


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within the block moto's ids follow from `seed`; after it the generators go on as if nothing had happened."""
    ids_before, python_before = mock_random.getstate(), random.getstate()
    mock_random.seed(seed)
    random.seed(seed)  # a few services (SageMaker pipeline executions) use Python's own
    try:
        yield
    finally:
        mock_random.setstate(ids_before)
        random.setstate(python_before)


_construct_or_get = AccountSpecificBackend.__getitem__


def _get_backend(self: Any, region_name: str) -> Any:
    # `in self` would ask for the known regions
    if ("aws" if region_name == "global" else region_name) in self.keys():
        return _construct_or_get(self, region_name)
    name = f"{self.service_name}/{self.account_id}/{region_name}"
    with seeded(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])):
        return _construct_or_get(self, region_name)


def _generate_master_key() -> bytes:
    return bytes(mock_random.randbytes(32))  # AES-256, as moto.kms.utils.MASTER_KEY_LEN


def install_in_moto() -> None:
    """Bring backend construction and KMS key material under the seeds."""
    import moto.kms.models

    AccountSpecificBackend.__getitem__ = _get_backend
    moto.kms.models.__dict__["generate_master_key"] = _generate_master_key
