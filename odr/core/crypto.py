"""What is kept secret at rest: sealed columns, blind indexes and token hashes, all from one root secret.

Sealed text is AES-256-GCM with a random nonce. A blind index is a keyed hash, so that a phone number can be
looked up without being readable or guessable from the database file alone.
"""

import hashlib
import hmac
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import LargeBinary
from sqlalchemy.types import TypeDecorator

_VERSION = b"\x01"


class Keyring:
    """The keys of one running service, each derived from the root secret for one purpose."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._field = AESGCM(self.derive("field"))
        self._blind = self.derive("blind")

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"odr:{purpose}".encode()).derive(self._secret)

    def seal(self, text: str) -> bytes:
        nonce = os.urandom(12)
        return _VERSION + nonce + self._field.encrypt(nonce, text.encode(), _VERSION)

    def unseal(self, sealed: bytes) -> str:
        """Raises `cryptography.exceptions.InvalidTag` when the bytes were altered or the key is another."""
        return self._field.decrypt(sealed[1:13], sealed[13:], sealed[:1]).decode()

    def blind(self, kind: str, value: str) -> str:
        return hmac.new(self._blind, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


_keyring: Keyring | None = None


def configure(secret: bytes) -> None:
    """Set the process's keys; called once by the composition root."""
    global _keyring
    _keyring = Keyring(secret)


def keyring() -> Keyring:
    if _keyring is None:
        raise RuntimeError("crypto.configure(secret) must run before the database is read.")
    return _keyring


def blind_index(kind: str, value: str) -> str:
    """A keyed hash for looking up `value` (already normalised) of this `kind`: "phone", "id_no"."""
    return keyring().blind(kind, value)


def token_hash(token: str) -> str:
    """How a random token is kept: its plain SHA-256 is enough, as 256 random bits cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def code_hash(purpose: str, code: str) -> str:
    """How a short code is kept: keyed, as six digits could be tried out against a plain hash."""
    return keyring().blind(f"code:{purpose}", code)


def same(a: str, b: str) -> bool:
    """Equal, in constant time."""
    return hmac.compare_digest(a.encode(), b.encode())


class Sealed(TypeDecorator[str]):
    """A text column that is encrypted at rest: phone, id number, address, private talk, message bodies."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> bytes | None:
        return None if value is None else keyring().seal(value)

    def process_result_value(self, value: bytes | None, dialect: Any) -> str | None:
        return None if value is None else keyring().unseal(bytes(value))
