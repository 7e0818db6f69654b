import { beforeEach, expect, it, vi } from "vitest";
import { busyWriting, watchCase } from "./live";

class Line {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: string[] = [];
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {}
}

const page = (text: string): string =>
  '<p data-live data-case="c" data-room="r" data-epoch="e" data-seq="7" hidden><a href="">新</a></p>' +
  `<p id="text">${text}</p><form><textarea>已写</textarea></form>`;
const show = (text: string): void => void (document.body.innerHTML = `<main>${page(text)}</main>`);
const answer = (text: string, more: object = {}): void => {
  const body = `<html><body><main>${page(text)}</main></body></html>`;
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue({ ok: true, redirected: false, text: () => Promise.resolve(body), ...more }));
};

let lines: Line[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  const own: Line[] = (lines = []); // pages of earlier tests still listen
  show("第 1 条");
  watchCase(document, () => {
    own.push(new Line());
    return own[own.length - 1] as unknown as WebSocket;
  });
  lines[0]!.onopen!();
});

const change = async (of = "c"): Promise<void> => {
  lines[0]!.onmessage!({ data: JSON.stringify([{ t: "presence" }, { t: "changed", case: of, what: "case" }]) });
  await vi.advanceTimersByTimeAsync(1000);
};
const text = (): string | null => document.querySelector("#text")!.textContent;
const news = (): boolean => !document.querySelector<HTMLElement>("[data-live]")!.hidden;

it("joins at the head, so that no line is sent to a page that shows none", () => {
  expect(JSON.parse(lines[0]!.sent[0]!)).toEqual({ t: "join", room: "r", epoch: "e", seq: 7 });
});

it("shows what is new when nobody writes", async () => {
  answer("第 1 条 改过");
  await change("another");
  expect(text()).toBe("第 1 条");
  await change();
  expect(text()).toBe("第 1 条 改过");
  expect(news()).toBe(false);
});

it("leaves alone what is being written, and says that there is news", async () => {
  answer("第 1 条 改过");
  document.querySelector("textarea")!.value = "写了一半";
  await change();
  expect(document.querySelector("textarea")!.value).toBe("写了一半");
  expect(news()).toBe(true);
});

it("says so when the page could not be had", async () => {
  answer("", { ok: false });
  await change();
  expect(text()).toBe("第 1 条");
  expect(news()).toBe(true);
});

it("comes back after a cut line and looks once, but not when it was signed out", async () => {
  answer("第 1 条 改过");
  lines[0]!.onclose!({ code: 1006 });
  await vi.advanceTimersByTimeAsync(3000);
  expect(lines.length).toBe(2);
  lines[1]!.onopen!();
  await vi.advanceTimersByTimeAsync(1000);
  expect(text()).toBe("第 1 条 改过");
  lines[1]!.onclose!({ code: 4401 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(lines.length).toBe(2);
});

it("knows an opened form and a moved choice as writing", () => {
  document.body.innerHTML = '<main><details open><form></form></details></main>';
  expect(busyWriting(document)).toBe(true);
  document.body.innerHTML = '<main><select><option selected>一</option><option>二</option></select></main>';
  expect(busyWriting(document)).toBe(false);
  document.querySelector("select")!.selectedIndex = 1;
  expect(busyWriting(document)).toBe(true);
});

it("asks less and less often where it is let in and sent away at once", async () => {
  for (let n = 0; n < 6; n++) {
    lines[lines.length - 1]!.onclose!({ code: 4429 });
    await vi.advanceTimersByTimeAsync(60_000);
    lines[lines.length - 1]!.onopen!();
  }
  const made = lines.length;
  lines[made - 1]!.onclose!({ code: 4429 });
  await vi.advanceTimersByTimeAsync(25_000);
  expect(lines.length).toBe(made);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lines.length).toBe(made + 1);
});

it("notices a line that died without a word, also when the page comes back to sight, and looks once more", async () => {
  answer("第 1 条 改过");
  const pings = (line: Line): number => line.sent.filter((text) => text.includes('"ping"')).length;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(pings(lines[0]!)).toBe(1);
  lines[0]!.onmessage!({ data: '{"t":"pong","n":1}' });
  await vi.advanceTimersByTimeAsync(6_000);
  expect(lines.length).toBe(1);
  document.dispatchEvent(new Event("visibilitychange"));
  expect(pings(lines[0]!)).toBe(2);
  await vi.advanceTimersByTimeAsync(5_000 + 2_000);
  expect(lines.length).toBe(2);
  lines[1]!.onopen!();
  await vi.advanceTimersByTimeAsync(1000);
  expect(text()).toBe("第 1 条 改过");
});
