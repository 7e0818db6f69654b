import { beforeEach, expect, it } from "vitest";
import { keepDraft, readDraft } from "../drafts";
import { takeOver } from "../plain";

const page = document.createElement("div");
document.body.append(page);

beforeEach(() => {
  localStorage.clear();
  page.innerHTML = '<form><input type="hidden" name="room" value="r1"><textarea name="text"></textarea></form>';
});

it("what was typed before the island came becomes the draft of that room", () => {
  const box = page.querySelector("textarea")!;
  expect(takeOver(page, "me")).toBe(false);
  expect(readDraft("me", "r1")).toBe("");
  box.value = "网慢，我先写着";
  box.focus();
  expect(takeOver(page, "me")).toBe(true);
  expect(readDraft("me", "r1")).toBe("网慢，我先写着");
  expect(readDraft("me", "r2")).toBe("");
  // An earlier draft stays above it, and the same text is not doubled.
  expect(takeOver(page, "me") && readDraft("me", "r1")).toBe("网慢，我先写着");
  keepDraft("me", "r1", "昨天的半句");
  takeOver(page, "me");
  expect(readDraft("me", "r1")).toBe("昨天的半句\n网慢，我先写着");
});

it("a room that may only be read has no form", () => {
  page.innerHTML = "<p>现在只能查看</p>";
  expect(takeOver(page, "me")).toBe(false);
});
