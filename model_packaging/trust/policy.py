"""Which keys an environment believes: `releases_signed_by` of environments/ENV.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from model_packaging.trust.keys import KmsClient, KmsKey, PublicKey, is_kms, read_public_key


class TrustedKeys:
    """Public keys by name, each read when it is asked for: files first, and KMS only where no file's key signed."""

    def __init__(self, names: Sequence[str], root: Path, kms: Callable[[], KmsClient]) -> None:
        """Names of keys.

        Args:
            names: PEM files of public keys, relative to `root`; ARNs and aliases of KMS keys.
            root: The project's folder.
            kms: Makes the KMS client.
        """
        self._names = sorted(names, key=is_kms)
        self._root, self._kms = root, kms
        self._known: dict[str, PublicKey] = {}

    def __iter__(self) -> Iterator[PublicKey]:
        """The keys.

        Raises:
            KeyFileError: one of them cannot be had.
        """
        for name in self._names:
            if name not in self._known:
                self._known[name] = self._read(name)
            yield self._known[name]

    def _read(self, name: str) -> PublicKey:
        return KmsKey(self._kms(), name).public if is_kms(name) else read_public_key(self._root / name)
