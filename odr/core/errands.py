"""Work in the background of which there is one at a time: whoever wants it done twice at once gets it done once."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable


class Errands:
    """Named tasks with an owner, who ends them."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Start `work` unless an errand of this name is under way; it then sees what was added for it meanwhile."""
        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(self._do(name, work), name=name)

    async def _do(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        finally:
            # In the same step as the work's last look, so that nothing is added to an errand that has ended.
            del self._tasks[name]

    async def close(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
