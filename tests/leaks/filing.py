"""What one side and the staff write for the file: particulars, an authority, inquiries, the record of a talk apart."""

from datetime import timedelta

from odr.core import clock
from tests.leaks.world import HANDLERS, World, call

STAFF = frozenset({"mediator", "body_clerk"})


async def write(world: World) -> None:
    """Everything of the file that is not for the other side, nor for anybody else."""
    at, cast = f"/cases/{world.case}", world.cast
    own = {
        "ethnicity": "蒙古族",
        "occupation": world.new("occupation", HANDLERS, "applicant", "mediator"),
        "domicile": world.new("domicile", HANDLERS, "applicant", "body_clerk"),
    }
    await call(cast.applicant, "PUT", f"{at}/parties/{world.story.applicant}/particulars", own)
    parties = (await call(cast.mediator, "GET", at))["parties"]
    agent = next(party for party in parties if party["id"] == world.story.applicant)["agents"][0]["id"]
    authority = {
        "kind": "relative", "scopes": ["apply", "other"], "signed_on": "2026-01-05",
        "other": world.new("authority", HANDLERS, "applicant", "mediator"),
    }  # fmt: skip
    await call(cast.applicant, "PUT", f"{at}/parties/{agent}/mandate", authority)
    world.parties += [world.story.applicant, agent]
    await _inquire(world)
    await _record(world)


async def _inquire(world: World) -> None:
    """One the staff keep, one that the side that was asked may read."""
    asked = {
        "held_at": (clock.now() - timedelta(hours=3)).isoformat(), "place": "居委会", "matter": "核实经过",
        "asked": "周某", "writer": "张调解",
    }  # fmt: skip
    for name, may, side in (("asked_apart", STAFF, None), ("asked_one_side", HANDLERS, "applicant")):
        must = "body_clerk" if side is None else "applicant"
        talk = [{"q": "您知道什么？", "a": world.new(name, may, must, "mediator")}]
        made = await call(
            world.cast.mediator, "POST", f"/cases/{world.case}/inquiries", asked | {"talk": talk, "side": side}
        )
        world.inquiries.append(made["id"])


async def _record(world: World) -> None:
    """The record of the talk with one side: frozen, read, and objected to."""
    cast, at = world.cast, f"/cases/{world.case}/records"
    draft = await call(cast.mediator, "POST", at, {"meeting": world.meeting})
    path = f"{at}/{draft['id']}"
    kept = ("place", "matter", "invited", "writer", "rights", "principles", "course", "risk", "held_at")
    said = {
        "statements": {world.story.applicant: world.new("said_apart", HANDLERS, "applicant", "mediator")},
        "facts": world.new("found_apart", HANDLERS, "body_clerk"), "outcome": "另约时间", "ending": "again",
    }  # fmt: skip
    rights = {"rights": draft["rights"] or "已告知权利和义务。"}
    await call(cast.mediator, "PUT", path, {name: draft[name] for name in kept} | rights | said)
    frozen = await call(cast.mediator, "POST", f"{path}/final")
    objection = {
        "page": 1, "sha256": frozen["sha256"], "answer": "object",
        "objection": world.new("objected_apart", HANDLERS, "applicant", "mediator"),
    }  # fmt: skip
    await call(cast.applicant, "POST", f"{path}/pages", objection)
    world.records.append(draft["id"])
