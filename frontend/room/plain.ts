/** The page's own form, which works until the island comes. What was typed into it must not go with it. */
import { keepDraft, readDraft } from "./drafts";

/** Makes its text the draft of its room. True when somebody was writing in it just now. */
export function takeOver(root: HTMLElement, me: string): boolean {
  const box = root.querySelector<HTMLTextAreaElement>("textarea[name=text]");
  const room = root.querySelector<HTMLInputElement>("input[name=room]");
  if (!box || !room) return false;
  const draft = readDraft(me, room.value);
  const text = box.value.trim();
  if (text && text !== draft) keepDraft(me, room.value, draft ? draft + "\n" + text : text);
  return document.activeElement === box;
}
