/**
 * One WebSocket for all rooms of one person.
 *
 * Phones kill sockets without a close event, proxies swallow them, lifts cut them: so every return to the page asks
 * the line for a sign of life, silence is not trusted, and connecting again never ends. When sockets do not get
 * through at all, the same frames go by HTTP.
 */
import { signal } from "@preact/signals";
import type { sendByHttp } from "./fallback";
import { byHttp } from "./later";
import type { Ended } from "./page";
import { CLOSE, type ClientFrame, type ServerFrame } from "./protocol";

/** What the reader is told: it works, it will soon, or it does not and lines are queued. */
export type NetState = "live" | "reconnecting" | "offline";

export const TIMES = {
  /** A cut shorter than this is not worth a word. */
  grace: 2500,
  welcome: 10e3,
  /** Sign of life after a return to the page: short, because someone is waiting. */
  wake: 2000,
  /** Sign of life in quiet times. */
  pong: 3000,
  quiet: 8000,
  quietHidden: 25e3,
  /** Silence that no living line keeps: it is made anew without asking first. */
  dead: 75e3,
  /** An answer to something sent. */
  answer: 4000,
  tick: 2000,
  /** A tick that comes so much later than it should: the page was frozen. Not every webview tells. */
  slept: 2000,
  poll: 4000,
  /** Sockets that neither open nor fail for so long: HTTP is tried. */
  stuck: 8000,
  longest: 30e3,
};

/** Failures in a row after which HTTP is tried, and without HTTP the state is called offline. */
const GIVE_WAY = 3;

/** Close codes and delays: docs/protocol.md, section 1. */
export function backoff(failures: number, code: number, random: number): number {
  if (code === CLOSE.restart) return 1000 + 9000 * random;
  const base = Math.min(TIMES.longest, 1000 * Math.pow(2, Math.min(failures, 10)));
  return (code === CLOSE.tooMany ? Math.max(base, 5000) : base) * (0.75 + random / 2);
}

export interface Hooks {
  /** The line works (again): join the rooms, send what waits. Called for each poll too. */
  up(): void;
  /** The line is gone: answers to what was sent will not come. */
  down(): void;
  receive(frame: ServerFrame): void;
  /** A frame was over the limit and must not be sent again. */
  tooBig(): void;
}

export interface Surroundings {
  url: string;
  open(url: string): WebSocket;
  random(): number;
  online(): boolean;
  visible(): boolean;
  byHttp: typeof sendByHttp;
}

export function browser(): Surroundings {
  return {
    url: location.origin.replace(/^http/, "ws") + "/ws",
    open: (url) => new WebSocket(url, "odr.v1"),
    random: Math.random,
    online: () => navigator.onLine !== false,
    visible: () => document.visibilityState !== "hidden",
    byHttp,
  };
}

type Timer = ReturnType<typeof setTimeout>;

export class Connection {
  readonly state = signal<NetState>("live");
  /** True while lines go by HTTP: they come, but some seconds later. */
  readonly slow = signal(false);
  /** Set when trying again is of no use without the person. */
  readonly stopped = signal<Ended | "refused" | null>(null);

  private socket: WebSocket | null = null;
  private welcomed = false;
  private welcomedAt = 0;
  private openedAt = 0;
  /** True once HTTP is worth a try; `slow` says that it got through. */
  private http = false;
  private joining = new Set<string>();
  private failures = 0;
  private heard = 0;
  private lost = 0;
  private ticked = 0;
  private pings = 0;
  private retry: Timer | undefined;
  private deadline: Timer | undefined;
  private probing: Timer | undefined;
  private polling: Timer | undefined;
  private grace: Timer | undefined;

  constructor(
    private hooks: Hooks,
    private around: Surroundings,
    /** For whom the page was made. */
    private me: string,
  ) {}

  start(): void {
    this.lose();
    this.ticked = Date.now();
    setInterval(() => this.tick(), TIMES.tick);
    this.connect();
  }

  /** Lets go of the socket, so that the page can rest in the back-forward cache. `wake` takes it up again. */
  rest(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.hangUp();
    this.lose();
  }

  /** For every sign that the page is looked at again: asks the line, or connects at once. */
  wake(): void {
    if (this.stopped.value === "refused") return;
    if (this.stopped.value) {
      this.stopped.value = null;
      this.failures = 0;
    }
    const silent = Date.now() - this.heard;
    if (this.welcomed && silent > TIMES.dead && this.around.visible()) this.leave();
    else if (this.welcomed) this.probe(TIMES.wake);
    else if (!this.socket || Date.now() - this.openedAt > TIMES.wake) this.connect();
    this.judge();
  }

  /** False when there is no line now; what matters must be kept by the caller until it is answered. */
  send(frame: ClientFrame): boolean {
    if (this.welcomed && this.socket && this.socket.readyState === 1) {
      try {
        this.socket.send(JSON.stringify(frame));
      } catch {
        this.drop(0);
        return false;
      }
      if (frame.t === "say" || frame.t === "join" || frame.t === "history") this.expect();
      return true;
    }
    if (!this.http) return false;
    if (frame.t !== "typing" && frame.t !== "ping") void this.sendSlowly(frame);
    return true;
  }

  private connect(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    if (this.stopped.value) return;
    this.hangUp();
    let socket: WebSocket;
    try {
      socket = this.around.open(this.around.url);
    } catch {
      return this.drop(0);
    }
    this.socket = socket;
    this.openedAt = Date.now();
    this.deadline = setTimeout(() => this.drop(0), TIMES.welcome);
    socket.onmessage = (e) => this.take(e.data);
    socket.onclose = (e) => this.drop(e.code);
  }

  private take(data: unknown): void {
    this.heard = Date.now();
    clearTimeout(this.probing);
    this.probing = undefined;
    let frames: ServerFrame | ServerFrame[];
    try {
      frames = JSON.parse(String(data));
    } catch {
      return;
    }
    for (const frame of Array.isArray(frames) ? frames : [frames]) {
      if (frame.t === "welcome") {
        // Two people share this browser, and the other has signed in: what waits here must not go in that name.
        if (frame.me.id !== this.me) return this.stop("another");
        this.greet();
      }
      this.hooks.receive(frame);
    }
  }

  private greet(): void {
    clearTimeout(this.deadline);
    clearTimeout(this.polling);
    this.polling = undefined;
    this.http = this.slow.value = false;
    this.welcomed = true;
    this.welcomedAt = Date.now();
    this.lost = 0;
    this.judge();
    this.hooks.up();
  }

  /** Ends this socket without waiting for it: a dead one never closes. */
  private hangUp(): void {
    const socket = this.socket;
    this.socket = null;
    clearTimeout(this.deadline);
    clearTimeout(this.probing);
    this.probing = undefined;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      try {
        socket.close();
      } catch {
        // Never opened.
      }
    }
    if (this.welcomed) {
      this.welcomed = false;
      this.hooks.down();
    }
  }

  private drop(code: number): void {
    // A line that answered for a while starts the back-off anew; one that dies at once does not.
    const good = this.welcomed && Date.now() - this.welcomedAt >= 5000;
    // Before the rest hears of the end: then nobody knows any more what was under way.
    if (code === CLOSE.tooBig) this.hooks.tooBig();
    this.hangUp();
    this.failures = good ? 0 : this.failures + 1;
    if (code === CLOSE.signedOut || code === CLOSE.refused) {
      this.stop(code === CLOSE.signedOut ? "signedout" : "refused");
      return;
    }
    this.lose();
    const wait = backoff(good ? 0 : this.failures - 1, code, this.around.random());
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), wait);
    if (this.failures >= GIVE_WAY && !this.polling) this.poll();
  }

  private stop(why: Ended | "refused"): void {
    this.stopped.value = why;
    this.hangUp();
    clearTimeout(this.retry);
    clearTimeout(this.polling);
    this.polling = undefined;
    this.http = this.slow.value = false;
    this.lose();
  }

  /** Notes the moment of the loss; the reader hears of it after the grace. */
  private lose(): void {
    if (!this.lost) this.lost = Date.now();
    clearTimeout(this.grace);
    this.grace = setTimeout(() => this.judge(), Math.max(0, this.lost + TIMES.grace - Date.now()));
    this.judge();
  }

  private judge(): void {
    if (this.welcomed || this.slow.value) this.state.value = "live";
    else if (Date.now() - this.lost >= TIMES.grace)
      this.state.value = !this.around.online() || this.failures >= GIVE_WAY ? "offline" : "reconnecting";
  }

  /** Asks for a sign of life; without one in time the line is taken for dead and made anew. */
  private probe(limit: number): void {
    if (this.probing || !this.welcomed) return;
    const asked = Date.now();
    this.probing = setTimeout(() => this.leave(asked), limit);
    this.send({ t: "ping", n: ++this.pings });
  }

  /** Makes the line anew. It was gone at `since` already: who waited for it need not wait for the grace as well. */
  private leave(since = Date.now()): void {
    this.hangUp();
    this.lost = this.lost || since;
    this.lose();
    this.connect();
  }

  /** Something was sent that has an answer: silence now is a bad sign. */
  private expect(): void {
    const at = Date.now();
    setTimeout(() => this.welcomed && this.heard < at && this.probe(TIMES.wake), TIMES.answer);
  }

  private tick(): void {
    const now = Date.now();
    const slept = now - this.ticked > TIMES.tick + TIMES.slept;
    this.ticked = now;
    if (slept && this.stopped.value === null) return this.wake();
    const quiet = this.around.visible() ? TIMES.quiet : TIMES.quietHidden;
    if (this.welcomed && now - this.heard >= quiet) this.probe(TIMES.pong);
    // Resting without a `pageshow` after it: some webviews only hide and show.
    if (!this.socket && this.retry === undefined && this.around.visible()) this.connect();
    if (this.lost && now - this.lost >= TIMES.stuck && !this.polling && !this.stopped.value) this.poll();
    this.judge();
  }

  private poll(): void {
    const wait = TIMES.poll * (0.75 + this.around.random() / 2);
    this.polling = setTimeout(() => {
      this.poll();
      if (!this.around.visible()) return;
      this.http = true;
      this.hooks.up();
    }, wait);
  }

  private async sendSlowly(frame: ClientFrame): Promise<void> {
    if (frame.t === "join") {
      if (this.joining.has(frame.room)) return;
      this.joining.add(frame.room);
    }
    const outcome = await this.around.byHttp(frame, (f) => this.hooks.receive(f));
    if (frame.t === "join") this.joining.delete(frame.room);
    if (this.welcomed || this.stopped.value || !this.http) return;
    if (outcome === "signedout" || outcome === "another") return this.stop(outcome);
    this.slow.value = outcome === "fine";
    if (outcome === "silent") this.hooks.down();
    this.judge();
  }
}
