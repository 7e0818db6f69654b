import "fake-indexeddb/auto";
import { beforeEach, expect, it, vi } from "vitest";
import { readDraft, keepDraft } from "../room/drafts";
import { Outbox } from "../room/outbox";
import { watchLeaving } from "./leaving";

const line = (id: string) => ({ id, room: "r", kind: "text" as const, text: "还没发出去", at: "2026-11-26T10:00:00+08:00" });
const submit = vi.fn();
const confirm = vi.fn();

beforeEach(async () => {
  document.body.innerHTML = '<form method="post" action="/logout" data-leaves="me" data-unsent="还有没发出去的话"><button></button></form>';
  const form = document.querySelector("form")!;
  form.submit = submit;
  submit.mockReset();
  confirm.mockReset();
  vi.stubGlobal("confirm", confirm);
  keepDraft("me", "r", "写了一半");
  keepDraft("other", "r", "别人写的");
  for (const who of ["me", "other"]) await (await Outbox.open(who)).add(line(`of ${who}`)).kept;
});

watchLeaving(document);
const leave = (): void => void document.querySelector("form")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
const waiting = async (who: string): Promise<number> => (await Outbox.open(who)).entries.value.length;

it("asks about what has not gone, and stays when it is still to go", async () => {
  confirm.mockReturnValue(false);
  leave();
  await vi.waitFor(() => expect(confirm).toHaveBeenCalledWith("还有没发出去的话"));
  expect(submit).not.toHaveBeenCalled();
  expect(await waiting("me")).toBe(1);
  expect(readDraft("me", "r")).toBe("写了一半");
});

it("leaves nothing of this person behind, and what is another's alone", async () => {
  confirm.mockReturnValue(true);
  leave();
  await vi.waitFor(() => expect(submit).toHaveBeenCalled());
  expect([await waiting("me"), await waiting("other")]).toEqual([0, 1]);
  expect([readDraft("me", "r"), readDraft("other", "r")]).toEqual(["", "别人写的"]);
  confirm.mockReset();
  leave();
  await vi.waitFor(() => expect(submit).toHaveBeenCalledTimes(2));
  expect(confirm).not.toHaveBeenCalled();
});

it("signs out where no line can be kept, and takes the draft along", async () => {
  vi.stubGlobal("indexedDB", { open: () => { throw new Error("private mode"); } });
  leave();
  await vi.waitFor(() => expect(submit).toHaveBeenCalled());
  expect(readDraft("me", "r")).toBe("");
});
