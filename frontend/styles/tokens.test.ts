import { describe, expect, it } from "vitest";
import css from "./tokens.css?raw";

type Colours = Record<string, string>;

function block(selector: string): Colours {
  const start = css.indexOf(`${selector} {`);
  expect(start, selector).toBeGreaterThan(-1);
  const body = css.slice(start, css.indexOf("}", start));
  return Object.fromEntries([...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ["ground", "surface", "sunk"];
/** Each ink with the grounds it is written on. */
const PAIRS: [string, string[]][] = [
  ["ink", [...GROUNDS, "brand-soft", "attention-soft", "done-soft", "danger-soft", "joint-soft", "private-soft", "notes-soft"]],
  ["ink-2", [...GROUNDS, "line", "brand-soft", "joint-soft", "private-soft", "notes-soft", "private-ground", "notes-ground"]],
  ["ink-3", [...GROUNDS, "joint-ground", "private-ground", "notes-ground"]],
  ["brand", [...GROUNDS, "brand-soft", "joint-ground", "private-ground", "notes-ground"]],
  ["brand-deep", [...GROUNDS, "brand-soft"]],
  ["brand-on", ["brand", "brand-deep"]],
  ["attention", [...GROUNDS, "attention-soft", "joint-ground", "private-ground", "notes-ground"]],
  ["done", [...GROUNDS, "done-soft"]],
  ["danger", [...GROUNDS, "danger-soft", "joint-ground", "private-ground", "notes-ground"]],
  ["danger-on", ["danger"]],
  ["joint", ["surface", "joint-soft", "joint-ground"]],
  ["private", ["surface", "private-soft", "private-ground"]],
  ["notes", ["surface", "notes-soft", "notes-ground"]],
  ["surface", ["joint", "private", "notes", "ink-2"]],
];

const light = block(":root");
const dark = block(':root[data-theme="dark"]');

describe.each([
  ["light", light],
  ["dark", { ...light, ...dark }],
  ["care", { ...light, ...block(':root[data-mode="care"]') }],
  ["care in the dark", { ...light, ...block(':root[data-mode="care"]'), ...dark }],
])("%s", (_name, colours) => {
  it.each(PAIRS.flatMap(([ink, grounds]) => grounds.map((ground): [string, string] => [ink, ground])))("%s on %s reaches 4.5:1", (ink, ground) => {
    expect(contrast(colours[ink] as string, colours[ground] as string)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(GROUNDS)("edges of fields on %s reach 3:1", (ground) => {
    expect(contrast(colours["line-strong"] as string, colours[ground] as string)).toBeGreaterThanOrEqual(3);
  });
});

it("is the same dark whether chosen or followed from the phone", () => {
  expect(block(':root[data-theme="auto"]')).toEqual(dark);
});
