"""Who carries the papers to a court: an adapter, chosen by ODR_COURT_ADAPTER.

`folder`, the default, carries nothing: it writes what it would have sent under `ODR_VAR/court`, where an operator sees
it, and gives a receipt. A city plugs its court's platform in here.
"""

import asyncio
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from odr.core import clock
from odr.core.settings import Settings


@dataclass(frozen=True)
class Parcel:
    """What is handed in. `request` is its name for good: the same one is the same parcel, however often it is sent."""

    request: str
    court: str
    case_no: str
    applied_on: str
    data: bytes
    sha256: str


@dataclass(frozen=True)
class Receipt:
    """The court's word that it has the parcel."""

    number: str
    at: datetime
    sha256: str


class Court(Protocol):
    """Where parcels go."""

    name: str

    async def hand_in(self, parcel: Parcel) -> Receipt:
        """Hand it in; the same parcel again gives the first receipt. Any error is tried again."""
        ...


class FolderCourt:
    """`ODR_VAR/court/<request>/`: the papers, and the receipt beside them. Readable by the service's own account alone,
    because the papers hold everybody's numbers in the clear."""

    name = "folder"

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.var / "court"

    async def hand_in(self, parcel: Parcel) -> Receipt:
        return await asyncio.to_thread(self._write, parcel)

    def _write(self, parcel: Parcel) -> Receipt:
        folder = self._folder / parcel.request
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        receipt = folder / "receipt.json"
        if receipt.exists():
            known = json.loads(receipt.read_text("utf-8"))
            return Receipt(known["number"], datetime.fromisoformat(known["at"]), known["sha256"])
        if hashlib.sha256(parcel.data).hexdigest() != parcel.sha256:
            raise ValueError("The papers are not those that were kept.")
        _put(folder / "pack.pdf", parcel.data)
        now = clock.now()
        found = Receipt(f"FOLDER-{clock.local(now):%Y%m%d}-{parcel.request[:8]}", now, parcel.sha256)
        told = {
            "number": found.number, "at": now.isoformat(), "sha256": found.sha256, "request": parcel.request,
            "court": parcel.court, "case": parcel.case_no, "applied_on": parcel.applied_on,
        }  # fmt: skip
        # The receipt is written last: a process that is killed in between leaves a parcel that is sent again.
        _put(receipt, json.dumps(told, ensure_ascii=False, indent=1).encode())
        return found


def _put(path: Path, data: bytes) -> None:
    """All of it or nothing, and on the disk."""
    half = path.with_suffix(".half")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as sink:
        sink.write(data)
        sink.flush()
        os.fsync(sink.fileno())
    half.replace(path)


_ADAPTERS = {"folder": FolderCourt}
_chosen: Court | None = None


def configure(settings: Settings) -> None:
    """Choose the adapter of this process. Raises RuntimeError naming those that exist."""
    global _chosen
    if settings.court_adapter not in _ADAPTERS:
        known = ", ".join(_ADAPTERS)
        raise RuntimeError(f"ODR_COURT_ADAPTER={settings.court_adapter} is not known; there are: {known}.")
    _chosen = _ADAPTERS[settings.court_adapter](settings)


def chosen() -> Court:
    """The adapter in force. RuntimeError before the service was built."""
    if _chosen is None:
        raise RuntimeError("The court's adapter was not chosen.")
    return _chosen
