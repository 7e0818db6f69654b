/** What people agree to in the room is the whole clause. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { expect, test } from "vitest";
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
