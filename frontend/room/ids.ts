/** Ids that this device makes: once per line, kept with it, used again for every retry. */

// In the order of their codes, so that ids sort by the time at their head, whoever compares them.
const LETTERS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const TIME_LETTERS = 8;
const RANDOM_LETTERS = 22;
let count = 0;

/** 8 letters of time (milliseconds, 48 bits) and 22 of 6 random bits each, 132 in all. The service finds a repeat
    faster among ids that begin with their time. Webviews without `crypto` mix time, a counter and Math.random. */
export function newId(): string {
  const now = Date.now();
  let id = "";
  for (let i = 0, left = now; i < TIME_LETTERS; i++, left = Math.floor(left / 64)) id = LETTERS.charAt(left % 64) + id;
  const bytes = new Uint8Array(RANDOM_LETTERS);
  const source = typeof crypto === "object" ? crypto : undefined;
  if (source && source.getRandomValues) {
    source.getRandomValues(bytes);
  } else {
    let seed = now + ++count * 7919;
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = (Math.random() * 256) ^ (seed & 255);
      seed = Math.floor(seed / 7) + count;
    }
  }
  for (let i = 0; i < bytes.length; i++) id += LETTERS.charAt(bytes[i]! & 63);
  return id;
}
