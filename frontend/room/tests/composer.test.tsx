/** What somebody types into a box that has just opened is theirs. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { expect, test } from "vitest";
import type { App } from "../app";
import { Composer } from "../composer";
import type { Transcript } from "../transcript";

test("a line typed at once after a room opened is not overwritten by its empty draft", async () => {
  const app = {
    boot: { me: { id: "me" } },
    layout: signal("phone"),
    refill: new Map(),
    store: { typing: () => undefined },
  } as unknown as App;
  const info = signal({ audience: "", can: ["say"], kind: "private", label: "" });
  const root = document.createElement("div");
  document.body.append(root);
  render(<Composer app={app} room={{ id: "room", info } as unknown as Transcript} />, root);
  const box = root.querySelector("textarea")!;
  box.value = "手头紧";
  await new Promise((done) => setTimeout(done, 150));
  expect(box.value).toBe("手头紧");
  render(null, root);
});
