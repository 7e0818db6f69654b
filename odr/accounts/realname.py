"""The real-name check: does this name belong to this id number? An adapter, chosen by ODR_REALNAME_ADAPTER.

`format`, the default, knows only whether the number can exist. It serves the demo; a city sets a real service.
"""

from collections.abc import Awaitable, Callable

Adapter = Callable[[str, str], Awaitable[bool]]


async def _format(name: str, id_no: str) -> bool:
    """The number was normalised before, which checks its date and its check digit: nothing more is known here."""
    return True


_ADAPTERS: dict[str, Adapter] = {"format": _format}


def adapter(name: str) -> Adapter:
    """The adapter of that name. Raises RuntimeError naming those that exist."""
    if name not in _ADAPTERS:
        raise RuntimeError(f"ODR_REALNAME_ADAPTER={name} is not known; there are: {', '.join(_ADAPTERS)}.")
    return _ADAPTERS[name]
