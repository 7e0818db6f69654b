"""One browser or program that asks for one page after the other, on one kept connection."""

import http.client
import time
from types import TracebackType


class Browser:
    def __init__(self, port: int, *, bearer: str = "", cookie: str = "") -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {bearer}"} if bearer else {"Cookie": f"odr_login={cookie}"}
        self.body = b""

    def get(self, path: str) -> float:
        """Milliseconds until the whole answer is here. Raises RuntimeError for anything but a page."""
        start = time.perf_counter()
        self._line.request("GET", path, headers=self._headers)
        answer = self._line.getresponse()
        self.body = answer.read()
        took = (time.perf_counter() - start) * 1000
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {self.body[:300]!r}")
        return took

    def __enter__(self) -> "Browser":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()
