"""Who carries a text message: an adapter, chosen by ODR_SMS_ADAPTER.

`outbox`, the default, sends nothing: the row itself is what an operator of the demo reads.
"""

from collections.abc import Awaitable, Callable

Adapter = Callable[[str, str], Awaitable[None]]


class Undeliverable(Exception):
    """This number will never be reached; trying again is of no use. Any other error is tried again."""


async def _outbox(address: str, text: str) -> None:
    """Nothing leaves the machine."""


_ADAPTERS: dict[str, Adapter] = {"outbox": _outbox}
_chosen = "outbox"


def configure(name: str) -> None:
    """Choose the adapter of this process. Raises RuntimeError naming those that exist."""
    global _chosen
    if name not in _ADAPTERS:
        raise RuntimeError(f"ODR_SMS_ADAPTER={name} is not known; there are: {', '.join(_ADAPTERS)}.")
    _chosen = name


def chosen() -> tuple[str, Adapter]:
    """The name of the adapter in force, and the adapter."""
    return _chosen, _ADAPTERS[_chosen]
