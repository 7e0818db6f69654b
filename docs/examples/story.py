"""The newspaper's dispute, told once through the JSON API and the live line alone (docs/protocol.md describes both).

With the demo city served (`odr demo --json > logins.json && odr serve`): python docs/examples/story.py < logins.json"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import sys
import time
from datetime import UTC, datetime, timedelta

import httpx2
from websockets.sync.client import connect

CITY = json.load(sys.stdin)
STAFF = {login["login"]: login for login in CITY["staff"]}
WANG, LI = CITY["residents"][:2]
AT, SOON = CITY["url"], str((datetime.now(UTC) + timedelta(days=20)).date())
PHOTO = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==")


class Who:
    """Somebody signed in: `who("POST /notices", …)`. A refusal ends the story with the service's own sentence."""

    def __init__(self, call: str, **given: str) -> None:
        self.http = httpx2.Client(base_url=f"{AT}/api/v1", timeout=60)
        self.http.headers["Authorization"] = f"Bearer {self(call, given)['token']}"

    def __call__(self, call: str, given: object = None, **content: object) -> dict:
        method, path = call.split()
        answer = self.http.request(method, path, json=given, **content)
        if not answer.is_success:
            sys.exit(f"{call}: {answer.status_code} {answer.text}")
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.content


def totp(name: str, ahead: int = 0) -> str:
    """What the authenticator shows (RFC 6238). A code works once; `ahead` takes the next one half a minute early."""
    key, step = base64.b32decode(STAFF[name]["totp_secret"]), int(time.time()) // 30 + ahead
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    return f"{(int.from_bytes(digest[digest[-1] & 15 :][:4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def staff(name: str) -> Who:
    return Who("POST /logins/staff", login_name=name, password=STAFF[name]["password"], totp=totp(name))


def texted(phone: str, pattern: str = r"(\d{6})") -> str:
    """From the newest text message that fits, read where the demo's system admin reads it."""
    texts = [sent["text"] for sent in admin("GET /outbox")["outbox"] if sent["address"] == phone]
    return next(found.group(1) for text in texts if (found := re.search(pattern, text)))


def resident(phone: str) -> Who:
    httpx2.post(f"{AT}/api/v1/logins/codes", json={"phone": phone}).raise_for_status()
    return Who("POST /logins", phone=phone, code=texted(phone))


class Line:
    """One person's live line. `cursors` keeps the last line applied of each room: all that a resume needs."""

    def __init__(self, who: Who, *rooms: str, cursors: dict | None = None) -> None:
        address, bearer = f"{AT}/ws".replace("http", "ws", 1), {"Authorization": who.http.headers["Authorization"]}
        self.socket = connect(address, subprotocols=["odr.v1"], additional_headers=bearer, legacy=True)
        self.cursors, self.heard = dict(cursors or {}), []
        for room in rooms:
            self.send("lines", t="join", room=room, **self.cursors.get(room, {}))

    def send(self, answer: str, **frame: object) -> None:
        """Send one frame and read up to its answer; lines on the way are applied."""
        self.socket.send(json.dumps(frame))
        kinds = set()
        while answer not in kinds:
            frames = json.loads(self.socket.recv(timeout=10))
            for got in frames if isinstance(frames, list) else [frames]:
                kinds.add(got["t"] if got["t"] != "error" else sys.exit(got["say"]))
                if got["t"] == "lines" and got["lines"]:
                    self.heard += [line["body"]["text"] for line in got["lines"] if line["kind"] == "text"]
                    self.cursors[got["room"]] = {"epoch": got["epoch"], "seq": got["lines"][-1]["seq"]}

    def say(self, room: str, text: str) -> None:
        self.send("said", t="say", room=room, id=secrets.token_urlsafe(16), text=text)


admin, centre, clerk, mediator, auditor = map(staff, ("admin", "centre", "bodyclerk", "mediator", "auditor"))
wang, li = resident(WANG["phone"]), resident(LI["phone"])
applied = wang("POST /applications", {
    "title": "燃气改造费", "category": "04", "division_code": "150302004006", "amount_fen": 260_000,
    "facts": f"{time.strftime('%H:%M:%S')} 有人上门收燃气改造费 2600 元，没写清用处。", "claims": ["不该交的退还"],
    "applicant": {"name": WANG["name"]}, "respondents": [{"name": LI["name"], "phone": LI["phone"]}],
})  # fmt: skip
case = f"/cases/{applied['id']}"
print(f"{WANG['name']} of Haibowan, asked for 2,600 yuan, applies: {applied['application_no']}")
best = centre(f"GET {case}/proposals")["proposals"][0]
centre(f"POST {case}/routing", {"body": best["body"]["id"], "why": best["reasons"][0]})
print(f"Routed to {best['body']['name']} and accepted as {clerk(f'POST {case}/acceptance', {})['no']}")
li("POST /invitations/uses", {"token": texted(LI["phone"], r"/i/(\S+)"), "name": LI["name"]})
clerk(f"POST {case}/assignment", {"mediator": mediator("GET /me")["id"]})
mediator(f"POST {case}/disclosure", {"related": "no"})
for who, known in ((wang, WANG), (li, LI)):
    who("POST /me/identity", {"name": known["name"], "id_no": known["id_no"]})
    who(f"POST {case}/wills", {"will": "agreed"})
    for gate in (one for one in who(f"GET {case}/gates")["gates"] if not one["done"]):
        who(f"POST {case}/consents", {"kind": gate["name"], "text_version": gate["text"]["version"]})
    print(f"{known['name']} proves an identity, wants mediation, reads the notices and the disclosure")
a, b = (party["id"] for party in mediator(f"POST {case}/mediation", {})["parties"])
joint, private = (next(r["id"] for r in wang(f"GET {case}")["rooms"] if r["kind"] == k) for k in ("joint", "private"))
desk, home, road = Line(mediator, joint, private), Line(wang, joint, private), Line(li, joint)
road.say(joint, "中户的厨房要先改好通风，燃气公司才给通气，大家凑钱请的施工队。")
road.socket.close_socket()  # a tunnel: the line is gone without a word
home.say(private, "我不是不想交，要是分两次交，我手头能松快点。")
desk.say(joint, "我去燃气公司核实过：准许住户请第三方改。余款分两次付，行不行？")
print("They talk; a line is lost, resumes, and has what it missed:", Line(li, joint, cursors=road.cursors).heard)
deal = f"/agreements/{mediator(f'POST {case}/agreements', {})['id']}"
papers = {"kind": "act", "obligor": b, "obligee": a, "text": "交付准许文件、施工合同和报价单。", "due_on": SOON}
money = {"kind": "pay", "obligor": a, "obligee": b, "text": "支付改造费余款。", "amount": "1300", "due_on": SOON}
first, second = (mediator(f"POST {deal}/clauses", clause) for clause in (papers, money))
li(f"POST {deal}/clauses/{second['id']}/answers", {"answer": "change", "version": 1, "comment": "请写明怎么付。"})
second = mediator(f"PUT {deal}/clauses/{second['id']}", money | {"manner": "现金，当面交给对方"})
for who in (wang, li):
    who(f"POST {deal}/answers", {"clauses": [{"clause": c["id"], "version": c["version"]} for c in (first, second)]})
final = mediator(f"POST {deal}/final")
print("The mediator drafts two clauses and changes one as asked; both accept; the text is frozen as exact bytes")
assert hashlib.sha256(li(f"GET {AT}{final['pdf']}")).hexdigest() == final["sha256"]  # what is read is what is signed
done = {"sha256": final["sha256"], "read": True}
for n, (who, known) in enumerate(((wang, WANG), (li, LI), (mediator, None))):
    who(f"POST {deal}/readings", done)
    if known:
        who(f"POST {deal}/codes")
    code = texted(known["phone"]) if known else totp("mediator", ahead=1)
    hand = [[[20 + 9 * x, 30 * n + x % 5 * 20, x * 16] for x in range(30)]]  # no two draw the same
    pad = json.dumps({"v": 1, "width": 343, "height": 180, "strokes": hand})
    who(f"POST {deal}/signatures", done | {"e_sign": True, "strokes": pad, "code": code})
sealed = clerk(f"POST {deal}/seal", {"sha256": final["sha256"]})
print("All sign, with a code each; the clerk seals:", len(wang(f"GET {AT}{sealed['copy']}")), "bytes of PDF")
for promise in wang(f"GET {case}/performance"):
    does, waits, proof = (wang, li, None) if promise["mine"] else (li, wang, {"file": ("收条.png", PHOTO)})
    does(f"POST /performance/{promise['id']}/claims", data={"note": "办好了"}, files=proof)
    waits(f"POST /performance/{promise['id']}/answers", {"answer": "confirm"})
    print(f"Done and confirmed: {promise['text']}")
visit = {"channel": "phone", "visited_at": datetime.now(UTC).isoformat(), "performed": "yes", "satisfaction": 1}
for party in (a, b):
    mediator(f"POST {case}/visits", visit | {"party": party})
print(f"The mediator calls both on a return visit; the case is {mediator(f'POST {case}/closing', {})['state']}")
auditor(f"POST /audit{case}/readings", {"reason": "抽查本月结案的案件"})
print("An auditor states a reason and reads", len(auditor(f"GET /audit/rooms/{joint}/lines")["lines"]), "joint lines")
