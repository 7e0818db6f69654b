"""The newspaper's dispute, told once through the JSON API and the live line alone.

    odr demo --json > logins.json        # a fresh demo city
    odr serve &
    python docs/examples/story.py logins.json

Nothing here is known to the service only: `docs/protocol.md` describes the line, `/api/v1/openapi.json` the calls.
"""

import base64
import hmac
import json
import re
import secrets
import struct
import sys
import time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import httpx2
from websockets.sync.client import connect

CITY = json.loads(Path(sys.argv[1]).read_text())


class Who:
    """Somebody signed in: `get`, `post` answer JSON; a refusal ends the story with the service's own sentence."""

    def __init__(self, path: str, given: dict[str, str]) -> None:
        self.http = httpx2.Client(base_url=CITY["url"], timeout=30)
        self.token = self.post(path, given)["token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def call(self, method: str, path: str, **content: object) -> httpx2.Response:
        answer = self.http.request(method, path, **content)
        if answer.is_error:
            sys.exit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer

    def get(self, path: str) -> dict:
        return self.call("GET", f"/api/v1{path}").json()

    def post(self, path: str, given: object = None, **content: object) -> dict:
        answer = self.call("POST", f"/api/v1{path}", json=given, **content)
        return answer.json() if answer.content else {}


def totp(login: dict, ahead: int = 0) -> str:
    """What the authenticator shows (RFC 6238). Each code works once; the next one is taken half a minute early."""
    step = struct.pack(">Q", int(time.time()) // 30 + ahead)
    digest = hmac.digest(base64.b32decode(login["totp_secret"]), step, "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


STAFF = {one["login"]: one for one in CITY["staff"]}


def staff(name: str) -> Who:
    login = STAFF[name]
    return Who("/logins/staff", {"login_name": name, "password": login["password"], "totp": totp(login)})


def texted(phone: str, pattern: str) -> str:
    """The newest text message to this phone, read where the demo's system admin reads it."""
    rows = [row["text"] for row in admin.get("/outbox")["outbox"] if row["address"] == phone]
    return next(found.group(1) for text in rows if (found := re.search(pattern, text)))


def resident(phone: str) -> Who:
    httpx2.post(f"{CITY['url']}/api/v1/logins/codes", json={"phone": phone}).raise_for_status()
    return Who("/logins", {"phone": phone, "code": texted(phone, r"(\d{6})")})


class Line:
    """One person's live line. `cursors` holds the last line applied of each room: all that a resume needs."""

    def __init__(self, who: Who) -> None:
        self.who, self.cursors, self.heard = who, {}, []
        self.open()

    def open(self) -> None:
        address = CITY["url"].replace("http", "ws", 1) + "/ws"
        bearer = {"Authorization": f"Bearer {self.who.token}"}
        self.socket = connect(address, subprotocols=["odr.v1"], additional_headers=bearer)
        self.wait("welcome")

    def send(self, **frame: object) -> None:
        self.socket.send(json.dumps(frame))

    def wait(self, t: str) -> dict:
        """Read up to the next frame of this kind; lines on the way are applied."""
        while True:
            frames = json.loads(self.socket.recv(timeout=10))
            frames = frames if isinstance(frames, list) else [frames]
            for one in (frame for frame in frames if frame["t"] == "lines"):
                self.heard += [line["body"]["text"] for line in one["lines"] if line["kind"] == "text"]
                if one["lines"]:
                    self.cursors[one["room"]] = {"epoch": one["epoch"], "seq": one["lines"][-1]["seq"]}
            if found := next((frame for frame in frames if frame["t"] in (t, "error")), None):
                return found if found["t"] == t else sys.exit(f"the line said: {found}")

    def join(self, room: str) -> None:
        self.send(t="join", room=room, **self.cursors.get(room, {}))
        self.wait("lines")

    def say(self, room: str, text: str) -> None:
        self.send(t="say", room=room, id=secrets.token_urlsafe(16), text=text)
        self.wait("said")


def tell(text: str) -> None:
    print(f"{datetime.now():%H:%M:%S} {text}", flush=True)


# --- from the complaint to the joint room ----------------------------------------------------------------------------
