"""Bytes at rest: every stored file is sealed in chunks, so that a copied disk shows nothing and a range is cheap.

A file is a magic word, a random nonce prefix, and chunks of AES-256-GCM. Each chunk's place, and whether it is the
last one, are authenticated: a cut, swapped or foreign chunk does not open. Names of people's files never reach a path.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from odr.core.crypto import keyring

_MAGIC = b"ODRF1\0\0\0"
_CHUNK = 64 * 1024
_TAG = 16
_PREFIX = 8
_NAME = re.compile(r"[A-Za-z0-9_-]{2,32}\.(original|shown|thumb)")


class Vault:
    """Sealed files under one folder, named `<public id>.<part>`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Where a part lies. Raises ValueError for anything that is no name of ours."""
        if not _NAME.fullmatch(name):
            raise ValueError("not a name of the vault")
        return self.root / name[:2] / name

    def create(self, name: str) -> "Sealer":
        """A sink for a new file; it is there, whole and synced, when the block ends without an error."""
        return Sealer(self.path(name), name)

    def size(self, name: str) -> int:
        """How many plain bytes a file holds. Raises FileNotFoundError."""
        sealed = self.path(name).stat().st_size - len(_MAGIC) - _PREFIX
        return max(0, sealed - _TAG * -(-sealed // (_CHUNK + _TAG)))

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The plain bytes from `start` up to `stop`. Raises InvalidTag when they were altered."""
        end = self.size(name) if stop is None else min(stop, self.size(name))
        cipher = _cipher()
        with self.path(name).open("rb") as stream:
            head = stream.read(len(_MAGIC) + _PREFIX)
            prefix = head[len(_MAGIC) :]
            length = os.fstat(stream.fileno()).st_size
            index = start // _CHUNK
            while index * _CHUNK < end:
                stream.seek(len(head) + index * (_CHUNK + _TAG))
                sealed = stream.read(_CHUNK + _TAG)
                last = stream.tell() >= length
                plain = cipher.decrypt(prefix + index.to_bytes(4, "big"), sealed, _bound(name, head, last))
                offset = index * _CHUNK
                yield plain[max(0, start - offset) : end - offset]
                index += 1

    def read_all(self, name: str) -> bytes:
        return b"".join(self.read(name))

    def remove(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)

    def names(self, older_than: float) -> Iterator[str]:
        """Every part last written before a moment (seconds since 1970)."""
        for path in self.root.glob("??/*"):
            if _NAME.fullmatch(path.name) and path.stat().st_mtime < older_than:
                yield path.name


class Sealer:
    """Writes one sealed file; removes what it began when the block raises."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._head = _MAGIC + os.urandom(_PREFIX)
        self._cipher = _cipher()
        self._waiting = bytearray()
        self._index = 0
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._stream = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._stream.write(self._head)
        return self

    def write(self, plain: bytes) -> None:
        self._waiting += plain
        # One chunk is always held back: only at the end is it known which one is the last.
        while len(self._waiting) > _CHUNK:
            self._put(bytes(self._waiting[:_CHUNK]), last=False)
            del self._waiting[:_CHUNK]

    def _put(self, plain: bytes, *, last: bool) -> None:
        nonce = self._head[len(_MAGIC) :] + self._index.to_bytes(4, "big")
        if self._stream is not None:
            self._stream.write(self._cipher.encrypt(nonce, plain, _bound(self._name, self._head, last)))
        self._index += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stream = self._stream
        if stream is None:
            return
        try:
            if kind is None:
                self._put(bytes(self._waiting), last=True)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            self._path.unlink(missing_ok=True)
            raise
        finally:
            stream.close()
        if kind is not None:
            self._path.unlink(missing_ok=True)
            return
        _sync_folder(self._path.parent)


def _bound(name: str, head: bytes, last: bool) -> bytes:
    return head + name.encode() + (b"\1" if last else b"\0")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cipher() -> AESGCM:
    return AESGCM(keyring().derive("files"))


_vault: Vault | None = None


def configure(var: Path) -> None:
    """Set the folder of this process; called once by the composition root."""
    global _vault
    _vault = Vault(var / "files")


def vault() -> Vault:
    if _vault is None:
        raise RuntimeError("vault.configure(var) must run before a file is read or written.")
    return _vault
