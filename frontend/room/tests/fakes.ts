/** Stand-ins for the network. */
import type { Surroundings } from "../connection";
import type { ClientFrame, Line, RoomFrame, ServerFrame } from "../protocol";

export class FakeSocket {
  static made: FakeSocket[] = [];
  readyState = 0;
  sent: ClientFrame[] = [];
  onmessage: ((e: { data: string }) => void) | null = null;
  onclose: ((e: { code: number }) => void) | null = null;

  constructor() {
    FakeSocket.made.push(this);
  }

  static get last(): FakeSocket {
    return FakeSocket.made[FakeSocket.made.length - 1]!;
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  close(): void {
    this.readyState = 3;
  }

  welcome(who = "me"): void {
    this.readyState = 1;
    this.say({ t: "welcome", v: 1, me: { id: who, name: who }, at: "2026-11-24T07:00:00.000Z", heartbeat: 20 });
  }

  say(...frames: ServerFrame[]): void {
    this.onmessage?.({ data: JSON.stringify(frames.length === 1 ? frames[0] : frames) });
  }

  shut(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

export function surroundings(change: Partial<Surroundings> = {}): Surroundings {
  FakeSocket.made = [];
  return {
    url: "ws://test/ws",
    open: () => new FakeSocket() as unknown as WebSocket,
    random: () => 0.5,
    online: () => true,
    visible: () => true,
    byHttp: () => Promise.resolve("silent"),
    ...change,
  };
}

export const line = (seq: number, by = "you", more: Partial<Line> = {}): Line => ({
  seq,
  kind: "text",
  id: "line-" + seq,
  by: { id: by, name: by, role: "respondent" },
  at: "2026-11-24T07:00:00.000Z",
  body: { text: "第 " + seq + " 行" },
  ...more,
});

export const roomFrame = (room: string, head: number, more: Partial<RoomFrame> = {}): RoomFrame => ({
  t: "room",
  room,
  case: "case",
  kind: "joint",
  label: "共同房间",
  audience: "双方都能看到",
  epoch: "e1",
  head,
  can: ["say", "file", "recall"],
  members: [{ id: "me", name: "我", role: "applicant", role_label: "申请人", here: true }],
  read: {},
  ...more,
});
