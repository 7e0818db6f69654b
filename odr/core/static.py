"""The pages' files: compressed once, when they are built; kept by browsers for a year, as their names hold a digest.

Pages themselves are not compressed. A page carries secrets (the token of its forms, words of a private talk) beside
words that somebody else could place there (a line of the other side, an address that was followed). Who watches the
length of such a page, compressed, over and over with other words, guesses the secrets sign by sign (BREACH); to mask
the token would save the token alone. A page is 5 to 20 kB, so little is lost. What is large is here, without secrets.
"""

import os
from stat import S_ISREG

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

# Best first. The build leaves each beside its file.
_CODINGS = (("br", ".br"), ("gzip", ".gz"))
_HASHED = f"{os.sep}assets{os.sep}"
_YEAR = "public, max-age=31536000, immutable"


def _wanted(header: str) -> set[str]:
    """The codings that an Accept-Encoding header names and does not refuse by `q=0`."""
    found = set()
    for part in header.lower().split(","):
        name, _semicolon, weight = part.partition(";")
        if weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            found.add(name.strip())
    return found


class BuiltFiles(StaticFiles):
    """The files of frontend/dist, each in the best coding that the browser takes."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        coding, path, stat = self._packed(full_path, scope) or ("", full_path, stat_result)
        response = super().file_response(path, stat, scope, status_code)
        response.headers["vary"] = "Accept-Encoding"
        if coding and response.status_code == 200:
            response.headers["content-encoding"] = coding
        if _HASHED in str(full_path):
            response.headers["cache-control"] = _YEAR
        return response

    def _packed(self, full_path: PathLike, scope: Scope) -> tuple[str, str, os.stat_result] | None:
        headers = Headers(scope=scope)
        if "range" in headers:  # a part of a file is counted in the file itself
            return None
        wanted = _wanted(headers.get("accept-encoding", ""))
        for coding, ending in _CODINGS:
            if coding not in wanted:
                continue
            try:
                stat = os.stat(f"{full_path}{ending}")
            except OSError:
                continue
            if S_ISREG(stat.st_mode):
                return coding, f"{full_path}{ending}", stat
        return None
