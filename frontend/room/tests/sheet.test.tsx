/** What people agree to in the room is the whole clause. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { expect, test, vi } from "vitest";
import * as api from "../api";
import type { App } from "../app";
import { Clauses } from "../sheet";

test("a clause in the room tells who pays whom, how much, until when and how", () => {
  const clause = {
    id: "c",
    ordinal: 1,
    text: "支付余款",
    obligor: { name: "王桂香" },
    obligee: { name: "李建军" },
    amount_fen: 123450005,
    due: "12月16日 周三",
    manner: "转账到施工队账户",
    answers: [],
  };
  const view = { parties: [], agreement: { id: "a", state: "drafting", clauses: [clause] } };
  const app = { boot: { me: { id: "me" } }, view: signal(view) } as unknown as App;
  const root = document.createElement("div");
  render(<Clauses app={app} />, root);
  expect(root.textContent).toContain("王桂香 → 李建军 · 1,234,500.05 元 · 12月16日 周三 以前 · 转账到施工队账户");
});

const party = { id: "p", name: "李建军", role: "respondent", me: true };

function shown(clause: object): { root: HTMLElement; posted: [string, unknown][] } {
  const posted: [string, unknown][] = [];
  vi.spyOn(api, "call").mockImplementation((_method, path, body) => {
    posted.push([path, body]);
    return Promise.resolve({ status: 201, data: null, error: null });
  });
  const view = { parties: [party], agreement: { id: "a", state: "drafting", clauses: [{ id: "c", version: 3, text: "退款", ...clause }] } };
  const app = { boot: { me: { id: "me" } }, view: signal(view), refresh: () => Promise.resolve(true) } as unknown as App;
  const root = document.createElement("div");
  document.body.append(root);
  render(<Clauses app={app} />, root);
  return { root, posted };
}

async function press(root: HTMLElement, words: string): Promise<void> {
  const button = Array.from(root.querySelectorAll("button")).find((one) => one.textContent === words)!;
  await act(async () => button.click());
}

test("a no goes with its reason to whom the party chose", async () => {
  const { root, posted } = shown({ answers: [] });
  await press(root, "我有不同意见");
  const [, reject, , aside] = Array.from(root.querySelectorAll<HTMLInputElement>("input[type=radio]"));
  await act(() => {
    reject!.click();
    aside!.click();
    const words = root.querySelector("textarea")!;
    words.value = " 太多了 ";
    words.dispatchEvent(new Event("input", { bubbles: true }));
  });
  expect(root.textContent).toContain("为什么不同意？");
  await act(async () => {
    root.querySelector("form")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  });
  const body = { answer: "reject", version: 3, comment: "太多了", audience: "private" };
  expect(posted).toEqual([["/api/v1/agreements/a/clauses/c/answers", body]]);
});

test("a private comment is opened only after asking once more", async () => {
  const { root, posted } = shown({ answers: [{ party: "p", answer: "change", comment: "两千我认", private: true }] });
  await press(root, "让对方也看到我的意见");
  expect(posted).toEqual([]);
  await press(root, "公开");
  expect(posted).toEqual([["/api/v1/agreements/a/clauses/c/releases", { version: 3 }]]);
});
