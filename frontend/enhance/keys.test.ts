import { beforeEach, expect, it, vi } from "vitest";
import { showKeys, watchKeys } from "./keys";

watchKeys(document);

beforeEach(() => {
  localStorage.clear();
  document.body.innerHTML =
    '<a class="back-link" href="#back">返回</a>' +
    '<section data-step tabindex="-1" id="one"><a data-key="e" href="#one">修改</a></section>' +
    '<section data-step tabindex="-1" id="two"><a data-key="e" href="#two">修改</a></section>' +
    '<form><textarea></textarea><input type="checkbox"><button type="button" data-key="ctrl+enter">保存</button>' +
    '<button type="button" data-key="ctrl+shift+enter">再加</button></form><a data-key="n" href="#new">加</a>' +
    '<details data-keys><summary>键盘</summary><label data-keys-switch hidden><input type="checkbox" checked></label></details>';
  Element.prototype.scrollIntoView = vi.fn();
});

function key(name: string, where: Element = document.body, more: KeyboardEventInit = {}): string[] {
  const pressed: string[] = [];
  const note = (e: Event) => pressed.push((e.target as HTMLElement).getAttribute("href") || (e.target as HTMLElement).textContent || "");
  document.addEventListener("click", note);
  where.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more }));
  document.removeEventListener("click", note);
  return pressed;
}

it("presses what a letter names, but not while somebody writes", () => {
  expect(key("n")).toEqual(["#new"]);
  expect(key("n", document.querySelector("textarea")!)).toEqual([]);
  expect(key("n", document.querySelector("form input")!)).toEqual(["#new"]);
  expect(key("n", document.body, { ctrlKey: true })).toEqual([]);
  expect(key("x")).toEqual([]);
});

it("sends the form one writes in with Ctrl and Enter", () => {
  const field = document.querySelector("textarea")!;
  expect(key("Enter", field, { ctrlKey: true })).toEqual(["保存"]);
  expect(key("Enter", field, { ctrlKey: true, shiftKey: true })).toEqual(["再加"]);
  expect(key("Enter", field)).toEqual([]);
  expect(key("Enter", field, { ctrlKey: true, isComposing: true })).toEqual([]);
});

it("steps through the clauses and acts on the one that has the focus", () => {
  key("j");
  expect(document.activeElement!.id).toBe("one");
  key("j", document.activeElement!);
  key("j", document.activeElement!);
  expect(document.activeElement!.id).toBe("two");
  expect(key("e", document.activeElement!)).toEqual(["#two"]);
  key("k", document.activeElement!);
  expect(document.activeElement!.id).toBe("one");
});

it("lists the keys, and goes back with Escape once the list is folded", () => {
  const keys = document.querySelector<HTMLDetailsElement>("details[data-keys]")!;
  key("?");
  expect(keys.open).toBe(true);
  expect(key("Escape")).toEqual([]);
  expect(keys.open).toBe(false);
  expect(key("Escape")).toEqual(["#back"]);
});

it("lets letters be switched off", () => {
  showKeys(document);
  const label = document.querySelector<HTMLElement>("[data-keys-switch]")!;
  expect(label.hidden).toBe(false);
  const box = label.querySelector("input")!;
  box.checked = false;
  box.dispatchEvent(new Event("change"));
  expect(key("n")).toEqual([]);
  expect(key("Enter", document.querySelector("textarea")!, { ctrlKey: true })).toEqual(["保存"]);
});
