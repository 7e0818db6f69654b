/** One room's lines as this client holds them: by seq, once each, with holes known. */
import { computed, signal } from "@preact/signals";
import type { BootRoom, Line, Member, Right, RoomFrame } from "./protocol";

export interface RoomInfo extends BootRoom {
  can: Right[];
  members: Member[];
}

const byOrder = (a: Line, b: Line) => a.seq - b.seq;

function emptied(line: Line): Line {
  return line.recalled ? line : { ...line, recalled: true, body: {} };
}

export class Transcript {
  readonly id: string;
  readonly info;
  readonly lines = signal<readonly Line[]>([]);
  /** Read marks: person to seq. */
  readonly reads = signal<Record<string, number>>({});
  /** Who is writing, and until when that is believed. */
  readonly typing = signal<Record<string, number>>({});
  /** Lines below are on their way. */
  readonly fetching = signal(false);
  /** The transcript has arrived at least once. */
  readonly here = signal(false);
  epoch = "";
  head = 0;
  private recalls = new Set<number>();

  /** Nothing before the first line held is for this reader: who came late begins above seq 1. */
  readonly complete = signal(false);
  readonly earlier = computed(() => {
    const first = this.lines.value[0];
    return first !== undefined && first.seq > 1 && !this.complete.value;
  });

  constructor(
    room: BootRoom,
    private me: string,
  ) {
    this.id = room.id;
    this.info = signal<RoomInfo>({ ...room, can: ["say", "file", "recall"], members: [] });
  }

  /** The last seq of the run without holes. Everything up to here has been applied; a resume asks for what follows. */
  get cursor(): number {
    const lines = this.lines.value;
    if (!lines.length) return 0;
    const last = lines[lines.length - 1]!.seq;
    if (last - lines[0]!.seq === lines.length - 1) return last;
    let i = 1;
    while (lines[i]!.seq === lines[i - 1]!.seq + 1) i++;
    return lines[i - 1]!.seq;
  }

  /** Others' lines after what I have read or said. */
  readonly unread = computed(() => {
    const lines = this.lines.value;
    const read = this.reads.value[this.me] || 0;
    let n = 0;
    for (let i = lines.length - 1; i >= 0; i--) {
      const line = lines[i]!;
      if (line.seq <= read || (line.by && line.by.id === this.me)) break;
      if (line.kind !== "recall" && !line.recalled) n++;
    }
    return n;
  });

  /** Takes over what a `room` frame says. Read marks only move forward. */
  describe(frame: RoomFrame): void {
    const { kind, label, audience, can, members } = frame;
    this.info.value = { ...this.info.value, kind, label, audience, can, members };
    this.head = Math.max(this.head, frame.head);
    const reads = { ...this.reads.value };
    for (const who in frame.read) reads[who] = Math.max(reads[who] || 0, frame.read[who]!);
    this.reads.value = reads;
  }

  markRead(who: string, seq: number): void {
    if ((this.reads.value[who] || 0) < seq) this.reads.value = { ...this.reads.value, [who]: seq };
  }

  /** Puts lines in their places. What was recalled stays so. */
  apply(incoming: readonly Line[]): void {
    const held = this.lines.value;
    const last = held.length ? held[held.length - 1]!.seq : 0;
    const bySeq = new Map<number, Line>();
    let appending = true;
    let expected = last;
    for (const line of incoming) {
      if (line.seq <= expected) appending = false;
      expected = line.seq;
    }
    if (!appending) held.forEach((line) => bySeq.set(line.seq, line));
    for (const line of incoming) {
      this.head = Math.max(this.head, line.seq);
      if (line.kind === "recall" && line.body.seq) this.recalls.add(line.body.seq);
      const old = bySeq.get(line.seq);
      bySeq.set(line.seq, old && old.recalled && !line.recalled ? old : line);
    }
    let lines = Array.from(bySeq.values());
    lines = appending ? held.concat(lines) : lines.sort(byOrder);
    if (this.recalls.size) lines = lines.map((line) => (this.recalls.has(line.seq) ? emptied(line) : line));
    this.lines.value = lines;
  }

  /** Shows a recall before its own line has come. */
  recall(seq: number): void {
    this.recalls.add(seq);
    this.lines.value = this.lines.value.map((line) => (line.seq === seq ? emptied(line) : line));
  }

  forget(): void {
    this.lines.value = [];
    this.reads.value = {};
    this.typing.value = {};
    this.recalls.clear();
    this.epoch = "";
    this.head = 0;
    this.here.value = this.complete.value = false;
    this.fetching.value = false;
  }
}
