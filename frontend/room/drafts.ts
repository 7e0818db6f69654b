/** What is being written, per person and room, so that no reload and no ended login eats it. */

import { draftsOf } from "./kept";

const key = (me: string, room: string) => draftsOf(me) + room;

export function readDraft(me: string, room: string): string {
  try {
    return localStorage.getItem(key(me, room)) || "";
  } catch {
    return "";
  }
}

export function keepDraft(me: string, room: string, text: string): void {
  try {
    if (text) localStorage.setItem(key(me, room), text);
    else localStorage.removeItem(key(me, room));
  } catch {
    // Storage is off or full; the text is still in the box.
  }
}
