/** The wire over plain HTTP, for networks that block WebSockets. Takes client frames, answers with server frames. */
import { call, type Reply } from "./api";
import { endedLogin, type Ended } from "./page";
import type { ClientFrame, Line, ServerFrame } from "./protocol";

interface Page {
  epoch: string;
  head: number;
  lines: Line[];
  more: boolean;
}

/** What a call says about the line itself. */
export type Outcome = "fine" | "silent" | Ended;

/** Sends one frame and hands what comes of it to `receive`, in order. */
export async function sendByHttp(frame: ClientFrame, receive: (frame: ServerFrame) => void): Promise<Outcome> {
  const room = "room" in frame ? frame.room : "";
  const base = "/api/v1/rooms/" + encodeURIComponent(room);
  switch (frame.t) {
    case "join": {
      let after = frame.seq;
      let epoch = frame.epoch;
      for (;;) {
        const reply = await call<Page>("GET", base + "/lines" + (after === undefined ? "" : "?after=" + after));
        if (!reply.data) return failed(reply, room, undefined, receive);
        const page = reply.data;
        if (epoch && after !== undefined && isForeign(page, epoch, after)) {
          receive({ t: "resync", room, epoch: page.epoch, head: page.head });
          return "fine";
        }
        const lines = page.lines;
        const more = after !== undefined && page.more && lines.length > 0;
        receive({ t: "lines", room, epoch: page.epoch, lines, from: "join", more: page.more });
        if (!more) return "fine";
        epoch = page.epoch;
        after = lines[lines.length - 1]!.seq;
      }
    }
    case "history": {
      const at = frame.before !== undefined ? "before=" + frame.before : "after=" + frame.after;
      const reply = await call<Page>("GET", base + "/lines?" + at + "&limit=" + (frame.limit || 50));
      if (!reply.data) return failed(reply, room, undefined, receive);
      const { epoch, lines, more } = reply.data;
      receive({ t: "lines", room, epoch, lines, from: "history", more });
      return "fine";
    }
    case "say":
    case "recall": {
      const { t: _t, room: _room, ...body } = frame;
      const path = base + (frame.t === "say" ? "/lines" : "/recalls");
      const reply = await call<{ id: string; seq: number; at: string }>("POST", path, body);
      if (!reply.data) return failed(reply, room, frame.id, receive);
      receive({ t: "said", room, id: frame.id, seq: reply.data.seq, at: reply.data.at });
      return "fine";
    }
    case "read": {
      const reply = await call("PUT", base + "/read", { seq: frame.seq });
      return endedLogin(reply) || (reply.status ? "fine" : "silent");
    }
    default:
      return "fine";
  }
}

/** Of another history, beyond the head, or of an earlier time of this reader in the room: what was said between that
    and this one never comes. */
function isForeign(page: Page, epoch: string, after: number): boolean {
  if (epoch !== page.epoch || after > page.head) return true;
  return after > 0 && after < page.head && (!page.lines.length || page.lines[0]!.seq > after + 1);
}

function failed(
  reply: Reply<unknown>,
  room: string,
  re: string | undefined,
  receive: (frame: ServerFrame) => void,
): Outcome {
  const ended = endedLogin(reply);
  if (ended) return ended;
  // A 404 without our own words comes from something in between, and means nothing about the room.
  if (!reply.status || !reply.error) return "silent";
  if (reply.status === 404 && reply.error.code !== "404" && !re) receive({ t: "gone", room });
  else {
    const passing = reply.status >= 500 || reply.status === 429;
    const { say, retry } = reply.error;
    receive({ t: "error", code: passing ? "busy" : reply.error.code, say, re, room, retry });
  }
  return "fine";
}
