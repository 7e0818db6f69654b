// A client of the live line, written from docs/protocol.md alone; Node 22 or newer, no packages. It joins a room,
// talks, loses its line in the middle of it, comes back by its cursor, and shows that nothing is missing:
// ODR_URL=http://127.0.0.1:8000 ODR_TOKEN=<token of POST /api/v1/logins> [ODR_ROOM=<room>] node client.mjs [lines]

import { randomBytes } from "node:crypto";

const { ODR_URL: at = "http://127.0.0.1:8000", ODR_TOKEN: token, ODR_ROOM: chosen } = process.env;
const headers = { Authorization: `Bearer ${token}` };
const count = Number(process.argv[2] || 10);

async function get(path) {
  const answer = await fetch(`${at}/api/v1${path}`, { headers });
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${told.error.say}`);
  return told;
}

/** The joint room of the first of my cases that has one. */
async function firstRoom() {
  for (const { id } of (await get("/cases?limit=100")).cases) {
    const joint = (await get(`/cases/${id}`)).rooms.find((room) => room.kind === "joint");
    if (joint) return joint.id;
  }
  throw new Error("none of your cases has a joint room yet");
}

class Line {
  cursor = null; // {epoch, seq}: the last line applied, all that a resume needs
  lines = new Map(); // seq to line
  outbox = []; // what is not acknowledged, in the order typed; each keeps its id for ever
  wait = 1000;
  drops = 0;
  constructor(room) {
    this.room = room;
    this.connect();
  }
  connect() {
    this.socket = new WebSocket(at.replace(/^http/, "ws") + "/ws", { protocols: ["odr.v1"], headers });
    this.socket.onmessage = ({ data }) => [JSON.parse(data)].flat().forEach((frame) => this.take(frame));
    this.socket.onclose = ({ code }) => {
      if (code === 4401 || code === 4403) throw new Error(`the service closed the line with ${code}`);
      this.drops++;
      setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
      this.wait = Math.min(this.wait * 2, 30_000);
    };
  }

  send = (frame) => this.socket.send(JSON.stringify({ room: this.room, ...frame }));

  say(text) {
    this.outbox.push({ t: "say", id: Date.now().toString(16).padStart(12, "0") + randomBytes(16).toString("base64url"), text });
    if (this.outbox.length === 1) this.sendNext();
  }
  /** One at a time: what is stored second was typed second. */
  sendNext() {
    if (this.outbox.length && this.joined) this.send(this.outbox[0]);
  }
  take(frame) {
    if (frame.t === "welcome") {
      [this.wait, this.joined] = [1000, false];
      this.send({ t: "join", ...this.cursor });
    } else if (frame.room !== this.room) {
      return; // presence, changes of the case: not of this room
    } else if (frame.t === "room") {
      this.joined = true;
      this.sendNext();
    } else if (frame.t === "lines") {
      for (const line of frame.lines) this.lines.set(line.seq, line);
      if (frame.lines.length) this.cursor = { epoch: frame.epoch, seq: frame.lines.at(-1).seq };
    } else if (frame.t === "said") {
      this.outbox = this.outbox.filter((line) => line.id !== frame.id);
      this.sendNext();
    } else if (frame.t === "resync") {
      this.joined = this.cursor = null;
      this.lines.clear();
      this.send({ t: "join" });
    } else if (frame.t === "error") {
      if (!frame.retry) throw new Error(frame.say);
      setTimeout(() => this.sendNext(), frame.retry * 1000);
    }
    this.changed?.();
  }

  until = (check) => new Promise((done) => (this.changed = () => check() && done()));
}

const mine = Array.from({ length: count }, (_, n) => `第 ${n + 1} 句，共 ${count} 句（${randomBytes(3).toString("hex")}）`);
const line = new Line(chosen || (await firstRoom()));
mine.forEach((text, n) => setTimeout(() => line.say(text), n * 20));
await line.until(() => [...line.lines.values()].some(({ body }) => body.text === mine[count >> 1]));
line.socket.close(); // in the middle of it
const resumed_after = line.cursor.seq;
const own = () => [...line.lines.values()].map(({ body }) => body.text).filter((text) => mine.includes(text));
await line.until(() => line.drops && !line.outbox.length && own().length === count);

const seqs = [...line.lines.keys()]; // as they came
const whole = seqs.every((seq, n) => seq === seqs[0] + n);
const in_order = own().join() === mine.join();
console.log(JSON.stringify({ drops: line.drops, resumed_after, head: line.cursor.seq, whole, in_order }));
process.exit(whole && in_order ? 0 : 1);
