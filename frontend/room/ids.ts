/** Ids that this device makes: once per line, kept with it, used again for every retry. */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
let count = 0;

/** 24 letters of 6 bits: 144 random bits. Webviews without `crypto` mix time, a counter and Math.random. */
export function newId(): string {
  const bytes = new Uint8Array(24);
  const source = typeof crypto === "object" ? crypto : undefined;
  if (source && source.getRandomValues) {
    source.getRandomValues(bytes);
  } else {
    let seed = Date.now() + ++count * 7919;
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = (Math.random() * 256) ^ (seed & 255);
      seed = Math.floor(seed / 7) + count;
    }
  }
  let id = "";
  for (let i = 0; i < bytes.length; i++) id += LETTERS.charAt(bytes[i]! & 63);
  return id;
}
