import { describe, expect, it } from "vitest";
import { compare, hex } from "./check";

const bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer as ArrayBuffer;
const digest = (given: ArrayBuffer): Promise<ArrayBuffer> => crypto.subtle.digest("SHA-256", new Uint8Array(given));
const ON_RECORD = { ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad: "sealed copy" };

describe("a paper's file", () => {
  it("is known by its digest", async () => {
    expect(await compare(bytes("abc"), ON_RECORD, digest)).toBe("sealed copy");
  });

  it("is another one when a letter was changed", async () => {
    expect(await compare(bytes("abd"), ON_RECORD, digest)).toBeNull();
    expect(await compare(bytes(""), ON_RECORD, digest)).toBeNull();
  });

  it("has a digest with its zeros", () => {
    expect(hex(new Uint8Array([0, 10, 255]).buffer)).toBe("000aff");
  });
});
