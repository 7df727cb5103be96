"""Secrets in state and in stack configuration: AES-256-GCM under a key drawn from a passphrase.

The format is that of Pulumi's passphrase provider, so that either engine opens what the other wrote, given the
passphrase: the key is PBKDF2-HMAC-SHA256 over the passphrase with 1,000,000 rounds and an 8-byte salt; a ciphertext
reads ``v1:NONCE:CIPHERTEXT`` (base64), and the salt is kept as ``v1:SALT:CHECK``, whose check text is the word
"pulumi" encrypted. The passphrase is the user's (PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE), or else
one that the sandbox makes and keeps in a file that only the user can read.

Drawing a key takes a quarter of a second, so it happens with the first secret and not before.
https://www.pulumi.com/docs/iac/concepts/secrets/
"""

from __future__ import annotations

import base64
import functools
import os
import secrets as random
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from greenroom.sandbox.engine.errors import PassphraseError

PASSPHRASE_VARIABLE: Final = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105  # the variable's name
PASSPHRASE_FILE_VARIABLE: Final = "PULUMI_CONFIG_PASSPHRASE_FILE"  # noqa: S105
KEY_FILE: Final = "passphrase"
_ROUNDS: Final = 1_000_000
_CHECK: Final = "pulumi"


def passphrase(home: Path, environment: Mapping[str, str] | None = None) -> str:
    """The passphrase: the user's, or the one that the sandbox keeps in its home (made if need be, mode 0600).

    Args:
        home: the sandbox's folder of state.
        environment: the variables to look in; the process's own when left out.
    """
    variables = os.environ if environment is None else environment
    if PASSPHRASE_VARIABLE in variables:
        return variables[PASSPHRASE_VARIABLE]
    if variables.get(PASSPHRASE_FILE_VARIABLE):
        return Path(variables[PASSPHRASE_FILE_VARIABLE]).read_text(encoding="utf-8").strip()
    file = home / KEY_FILE
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another command was faster
            return file.read_text(encoding="utf-8").strip()
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(random.token_urlsafe(32))
    return file.read_text(encoding="utf-8").strip()


@functools.lru_cache(maxsize=64)
def _key(phrase: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    return PBKDF2HMAC(algorithm=SHA256(), length=32, salt=salt, iterations=_ROUNDS).derive(phrase.encode())


class Crypter:
    """Encrypts and decrypts one stack's secrets.

    A secret that did not change keeps its ciphertext: an unchanged program leaves an unchanged state. The memory is by
    place (a resource's property), so that equal secrets in two places do not read equal in the file.
    """

    def __init__(self, phrase: str | Callable[[], str], salt: str = "") -> None:
        """A crypter for a stack.

        Args:
            phrase: the passphrase, or what gives it; it is asked for with the first secret.
            salt: the stack's ``v1:SALT:CHECK``; a new one is made with the first secret when it is empty.
        """
        self._phrase = phrase
        self._salt = salt
        self._checked = False
        self._known: dict[tuple[str, str], str] = {}
        self._lock = threading.RLock()

    @property
    def salt(self) -> str:
        """The salt and its check text, ``v1:SALT:CHECK``; made if there is none yet."""
        with self._lock:
            if not self._salt:
                raw = random.token_bytes(8)
                check = _seal(_key(self._secret_phrase(), raw), _CHECK)
                self._salt = f"v1:{base64.b64encode(raw).decode()}:{check}"
                self._checked = True
            return self._salt

    @property
    def known_salt(self) -> str:
        """The salt if there is one yet, else empty."""
        return self._salt

    def _secret_phrase(self) -> str:
        return self._phrase if isinstance(self._phrase, str) else self._phrase()

    def encrypt(self, place: str, text: str) -> str:
        """The ciphertext of a text that stands at a place; the same as last time if the text is the same."""
        with self._lock:
            if (place, text) not in self._known:
                self._known[place, text] = _seal(self._checked_key(), text)
            return self._known[place, text]

    def decrypt(self, place: str, ciphertext: str) -> str:
        """The text of a ciphertext that stands at a place.

        Raises:
            PassphraseError: the passphrase does not open it.
        """
        with self._lock:
            text = _open(self._checked_key(), ciphertext)
            self._known[place, text] = ciphertext
            return text

    def _checked_key(self) -> bytes:
        parts = self.salt.split(":", 2)
        if len(parts) != 3 or parts[0] != "v1":
            raise PassphraseError("the state's salt is not one of Pulumi's passphrase provider (v1:SALT:CHECK)")
        try:
            raw = base64.b64decode(parts[1])
        except ValueError as error:
            raise PassphraseError("the state's salt is not base64: the file was damaged, or changed by hand") from error
        key = _key(self._secret_phrase(), raw)
        if not self._checked:
            if _open(key, parts[2]) != _CHECK:
                raise PassphraseError("the passphrase opens the salt's check text, which is not Pulumi's")
            self._checked = True
        return key


def _seal(key: bytes, text: str) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = random.token_bytes(12)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), None)
    return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"


def _open(key: bytes, ciphertext: str) -> str:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    parts = ciphertext.split(":") if isinstance(ciphertext, str) else []
    if len(parts) != 3 or parts[0] != "v1":
        raise PassphraseError("a ciphertext is not of the form v1:NONCE:CIPHERTEXT")
    try:
        return AESGCM(key).decrypt(base64.b64decode(parts[1]), base64.b64decode(parts[2]), None).decode()
    except (InvalidTag, ValueError) as error:
        raise PassphraseError(
            "the passphrase does not open a secret of this stack",
            fix=f"set {PASSPHRASE_VARIABLE} (or {PASSPHRASE_FILE_VARIABLE}) to the one that the stack was made with",
        ) from error
