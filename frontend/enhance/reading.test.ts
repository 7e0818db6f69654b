import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ReadThrough } from "./reading";

let show: () => void;

class Watcher {
  constructor(seen: (entries: { isIntersecting: boolean }[]) => void) {
    show = () => seen([{ isIntersecting: true }]);
  }
  observe(): void {}
  disconnect(): void {}
}

beforeAll(() => customElements.define("read-through", ReadThrough));

beforeEach(() => {
  vi.stubGlobal("IntersectionObserver", Watcher);
  window.scrollBy = vi.fn();
  document.body.innerHTML = `<read-through data-more="go on"><p>one</p><div data-next>next page</div><template data-rest><p>two</p>
    <form><input data-reached value=""><input data-seconds value=""><p data-end>end</p><p data-hint></p><button>on</button></form></template></read-through>`;
});

const field = (name: string): string => document.querySelector<HTMLInputElement>(`[data-${name}]`)!.value;
const send = (): boolean => document.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));

describe("reading through", () => {
  it("puts the second half below the first", () => {
    expect(document.body.textContent).toContain("two");
    expect(document.querySelector("[data-next]")).toBeNull();
  });

  it("holds whoever has not seen the end, and says so", () => {
    expect(send()).toBe(false);
    expect(document.querySelector("[data-hint]")!.textContent).toBe("go on");
    expect(field("reached")).toBe("");
  });

  it("lets on and tells how long it took once the end was on the screen", () => {
    show();
    expect(field("reached")).toBe("1");
    expect(field("seconds")).toBe("0");
    expect(send()).toBe(true);
  });
});
