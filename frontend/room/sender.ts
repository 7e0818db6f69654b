/**
 * Sends what waits in the outbox: one line per room at a time, so that the order as typed is the order stored, and a
 * line stays until its own acknowledgement. A lost answer leads to the same id again, which the server answers alike.
 */
import { signal } from "@preact/signals";
import { t } from "./i18n";
import { newId } from "./ids";
import { call } from "./later";
import type { Entry, Outbox } from "./outbox";
import { endedLogin, type Ended } from "./page";
import type { ClientFrame, ErrorFrame, FileRef } from "./protocol";

/** How long an answer may take on a line that is otherwise alive. */
export const ANSWER = 15e3;

/** Errors after which the same line may be tried again without anyone's doing. */
const PASSING = ["busy", "too_fast"];

/** Half of a character, as some keyboards leave behind, is no JSON: the line would never be taken, and hold back the next. */
function whole(text: string): string {
  return text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (c) => (c.length === 2 ? c : "\ufffd"));
}

type Upload = typeof call<FileRef>;

export class Sender {
  /** Share uploaded, by id of the entry. */
  readonly progress = signal<Record<string, number>>({});
  /** Called when an upload finds that the login has ended. */
  signedOut: (why: Ended) => void = () => {};
  private busy = new Map<string, { id: string; timer: ReturnType<typeof setTimeout> | undefined }>();
  private uploading = new Set<string>();

  constructor(
    private outbox: Outbox,
    private send: (frame: ClientFrame) => boolean,
    private upload: Upload = call,
  ) {}

  /** Queues a text or a file and starts sending. `kept` settles once a reload cannot lose it. */
  add(room: string, text: string, blob?: Blob, name?: string): { entry: Entry; kept: Promise<void> } {
    const line = { id: newId(), room, kind: blob ? ("file" as const) : ("text" as const), at: new Date().toISOString() };
    const added = this.outbox.add({ ...line, ...(text ? { text } : {}), ...(blob ? { blob, name: name || "" } : {}) });
    this.pump(room);
    return added;
  }

  /** After a cut nothing that was under way will be answered. */
  reset(): void {
    this.busy.forEach((b) => clearTimeout(b.timer));
    this.busy.clear();
  }

  pumpAll(): void {
    const rooms = new Set(this.outbox.entries.value.map((e) => e.room));
    rooms.forEach((room) => this.pump(room));
  }

  pump(room: string): void {
    if (this.busy.has(room)) return;
    const entry = this.outbox.next(room);
    if (!entry) return;
    if (entry.blob && !entry.file) return void this.uploadThen(entry);
    const frame: ClientFrame = { t: "say", room, id: entry.id, kind: entry.kind, at: entry.at };
    if (entry.text) frame.text = whole(entry.text);
    if (entry.file) frame.file = entry.file.id;
    // Taken before sending: the answer may come within the call.
    this.hold(room, entry.id, ANSWER);
    if (!this.send(frame)) this.free(room);
  }

  /** The line is stored. */
  acknowledged(room: string, id: string): void {
    const mine = this.busy.get(room);
    if (mine && mine.id === id) this.free(room);
    void this.outbox.remove(id);
    this.pump(room);
  }

  /** True when the error was about a line of the outbox. */
  refused(error: ErrorFrame): boolean {
    const entry = error.re ? this.outbox.find(error.re) : undefined;
    if (!entry) return false;
    // Two tabs uploaded the same waiting file, and the other's copy of this very line is stored already.
    if (error.code === "conflict" && entry.kind === "file") this.acknowledged(entry.room, entry.id);
    else if (PASSING.indexOf(error.code) >= 0) this.hold(entry.room, entry.id, (error.retry || 2) * 1000);
    else this.fail(entry, error.say);
    return true;
  }

  /** The socket was closed over the size of what is under way. */
  tooBig(): void {
    Array.from(this.busy.values()).forEach(({ id }) => {
      const entry = this.outbox.find(id);
      if (entry) this.fail(entry, t("这条消息太大，没有发出。请分开发送。"));
    });
  }

  again(id: string): void {
    const entry = this.outbox.find(id);
    if (!entry) return;
    const { room } = entry;
    void this.outbox.change(id, { failed: "" });
    this.pump(room);
  }

  discard(id: string): void {
    const entry = this.outbox.find(id);
    void this.outbox.remove(id);
    if (entry && this.busy.get(entry.room)?.id === id) {
      this.free(entry.room);
      this.pump(entry.room);
    }
  }

  private hold(room: string, id: string, wait: number): void {
    this.free(room);
    const timer = setTimeout(() => {
      this.busy.delete(room);
      this.pump(room);
    }, wait);
    this.busy.set(room, { id, timer });
  }

  private free(room: string): void {
    clearTimeout(this.busy.get(room)?.timer);
    this.busy.delete(room);
  }

  private fail(entry: Entry, say: string): void {
    this.free(entry.room);
    void this.outbox.change(entry.id, { failed: say });
    this.pump(entry.room);
  }

  private async uploadThen(entry: Entry): Promise<void> {
    const { id, room } = entry;
    // Over a cut the upload may go on while the room is freed: never twice at once.
    if (this.uploading.has(id)) return;
    this.uploading.add(id);
    this.busy.set(room, { id, timer: undefined });
    const form = new FormData();
    form.append("file", entry.blob!, entry.name);
    const reply = await this.upload("POST", "/api/v1/rooms/" + encodeURIComponent(room) + "/files", form, (share) => {
      this.progress.value = { ...this.progress.value, [id]: share };
    });
    this.uploading.delete(id);
    const { [id]: _done, ...others } = this.progress.value;
    this.progress.value = others;
    const held = this.busy.get(room);
    if (held && held.id === id) this.free(room);
    if (!this.outbox.find(id)) return this.pump(room);
    const ended = endedLogin(reply);
    if (reply.data) {
      await this.outbox.change(id, { file: reply.data });
      this.pump(room);
    } else if (ended) {
      this.signedOut(ended);
    } else if (!reply.status || reply.status === 429 || reply.status >= 500) {
      this.hold(room, id, ((reply.error && reply.error.retry) || 5) * 1000);
    } else {
      const { fields, say } = reply.error!;
      this.fail(entry, (fields && fields.file) || say);
    }
  }
}
