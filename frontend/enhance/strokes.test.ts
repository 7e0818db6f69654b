import { describe, expect, it } from "vitest";
import { add, empty, fit, read, write } from "./strokes";

describe("a drawn signature", () => {
  it("is an empty field until something is drawn", () => {
    expect(write(empty(343, 180))).toBe("");
  });

  it("keeps strokes with their timing, and comes back as it was", () => {
    const drawing = empty(343, 180);
    drawing.strokes.push([]);
    add(drawing, fit(drawing, 343, 180), 10.04, 20, 0);
    add(drawing, fit(drawing, 343, 180), 30, 40.26, 16.4);
    expect(drawing.strokes).toEqual([[[10, 20, 0], [30, 40.3, 16]]]);
    expect(read(write(drawing))).toEqual(drawing);
  });

  it("goes on in its own units after the phone was turned", () => {
    const drawing = empty(300, 150);
    drawing.strokes.push([]);
    const turned = fit(drawing, 700, 300);
    expect(turned).toEqual({ scale: 2, left: 50, top: 0 });
    add(drawing, turned, 250, 100, 5);
    expect(drawing.strokes[0]).toEqual([[100, 50, 5]]);
  });

  it("stops at a limit, so that a resting hand does not fill the form", () => {
    const drawing = empty(300, 150);
    drawing.strokes.push([]);
    for (let i = 0; i < 7000; i++) add(drawing, fit(drawing, 300, 150), (i * 3) % 300, i % 150, i);
    expect(drawing.strokes[0]?.length).toBe(6000);
  });

  it("does not trust what stands in the field", () => {
    expect(read("")).toBeNull();
    expect(read("{}")).toBeNull();
    expect(read("null")).toBeNull();
  });
});
