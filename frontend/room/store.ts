/**
 * Everything the room shows, fed by frames. The server's transcript is the truth; this holds a window of it per room,
 * notices what is missing and asks for it, and lays the person's own waiting lines beside it.
 */
import { signal } from "@preact/signals";
import { t } from "./i18n";
import { newId } from "./ids";
import type { Outbox } from "./outbox";
import type { Boot, BootRoom, ClientFrame, Line, LinesFrame, ServerFrame } from "./protocol";
import type { Sender } from "./sender";
import { Transcript } from "./transcript";

/** Wait before a hole is asked for: lines that overtook each other close it by themselves. */
const HOLE_WAIT = 250;
const AGAIN = 4000;
const TYPING_EVERY = 3000;
const TYPING_FADES = 6000;
export const RECALL_WITHIN = 120e3;

type Timer = ReturnType<typeof setTimeout>;

export class Store {
  readonly rooms = signal<readonly Transcript[]>([]);
  /** Ids of those of the case who are online. */
  readonly present = signal<ReadonlySet<string>>(new Set());
  /** A sentence to show for some seconds. */
  readonly toast = signal("");
  /** Somebody says the case is no longer as shown. */
  onChanged: (what: string) => void = () => {};
  private up = false;
  private fills = new Map<string, Timer>();
  private recalls = new Map<string, { room: string; seq: number }>();
  private seenUpTo = new Map<string, number>();
  private readTimers = new Map<string, Timer>();
  private typedAt = new Map<string, number>();
  private toastTimer: Timer | undefined;
  private doubted = new Set<string>();

  constructor(
    readonly me: { id: string; name: string },
    private caseId: string,
    rooms: readonly BootRoom[],
    readonly outbox: Outbox,
    readonly sender: Sender,
    private send: (frame: ClientFrame) => boolean,
  ) {
    this.rooms.value = rooms.map((room) => new Transcript(room, me.id));
  }

  static from(boot: Boot, outbox: Outbox, sender: Sender, send: (frame: ClientFrame) => boolean): Store {
    return new Store(boot.me, boot.case.id, boot.rooms, outbox, sender, send);
  }

  room(id: string): Transcript | undefined {
    return this.rooms.value.find((room) => room.id === id);
  }

  /** The line works: take up every room where it was left, then send what waits. */
  onUp(): void {
    const anew = !this.up;
    this.up = true;
    this.rooms.value.forEach((room) => this.join(room));
    if (anew) this.seenUpTo.forEach((seq, id) => this.sendRead(id, seq));
    this.sender.pumpAll();
  }

  onDown(): void {
    this.up = false;
    this.doubted.clear();
    this.fills.forEach((timer) => clearTimeout(timer));
    this.fills.clear();
    this.rooms.value.forEach((room) => (room.fetching.value = false));
    this.sender.reset();
  }

  /** Rooms that opened since the page was made (the joint room, once all have agreed). */
  admit(rooms: readonly BootRoom[]): void {
    const fresh = rooms.filter((room) => !this.room(room.id)).map((room) => new Transcript(room, this.me.id));
    if (!fresh.length) return;
    this.rooms.value = this.rooms.value.concat(fresh);
    if (this.up) fresh.forEach((room) => this.join(room));
  }

  receive(frame: ServerFrame): void {
    if (frame.t === "presence") {
      if (frame.case === this.caseId) this.present.value = new Set(frame.here);
      return;
    }
    if (frame.t === "changed") {
      if (frame.case === this.caseId) this.onChanged(frame.what);
      return;
    }
    if (frame.t === "error") {
      if (frame.re) this.recalls.delete(frame.re);
      const room = frame.room ? this.room(frame.room) : undefined;
      if (room) room.fetching.value = false;
      if (room && frame.code === "unknown_room" && !frame.re) return this.doubt(room);
      if (!this.sender.refused(frame)) this.say(frame.say);
      return;
    }
    if (frame.t === "welcome" || frame.t === "pong") return;
    const room = this.room(frame.room);
    if (!room) {
      // The outbox may hold lines for a room of another case, typed on its page; they are sent from here too.
      if (frame.t === "said") this.sender.acknowledged(frame.room, frame.id);
      return;
    }
    this.doubted.delete(room.id);
    switch (frame.t) {
      case "room":
        if (room.epoch && room.epoch !== frame.epoch) return this.startOver(room);
        room.epoch = frame.epoch;
        room.describe(frame);
        if (!frame.head) room.here.value = true;
        this.notePresence(frame.members);
        this.heal(room);
        break;
      case "lines":
        this.lines(room, frame);
        break;
      case "said":
        this.said(room, frame.id, frame.seq, frame.at);
        break;
      case "read":
        room.markRead(frame.who, frame.seq);
        break;
      case "typing":
        this.someoneTypes(room, frame.who);
        break;
      case "resync":
        this.startOver(room);
        break;
      case "gone":
        this.leave(room);
        break;
    }
  }

  /** Asks for lines before the first one held. */
  loadEarlier(room: Transcript): void {
    const first = room.lines.value[0];
    if (!first || room.fetching.value || !room.earlier.value) return;
    room.fetching.value = this.send({ t: "history", room: room.id, before: first.seq, limit: 50 });
    if (!room.fetching.value) this.say(t("现在没有连上。连上后再试。"));
    else setTimeout(() => (room.fetching.value = false), 15e3);
  }

  /** The reader has the end of the room before the eyes. */
  seen(room: Transcript): void {
    const seq = room.cursor;
    const known = Math.max(this.seenUpTo.get(room.id) || 0, room.reads.value[this.me.id] || 0);
    if (seq <= known) return;
    this.seenUpTo.set(room.id, seq);
    room.markRead(this.me.id, seq);
    if (this.readTimers.has(room.id)) return;
    const timer = setTimeout(() => {
      this.readTimers.delete(room.id);
      this.sendRead(room.id, this.seenUpTo.get(room.id) || 0);
    }, 400);
    this.readTimers.set(room.id, timer);
  }

  typing(room: Transcript): void {
    const now = Date.now();
    if (now - (this.typedAt.get(room.id) || 0) < TYPING_EVERY) return;
    this.typedAt.set(room.id, now);
    this.send({ t: "typing", room: room.id });
  }

  recall(room: Transcript, line: Line): void {
    const id = newId();
    this.recalls.set(id, { room: room.id, seq: line.seq });
    if (!this.send({ t: "recall", room: room.id, id, seq: line.seq })) {
      this.recalls.delete(id);
      this.say(t("现在没有连上，没有撤回。连上后请再点一次。"));
    }
  }

  say(sentence: string): void {
    this.toast.value = sentence;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (this.toast.value = ""), 6000);
  }

  private join(room: Transcript): void {
    const seq = room.cursor;
    if (seq && room.epoch) this.send({ t: "join", room: room.id, epoch: room.epoch, seq });
    else this.send({ t: "join", room: room.id });
  }

  private lines(room: Transcript, frame: LinesFrame): void {
    if (room.epoch && room.epoch !== frame.epoch) return this.startOver(room);
    room.epoch = frame.epoch;
    const first = room.lines.value[0];
    const backwards =
      frame.from === "history" && (!frame.lines.length || (first && frame.lines[0]!.seq < first.seq));
    if (backwards) room.fetching.value = false;
    // Told that nothing lies before: by the newest lines of a first join, or by a page of history.
    if (!frame.more && (backwards || (frame.from === "join" && !first))) room.complete.value = true;
    const reached = room.cursor;
    room.apply(frame.lines);
    room.here.value = true;
    for (const line of frame.lines) {
      if (line.by && line.by.id === this.me.id && line.id && this.outbox.find(line.id))
        this.sender.acknowledged(room.id, line.id);
      if (line.by) this.stopTyping(room, line.by.id);
    }
    // A page of a long hole arrived: the next one at once.
    const next = frame.from === "history" && !backwards && room.cursor > reached;
    if (next) this.clearFill(room);
    this.heal(room, next ? 0 : HOLE_WAIT);
  }

  private said(room: Transcript, id: string, seq: number, at: string): void {
    const recall = this.recalls.get(id);
    if (recall) {
      this.recalls.delete(id);
      room.recall(recall.seq);
    }
    const entry = this.outbox.find(id);
    if (!entry) return;
    const known = room.lines.value.some((line) => line.seq === seq);
    if (!known && room.here.value) {
      const me = room.info.value.members.find((m) => m.id === this.me.id);
      const by = { ...this.me, role: me ? me.role : ("invited" as const) };
      const body = { text: entry.text, file: entry.file };
      // Stands where the stream will put it; the stream's own copy takes its place.
      room.apply([{ seq, kind: entry.kind, id, by, at, body }]);
      this.heal(room);
    }
    this.sender.acknowledged(room.id, id);
  }

  /** Asks for what lies between the run held and the head. Repeats until nothing is missing. */
  private heal(room: Transcript, wait = HOLE_WAIT): void {
    const missing = room.here.value && room.lines.value.length > 0 && room.cursor < room.head;
    if (!missing) return this.clearFill(room);
    if (this.fills.has(room.id)) return;
    const ask = () => {
      if (!this.up || room.cursor >= room.head) return void this.fills.delete(room.id);
      this.send({ t: "history", room: room.id, after: room.cursor, limit: 200 });
      this.fills.set(room.id, setTimeout(ask, AGAIN));
    };
    this.fills.set(room.id, setTimeout(ask, wait));
  }

  private clearFill(room: Transcript): void {
    clearTimeout(this.fills.get(room.id));
    this.fills.delete(room.id);
  }

  /** Another history than the one held (a restored database): drop it and begin with the newest lines. */
  private startOver(room: Transcript): void {
    this.clearFill(room);
    this.seenUpTo.delete(room.id);
    room.forget();
    this.join(room);
  }

  /** The room may be closed to this person. Or an older frame met it before it was joined; so it is asked once more. */
  private doubt(room: Transcript): void {
    if (this.doubted.delete(room.id)) return this.leave(room);
    this.doubted.add(room.id);
    this.join(room);
  }

  /** Others' words go. The person's own unsent ones stay on the device, should the way in open again. */
  private leave(room: Transcript): void {
    this.clearFill(room);
    this.seenUpTo.delete(room.id);
    room.forget();
    this.rooms.value = this.rooms.value.filter((other) => other !== room);
    this.say(t("您已不在“%(room)s”里。", { room: room.info.value.label }));
  }

  private sendRead(id: string, seq: number): void {
    if (this.up && seq) this.send({ t: "read", room: id, seq });
  }

  private notePresence(members: readonly { id: string; here: boolean }[]): void {
    const here = new Set(this.present.value);
    members.forEach((m) => (m.here ? here.add(m.id) : here.delete(m.id)));
    this.present.value = here;
  }

  private someoneTypes(room: Transcript, who: string): void {
    if (who === this.me.id) return;
    const until = Date.now() + TYPING_FADES;
    room.typing.value = { ...room.typing.value, [who]: until };
    setTimeout(() => room.typing.value[who] === until && this.stopTyping(room, who), TYPING_FADES);
  }

  private stopTyping(room: Transcript, who: string): void {
    if (!room.typing.value[who]) return;
    const { [who]: _gone, ...others } = room.typing.value;
    room.typing.value = others;
  }
}
