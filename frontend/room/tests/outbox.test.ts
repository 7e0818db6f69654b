import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Connection } from "../connection";
import { newId } from "../ids";
import { Outbox } from "../outbox";
import type { ClientFrame, FileRef } from "../protocol";
import { ANSWER, Sender } from "../sender";
import { FakeSocket, surroundings } from "./fakes";

let sent: { id: string; text?: string; room: string; file?: string }[];
let works: boolean;
const send = (frame: ClientFrame) => works && frame.t === "say" && sent.push(frame) > 0;
const FILE: FileRef = { id: "f1", name: "a.pdf", mime: "application/pdf", size: 3, sha256: "" };

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  sent = [];
  works = true;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the outbox", () => {
  it("gives back after a reload what was not acknowledged, in the order as typed", async () => {
    const box = await Outbox.open("me");
    const kept = Array.from({ length: 20 }, (_, i) => box.add({ id: newId(), room: "r", kind: "text", text: "第" + i, at: "" }).kept);
    await Promise.all(kept);
    await box.remove(box.entries.value[4]!.id);
    const again = await Outbox.open("me");
    expect(again.durable.value).toBe(true);
    expect(again.entries.value.map((e) => e.text)).toEqual(box.entries.value.map((e) => e.text));
    expect(again.entries.value.length).toBe(19);
    again.add({ id: newId(), room: "r", kind: "text", text: "最后", at: "" });
    expect(again.entries.value[19]!.n).toBeGreaterThan(again.entries.value[18]!.n);
  });

  it("keeps the order as typed over two tabs", async () => {
    const [one, other] = [await Outbox.open("me"), await Outbox.open("me")];
    vi.useFakeTimers({ toFake: ["Date"] });
    for (const [n, tab] of [one, other, other, one, other].entries()) {
      vi.setSystemTime(1764000000000 + n * 700);
      await tab.add({ id: newId(), room: "r", kind: "text", text: String(n), at: "" }).kept;
    }
    expect((await Outbox.open("me")).entries.value.map((e) => e.text)).toEqual(["0", "1", "2", "3", "4"]);
  });

  it("never shows one person's lines to another on the same phone", async () => {
    const box = await Outbox.open("me");
    await box.add({ id: newId(), room: "r", kind: "text", text: "只是我的", at: "" }).kept;
    expect((await Outbox.open("you")).entries.value).toEqual([]);
  });

  it("works from memory without IndexedDB, and knows that it does", async () => {
    vi.stubGlobal("indexedDB", undefined);
    const box = await Outbox.open("me");
    await box.add({ id: "a", room: "r", kind: "text", text: "在", at: "" }).kept;
    expect(box.durable.value).toBe(false);
    expect(box.entries.value.length).toBe(1);
  });

  it("does not wait for ever for an IndexedDB that hangs", async () => {
    vi.stubGlobal("indexedDB", { open: () => ({}) });
    const box = await Outbox.open("me", 20);
    expect(box.durable.value).toBe(false);
  });
});

describe("ids", () => {
  it("are long enough, of the wire's letters and never the same, also without crypto", () => {
    vi.stubGlobal("crypto", undefined);
    const made = new Set(Array.from({ length: 2000 }, newId));
    expect(made.size).toBe(2000);
    made.forEach((id) => expect(id).toMatch(/^[A-Za-z0-9_-]{30}$/));
  });

  it("makes ids that sort by their time", () => {
    vi.useFakeTimers();
    const made = ["2026-11-26T00:00:00.000Z", "2026-11-26T00:00:00.001Z", "2027-01-01T00:00:00.000Z", "2040-01-01T00:00:00.000Z"].map((moment) => {
      vi.setSystemTime(new Date(moment));
      return newId();
    });
    vi.useRealTimers();
    expect([...made].sort()).toEqual(made);
  });
});

describe("sending", () => {
  it("keeps the order as typed: one line of a room at a time, rooms side by side", async () => {
    const box = await Outbox.open("me");
    const sender = new Sender(box, send);
    for (const text of ["一", "二", "三"]) sender.add("r1", text);
    sender.add("r2", "别处");
    expect(sent.map((f) => f.text)).toEqual(["一", "别处"]);
    sender.acknowledged("r1", sent[0]!.id);
    sender.acknowledged("r1", sent[2]!.id);
    expect(sent.map((f) => f.text)).toEqual(["一", "别处", "二", "三"]);
  });

  it("repeats an unanswered line with the same id after a cut, and goes on from there", async () => {
    const box = await Outbox.open("me");
    const sender = new Sender(box, send);
    sender.add("r1", "一");
    sender.add("r1", "二");
    works = false;
    sender.reset();
    sender.pumpAll();
    works = true;
    sender.pumpAll();
    expect(sent.map((f) => f.text)).toEqual(["一", "一"]);
    expect(sent[0]!.id).toBe(sent[1]!.id);
    sender.acknowledged("r1", sent[0]!.id);
    expect(sent[2]!.text).toBe("二");
  });

  it("mends half a character, which no JSON can carry and would hold back all that follow", async () => {
    const box = await Outbox.open("me");
    new Sender(box, send).add("r1", "\ud83d 笑脸 😀 \ude00");
    expect(sent[0]!.text).toBe("\ufffd 笑脸 😀 \ufffd");
  });

  it("gives up the one line that was too big for the wire, and goes on with the next", async () => {
    const box = await Outbox.open("me");
    vi.useFakeTimers();
    let connection: Connection;
    const sender = new Sender(box, (frame) => connection.send(frame));
    const hooks = { up: () => sender.pumpAll(), down: () => sender.reset(), receive: () => {}, tooBig: () => sender.tooBig() };
    connection = new Connection(hooks, surroundings(), "me");
    connection.start();
    FakeSocket.last.welcome();
    for (const text of ["太大", "二", "三"]) sender.add("r1", text);
    FakeSocket.last.shut(1009);
    vi.advanceTimersByTime(3000);
    FakeSocket.last.welcome();
    expect(FakeSocket.last.sent).toMatchObject([{ t: "say", text: "二" }]);
    expect(box.entries.value.map((e) => !!e.failed)).toEqual([true, false, false]);
  });

  it("repeats a line whose answer is lost on a live line", async () => {
    const box = await Outbox.open("me");
    vi.useFakeTimers();
    const sender = new Sender(box, send);
    sender.add("r1", "一");
    vi.advanceTimersByTime(ANSWER + 10);
    expect(sent.map((f) => f.id)).toEqual([sent[0]!.id, sent[0]!.id]);
  });

  it("waits as told when the server is busy, and lets nothing overtake", async () => {
    const box = await Outbox.open("me");
    vi.useFakeTimers();
    const sender = new Sender(box, send);
    sender.add("r1", "一");
    sender.add("r1", "二");
    sender.refused({ t: "error", code: "busy", say: "", re: sent[0]!.id, retry: 3 });
    sender.pumpAll();
    vi.advanceTimersByTime(2900);
    expect(sent.length).toBe(1);
    vi.advanceTimersByTime(200);
    expect(sent.map((f) => f.text)).toEqual(["一", "一"]);
  });

  it("keeps a refused line with its reason, and sends the next", async () => {
    const box = await Outbox.open("me");
    const sender = new Sender(box, send);
    const { entry } = sender.add("r1", "一");
    sender.add("r1", "二");
    expect(sender.refused({ t: "error", code: "read_only", say: "现在不能发言。", re: entry.id })).toBe(true);
    expect(box.find(entry.id)!.failed).toBe("现在不能发言。");
    expect(sent.map((f) => f.text)).toEqual(["一", "二"]);
    sender.acknowledged("r1", sent[1]!.id);
    sender.again(entry.id);
    expect(sent[2]!.id).toBe(entry.id);
  });

  it("uploads a file before it is said, in its place in the order, and once", async () => {
    const box = await Outbox.open("me");
    let answer!: (ok: boolean) => void;
    let uploads = 0;
    const sender = new Sender(box, send, () => {
      uploads++;
      return new Promise((done) => {
        answer = (ok) => done(ok ? { status: 201, data: FILE as never, error: null } : { status: 0, data: null, error: null });
      });
    });
    sender.add("r1", "", new Blob(["abc"]), "a.pdf");
    sender.add("r1", "看这张");
    expect(sent).toEqual([]);
    sender.reset();
    sender.pumpAll();
    expect(uploads).toBe(1);
    answer(true);
    await vi.waitFor(() => expect(sent.length).toBe(1));
    expect(sent[0]).toMatchObject({ file: "f1", kind: "file" });
    sender.acknowledged("r1", sent[0]!.id);
    expect(sent[1]!.text).toBe("看这张");
  });

  it("takes a file for stored that another tab has sent under the same id", async () => {
    const box = await Outbox.open("me");
    const sender = new Sender(box, send, () => Promise.resolve({ status: 201, data: FILE as never, error: null }));
    const { entry } = sender.add("r1", "", new Blob(["abc"]), "a.pdf");
    sender.add("r1", "看这张");
    await vi.waitFor(() => expect(sent.length).toBe(1));
    sender.refused({ t: "error", code: "conflict", say: "同一个编号，内容却不一样。", re: entry.id });
    expect(box.find(entry.id)).toBeUndefined();
    expect(sent[1]!.text).toBe("看这张");
  });

  it("shows why a file was not taken", async () => {
    const box = await Outbox.open("me");
    const error = { code: "invalid", say: "有一处要改", fields: { file: "不收这种文件。" } };
    const sender = new Sender(box, send, () => Promise.resolve({ status: 422, data: null, error }));
    const { entry } = sender.add("r1", "", new Blob(["abc"]), "a.exe");
    await vi.waitFor(() => expect(box.find(entry.id)!.failed).toBe("不收这种文件。"));
  });
});
