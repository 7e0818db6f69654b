import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Outbox } from "../outbox";
import type { ClientFrame, Line, ServerFrame } from "../protocol";
import { Sender } from "../sender";
import { Store } from "../store";
import { line, roomFrame } from "./fakes";

const ROOM = { id: "r1", kind: "joint" as const, label: "共同房间", audience: "双方都能看到" };

let store: Store;
let outbox: Outbox;
let sender: Sender;
let sent: ClientFrame[];
let works: boolean;

const lines = (from: "join" | "history" | "live", rows: Line[], more = false, epoch = "e1"): ServerFrame => ({
  t: "lines",
  room: "r1",
  epoch,
  lines: rows,
  from,
  more,
});
const rows = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => line(from + i));
const seqs = () => store.room("r1")!.lines.value.map((l) => l.seq);
const last = (t: ClientFrame["t"]) => sent.filter((f) => f.t === t).pop();

beforeEach(async () => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  outbox = await Outbox.open("me");
  vi.useFakeTimers();
  sent = [];
  works = true;
  const send = (frame: ClientFrame) => works && sent.push(frame) > 0;
  sender = new Sender(outbox, send);
  store = new Store({ id: "me", name: "我" }, "case", [ROOM], outbox, sender, send);
  store.onUp();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function joined(upTo: number): void {
  store.receive(roomFrame("r1", upTo));
  store.receive(lines("join", rows(1, upTo)));
}

describe("a room's lines", () => {
  it("joins without a cursor the first time and with one ever after", () => {
    expect(last("join")).toEqual({ t: "join", room: "r1" });
    joined(3);
    store.onDown();
    store.onUp();
    expect(last("join")).toEqual({ t: "join", room: "r1", epoch: "e1", seq: 3 });
  });

  it("stand once each and in order, however they come", () => {
    joined(3);
    store.receive(lines("live", [line(5)]));
    store.receive(lines("live", [line(4), line(5)]));
    store.receive(lines("join", rows(2, 6)));
    expect(seqs()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("with a hole between are asked for after the last sure one, which is also the cursor", () => {
    joined(3);
    store.receive(lines("live", [line(6)]));
    expect(store.room("r1")!.cursor).toBe(3);
    vi.advanceTimersByTime(300);
    expect(last("history")).toEqual({ t: "history", room: "r1", after: 3, limit: 200 });
    store.receive(lines("history", rows(4, 5)));
    expect(seqs()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(store.room("r1")!.cursor).toBe(6);
    const asked = sent.length;
    vi.advanceTimersByTime(20e3);
    expect(sent.length).toBe(asked);
  });

  it("do not ask for a hole that closes by itself", () => {
    joined(3);
    store.receive(lines("live", [line(5)]));
    store.receive(lines("live", [line(4)]));
    vi.advanceTimersByTime(10e3);
    expect(last("history")).toBeUndefined();
  });

  it("ask for the next page of a long hole at once, and again when an answer is lost", () => {
    joined(1);
    store.receive(lines("live", [line(500)]));
    vi.advanceTimersByTime(300);
    store.receive(lines("history", rows(2, 201), true));
    vi.advanceTimersByTime(1);
    expect(last("history")).toMatchObject({ after: 201 });
    const asked = sent.length;
    vi.advanceTimersByTime(4100);
    expect(sent.length).toBe(asked + 1);
  });

  it("behind the head that the room tells are asked for", () => {
    joined(3);
    store.receive(roomFrame("r1", 9));
    vi.advanceTimersByTime(300);
    expect(last("history")).toMatchObject({ after: 3 });
  });

  it("before the first one come by asking, until the server says that there are none for this reader", () => {
    store.receive(roomFrame("r1", 60));
    store.receive(lines("join", rows(11, 60), true));
    const room = store.room("r1")!;
    expect(room.earlier.value).toBe(true);
    store.loadEarlier(room);
    expect(last("history")).toMatchObject({ before: 11 });
    store.receive(lines("history", rows(6, 10), false));
    expect(seqs()[0]).toBe(6);
    expect(room.earlier.value).toBe(false);
    expect(room.fetching.value).toBe(false);
  });

  it("are dropped on resync, and asked for anew without a cursor; what waits stays", () => {
    joined(3);
    works = false;
    sender.add("r1", "还没有发出");
    works = true;
    store.receive({ t: "resync", room: "r1", epoch: "e2", head: 2 });
    expect(seqs()).toEqual([]);
    expect(last("join")).toEqual({ t: "join", room: "r1" });
    store.receive(roomFrame("r1", 2, { epoch: "e2" }));
    store.receive(lines("join", rows(1, 2), false, "e2"));
    expect(seqs()).toEqual([1, 2]);
    expect(outbox.entries.value.map((e) => e.text)).toEqual(["还没有发出"]);
  });

  it("of another epoch are never mixed with those held", () => {
    joined(3);
    store.receive(lines("live", [line(4)], false, "e2"));
    expect(seqs()).toEqual([]);
    expect(last("join")).toEqual({ t: "join", room: "r1" });
  });

  it("vanish with the room when it is gone", () => {
    joined(3);
    store.receive({ t: "gone", room: "r1" });
    expect(store.rooms.value).toEqual([]);
    expect(store.toast.value).toContain("共同房间");
  });

  it("vanish when a join is refused, which is asked twice: an older frame may have been answered so", () => {
    joined(3);
    store.onDown();
    store.onUp();
    const refused: ServerFrame = { t: "error", code: "unknown_room", say: "没有找到这个调解室。", room: "r1" };
    store.receive(refused);
    expect(seqs()).toEqual([1, 2, 3]);
    store.receive(roomFrame("r1", 3));
    store.receive(lines("join", []));
    store.receive(refused);
    expect(sent.filter((f) => f.t === "join").length).toBe(4);
    store.receive(refused);
    expect(store.rooms.value).toEqual([]);
    expect(store.toast.value).toContain("共同房间");
  });

  it("taken back lose their words at once and for good", () => {
    joined(3);
    store.receive(lines("live", [line(4, "you", { kind: "recall", body: { seq: 2 } })]));
    const second = () => store.room("r1")!.lines.value[1]!;
    expect(second()).toMatchObject({ recalled: true, body: {} });
    store.receive(lines("join", rows(1, 3)));
    expect(second().recalled).toBe(true);
  });
});

describe("one's own line", () => {
  it("is shown as stored only after the answer, and its stream copy takes the same place", () => {
    joined(3);
    const { entry } = sender.add("r1", "您好");
    expect(last("say")).toMatchObject({ id: entry.id, text: "您好" });
    expect(outbox.entries.value.length).toBe(1);
    store.receive({ t: "said", room: "r1", id: entry.id, seq: 4, at: "2026-11-24T07:00:01.000Z" });
    expect(outbox.entries.value).toEqual([]);
    store.receive(lines("live", [line(4, "me", { id: entry.id, body: { text: "您好" } })]));
    expect(seqs()).toEqual([1, 2, 3, 4]);
  });

  it("that comes by the stream before its answer is merged by its id", () => {
    joined(3);
    const { entry } = sender.add("r1", "您好");
    store.receive(lines("live", [line(4, "me", { id: entry.id })]));
    expect(outbox.entries.value).toEqual([]);
    store.receive({ t: "said", room: "r1", id: entry.id, seq: 4, at: "2026-11-24T07:00:01.000Z" });
    expect(seqs()).toEqual([1, 2, 3, 4]);
  });

  it("for a room of another case is acknowledged as well", () => {
    outbox.add({ id: "other", room: "r9", kind: "text", text: "另一件", at: "" });
    store.receive({ t: "said", room: "r9", id: "other", seq: 1, at: "" });
    expect(outbox.entries.value).toEqual([]);
  });

  it("is recalled with the answer", () => {
    joined(2);
    store.receive(lines("live", [line(3, "me")]));
    const room = store.room("r1")!;
    store.recall(room, room.lines.value[2]!);
    const asked = last("recall") as { id: string };
    store.receive({ t: "said", room: "r1", id: asked.id, seq: 4, at: "" });
    expect(room.lines.value[2]!.recalled).toBe(true);
  });
});

describe("what is around the lines", () => {
  it("counts others' lines after the last read or own one", () => {
    store.receive(roomFrame("r1", 4, { read: { me: 2 } }));
    store.receive(lines("join", rows(1, 4)));
    expect(store.room("r1")!.unread.value).toBe(2);
    store.receive(lines("live", [line(5, "me"), line(6)]));
    expect(store.room("r1")!.unread.value).toBe(1);
  });

  it("sends a read mark once for a burst, and again after a cut", () => {
    joined(3);
    const room = store.room("r1")!;
    store.seen(room);
    store.receive(lines("live", [line(4)]));
    store.seen(room);
    vi.advanceTimersByTime(500);
    expect(sent.filter((f) => f.t === "read")).toEqual([{ t: "read", room: "r1", seq: 4 }]);
    store.onDown();
    store.onUp();
    expect(sent.filter((f) => f.t === "read").length).toBe(2);
    // Every look by HTTP says anew that the line works.
    store.onUp();
    expect(sent.filter((f) => f.t === "read").length).toBe(2);
  });

  it("believes that somebody is writing for six seconds", () => {
    store.receive({ t: "typing", room: "r1", who: "you" });
    expect(Object.keys(store.room("r1")!.typing.value)).toEqual(["you"]);
    vi.advanceTimersByTime(6100);
    expect(store.room("r1")!.typing.value).toEqual({});
  });

  it("says an error that belongs to no line", () => {
    store.receive({ t: "error", code: "too_late", say: "超过两分钟，不能撤回。" });
    expect(store.toast.value).toBe("超过两分钟，不能撤回。");
  });
});
