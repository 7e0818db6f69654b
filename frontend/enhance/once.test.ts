import { beforeEach, expect, it, vi } from "vitest";
import { sendOnce } from "./once";

beforeEach(() => {
  document.body.innerHTML = '<form method="post"><button type="submit" data-busy="正在提交…"><span>提交</span></button></form>';
});

function submit(): boolean {
  const form = document.querySelector("form") as HTMLFormElement;
  return form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
}

it("lets a form go once, and says that it is on its way", () => {
  vi.useFakeTimers();
  sendOnce(document);
  const button = document.querySelector("button") as HTMLButtonElement;
  expect(submit()).toBe(true);
  expect(submit()).toBe(false);
  expect(button.textContent).toBe("正在提交…");
  expect(button.getAttribute("aria-disabled")).toBe("true");

  vi.advanceTimersByTime(20_000);
  expect(button.textContent).toBe("提交");
  expect(submit()).toBe(true);
  vi.useRealTimers();
});

it("leaves a form alone that says so", () => {
  (document.querySelector("form") as HTMLFormElement).dataset.once = "no";
  expect(submit()).toBe(true);
  expect(submit()).toBe(true);
});
