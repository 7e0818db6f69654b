import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { sendByHttp } from "../fallback";
import { page } from "../page";
import type { ServerFrame } from "../protocol";
import { line } from "./fakes";

interface Asked {
  method: string;
  path: string;
  headers: Record<string, string>;
}

let asked: Asked[];
let answers: { status: number; body: unknown }[];

class FakeRequest {
  status = 0;
  responseText = "";
  timeout = 0;
  onloadend: () => void = () => {};
  private now!: Asked;
  open(method: string, path: string): void {
    this.now = { method, path, headers: {} };
    asked.push(this.now);
  }
  setRequestHeader(name: string, value: string): void {
    this.now.headers[name] = value;
  }
  getResponseHeader(): null {
    return null;
  }
  send(): void {
    const { status, body } = answers.shift()!;
    this.status = status;
    this.responseText = JSON.stringify(body);
    this.onloadend();
  }
}

beforeEach(() => {
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  asked = [];
  page.me = "me";
});
afterEach(() => vi.unstubAllGlobals());

async function join(seq: number | undefined, ...given: object[]): Promise<ServerFrame[]> {
  answers = given.map((body) => ({ status: 200, body }));
  const got: ServerFrame[] = [];
  const cursor = seq === undefined ? {} : { epoch: "e1", seq };
  expect(await sendByHttp({ t: "join", room: "r1", ...cursor }, (frame) => got.push(frame))).toBe("fine");
  return got;
}

it("takes up a room after the last line, page by page", async () => {
  const first = { epoch: "e1", head: 5, lines: [line(4)], more: true };
  const got = await join(3, first, { ...first, lines: [line(5)], more: false });
  expect(got.map((frame) => frame.t)).toEqual(["lines", "lines"]);
  expect(asked.map((one) => one.path)).toEqual([3, 4].map((seq) => "/api/v1/rooms/r1/lines?after=" + seq));
});

it.each([
  ["of another epoch", { epoch: "e2", head: 9, lines: [], more: false }],
  ["beyond the head", { epoch: "e1", head: 2, lines: [], more: false }],
  ["before what this reader may read", { epoch: "e1", head: 9, lines: [line(8), line(9)], more: false }],
  ["before what this reader may read, where nothing was said since", { epoch: "e1", head: 7, lines: [], more: false }],
])("starts over with a cursor %s", async (_what, answer) => {
  expect((await join(3, answer)).map((frame) => frame.t)).toEqual(["resync"]);
});

it("says for whom the page was made, and stops when somebody else has signed in since", async () => {
  answers = [{ status: 401, body: { error: { code: "another_person", say: "请重新登录。" } } }];
  const frame = { t: "say" as const, room: "r1", id: "x".repeat(30), text: "我的话" };
  expect(await sendByHttp(frame, () => {})).toBe("another");
  expect(asked[0]!.headers["X-Person"]).toBe("me");
});
