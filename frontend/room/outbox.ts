/** Lines that the server has not yet acknowledged. They live in IndexedDB, so a reload or a dead battery loses none. */
import { signal } from "@preact/signals";
import { database, request, STORE } from "./kept";
import type { FileRef } from "./protocol";

export interface Entry {
  id: string;
  /** Whose line it is: two people may share one phone, and neither may send the other's words. */
  me: string;
  room: string;
  /** Place in the order as typed. */
  n: number;
  kind: "text" | "file";
  text?: string;
  at: string;
  /** Bytes still to upload, with the name to show. */
  blob?: Blob;
  name?: string;
  /** The uploaded file. */
  file?: FileRef;
  /** The sentence that says why it cannot go; the writer may retry or delete. */
  failed?: string;
}

export class Outbox {
  /** All waiting lines of this person, in the order as typed. */
  readonly entries = signal<readonly Entry[]>([]);
  /** False when they live only as long as this page. The reader is told so. */
  readonly durable = signal(false);
  private last = 0;

  private constructor(
    readonly me: string,
    private db: IDBDatabase | null,
  ) {}

  /** Opens the store and reads what an earlier page left. Without a usable IndexedDB it keeps lines in memory. */
  static async open(me: string, limit = 1500): Promise<Outbox> {
    try {
      const db = await database(limit);
      const box = new Outbox(me, db);
      const rows = await request<Entry[]>(() => db.transaction(STORE).objectStore(STORE).getAll());
      const mine = rows.filter((e) => e.me === me).sort((a, b) => a.n - b.n || (a.at < b.at ? -1 : 1));
      if (mine.length) box.last = mine[mine.length - 1]!.n;
      box.entries.value = mine;
      box.durable.value = true;
      return box;
    } catch {
      return new Outbox(me, null);
    }
  }

  /** Puts a line at the end. `kept` settles when it is on the disk, or when it is clear that it cannot be. */
  add(line: Omit<Entry, "n" | "me">): { entry: Entry; kept: Promise<void> } {
    // The clock orders what is typed in two tabs; within one it never falls behind its own count.
    this.last = Math.max(this.last + 1, Date.now());
    const entry: Entry = { ...line, me: this.me, n: this.last };
    this.entries.value = this.entries.value.concat(entry);
    return { entry, kept: this.write((s) => s.put(entry)) };
  }

  change(id: string, change: Partial<Entry>): Promise<void> {
    let changed: Entry | undefined;
    this.entries.value = this.entries.value.map((e) => (e.id === id ? (changed = { ...e, ...change }) : e));
    return changed ? this.write((s) => s.put(changed)) : Promise.resolve();
  }

  remove(id: string): Promise<void> {
    if (!this.find(id)) return Promise.resolve();
    this.entries.value = this.entries.value.filter((e) => e.id !== id);
    return this.write((s) => s.delete(id));
  }

  find(id: string): Entry | undefined {
    return this.entries.value.find((e) => e.id === id);
  }

  /** The one line of a room that may go now. A line that cannot go does not hold back the next. */
  next(room: string): Entry | undefined {
    return this.entries.value.find((e) => e.room === room && !e.failed);
  }

  private write(act: (store: IDBObjectStore) => IDBRequest): Promise<void> {
    const db = this.db;
    if (!db) return Promise.resolve();
    return new Promise<void>((done, fail) => {
      const tx = db.transaction(STORE, "readwrite");
      act(tx.objectStore(STORE));
      tx.oncomplete = () => done();
      tx.onerror = tx.onabort = () => fail(tx.error);
    }).catch(() => {
      // Full disk or a store taken away (private mode): go on from memory, and say so.
      this.durable.value = false;
    });
  }
}
