"""Keys that releases are signed with, and those that a signature is believed of: ECDSA P-256, in a file or in KMS.

A private key in a file is PEM (PKCS #8), encrypted where a passphrase is given; a KMS key is asymmetric, of the spec
`ECC_NIST_P256` and the usage `SIGN_VERIFY`, and its private half never leaves KMS. Either is named by its hint: the
SHA-256 of its public half, in base64. KMS's half is asked for once, and signatures are verified here.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html#key-spec-ecc
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from model_packaging.errors import PackagingError

KmsClient: TypeAlias = Any
"""`boto3.client("kms")`: boto3 makes its clients' classes at run time."""

PASSPHRASE_VARIABLE = "GREENROOM_SIGNING_PASSPHRASE"  # noqa: S105 - a name
"""Where the command line takes the passphrase of a private key from."""

_KMS_ALGORITHM = "ECDSA_SHA_256"
_KMS_MAXIMUM_MESSAGE_BYTES = 4096
"""Of `RAW`: https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html. moto knows no other."""


class KeyFileError(PackagingError):
    """A key cannot be used: the file is not there, is no such key, or KMS does not give it."""


class SigningKey(Protocol):
    """What a release can be signed with."""

    @property
    def public(self) -> PublicKey:
        """The half that verifies."""

    def sign(self, message: bytes) -> bytes:
        """The signature, ECDSA over the message's SHA-256, in DER."""


@dataclass(frozen=True)
class PublicKey:
    """The half of a key that verifies."""

    der: bytes
    """SubjectPublicKeyInfo."""
    name: str
    """Where it is from, for messages: a file, or a KMS key."""

    @property
    def hint(self) -> str:
        """SHA-256 of the key, in base64: what a bundle names it by."""
        return base64.b64encode(hashlib.sha256(self.der).digest()).decode()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature is of this key, over this message."""
        key = serialization.load_der_public_key(self.der)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        try:
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class LocalKey:
    """A private key in this process's memory."""

    private: ec.EllipticCurvePrivateKey
    name: str

    @property
    def public(self) -> PublicKey:
        """The half that verifies."""
        return PublicKey(_der(self.private.public_key()), self.name)

    def sign(self, message: bytes) -> bytes:
        """ECDSA over SHA-256, in DER."""
        return self.private.sign(message, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True)
class KmsKey:
    """A key in KMS."""

    client: KmsClient
    key_id: str
    """Its id, ARN or alias."""

    @property
    def public(self) -> PublicKey:
        """The half that verifies, as KMS gives it.

        Raises:
            KeyFileError: KMS does not give it, or it is no P-256 key.
        """
        answer = self._ask("GetPublicKey", KeyId=self.key_id)
        key = serialization.load_der_public_key(answer["PublicKey"])
        if not _is_p256(key):
            raise KeyFileError(f"KMS key {self.key_id} is no key for signatures; allowed: an ECC_NIST_P256 key")
        return PublicKey(bytes(answer["PublicKey"]), f"KMS key {self.key_id}")

    def sign(self, message: bytes) -> bytes:
        """ECDSA over SHA-256, in DER; of a long message only the digest is sent.

        Raises:
            KeyFileError: KMS refuses.
        """
        long = len(message) > _KMS_MAXIMUM_MESSAGE_BYTES
        answer = self._ask(
            "Sign",
            KeyId=self.key_id,
            Message=hashlib.sha256(message).digest() if long else message,
            MessageType="DIGEST" if long else "RAW",
            SigningAlgorithm=_KMS_ALGORITHM,
        )
        return bytes(answer["Signature"])

    def _ask(self, operation: str, **request: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        ask = {"GetPublicKey": self.client.get_public_key, "Sign": self.client.sign}[operation]
        try:
            return ask(**request)
        except (BotoCoreError, ClientError) as error:
            raise KeyFileError(
                f"KMS key {self.key_id}: {error}; allowed: an ECC_NIST_P256 key of the usage SIGN_VERIFY, with"
                f" kms:{operation} granted to who runs this"
            ) from error


def is_kms(name: str) -> bool:
    """Whether a key is named as KMS names it: by ARN or alias."""
    return name.startswith(("arn:", "alias/"))


def read_private_key(path: Path, passphrase: str | None = None) -> LocalKey:
    """The private key in a PEM file.

    Raises:
        KeyFileError: it is not there, is no P-256 key, or is encrypted and the passphrase is another.
    """
    data = _read(path)
    try:
        key = serialization.load_pem_private_key(data, None if passphrase is None else passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            f"{path}: is no private key that can be read: {error}; allowed: a PEM file of an ECDSA P-256 key, its"
            f" passphrase in {PASSPHRASE_VARIABLE}; `greenroom release keygen` makes one"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not _is_p256(key.public_key()):
        raise KeyFileError(
            f"{path}: is another kind of key; allowed: ECDSA P-256; `greenroom release keygen` makes one"
        )
    return LocalKey(key, path.as_posix())


def read_public_key(path: Path) -> PublicKey:
    """The public key in a PEM file.

    Raises:
        KeyFileError: it is not there, or is no P-256 key.
    """
    data = _read(path)
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            f"{path}: is no public key: {error}; allowed: a PEM file of an ECDSA P-256 public key, as"
            " `greenroom release keygen` and `aws kms get-public-key` give it"
        ) from error
    if not _is_p256(key):
        raise KeyFileError(f"{path}: is another kind of key; allowed: ECDSA P-256")
    return PublicKey(_der(key), path.as_posix())


def make_key_pair(private_path: Path, public_path: Path, passphrase: str | None = None) -> PublicKey:
    """Writes a new key pair, the private half for its owner's eyes alone; nothing is written over.

    Raises:
        KeyFileError: there is a file already.
    """
    for path in (private_path, public_path):
        if path.exists():
            raise KeyFileError(f"{path} is there already; name another file, or move that one away")
    key = ec.generate_private_key(ec.SECP256R1())
    encryption: serialization.KeySerializationEncryption = (
        serialization.NoEncryption()
        if passphrase is None
        else serialization.BestAvailableEncryption(passphrase.encode())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    handle = os.open(private_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(private)
    public_path.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return PublicKey(_der(key.public_key()), public_path.as_posix())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read: {error.strerror or error}; name a key's PEM file") from error


def _is_p256(key: object) -> bool:
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def _der(key: Any) -> bytes:
    der: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return der
