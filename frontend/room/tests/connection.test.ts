import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoff, Connection, type Surroundings } from "../connection";
import type { ClientFrame, ServerFrame } from "../protocol";
import { FakeSocket, surroundings } from "./fakes";

let hooks: { up: number; down: number; got: ServerFrame[] };

function connect(change: Partial<Surroundings> = {}): Connection {
  hooks = { up: 0, down: 0, got: [] };
  const connection = new Connection(
    {
      up: () => hooks.up++,
      down: () => hooks.down++,
      receive: (frame) => hooks.got.push(frame),
      tooBig: () => {},
    },
    surroundings(change),
    "me",
  );
  connection.start();
  return connection;
}

const pings = () => FakeSocket.last.sent.filter((f) => f.t === "ping").length;

beforeEach(() => void vi.useFakeTimers({ now: new Date("2026-11-24T07:00:00Z") }));
afterEach(() => void vi.useRealTimers());

describe("back-off", () => {
  it("doubles from one second to thirty, with jitter around it, and never ends", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 40].map((n) => backoff(n, 1006, 0.5))).toEqual(
      [1, 2, 4, 8, 16, 30, 30, 30].map((s) => s * 1000),
    );
    expect(backoff(0, 1006, 0)).toBe(750);
    expect(backoff(0, 1006, 0.999)).toBeCloseTo(1250, -1);
  });

  it("spreads a restart over one to ten seconds, and waits longer when there were too many", () => {
    expect(backoff(0, 1012, 0)).toBe(1000);
    expect(backoff(9, 1012, 1)).toBe(10000);
    expect(backoff(0, 4429, 0.5)).toBe(5000);
  });

  it("goes on for ever and begins anew after a line that held", () => {
    connect();
    for (let i = 0; i < 50; i++) {
      FakeSocket.last.shut(1006);
      const made = FakeSocket.made.length;
      for (let s = 0; s < 40 && FakeSocket.made.length === made; s++) vi.advanceTimersByTime(1000);
      expect(FakeSocket.made.length).toBe(made + 1);
    }
    FakeSocket.last.welcome();
    vi.advanceTimersByTime(6000);
    FakeSocket.last.shut(1006);
    vi.advanceTimersByTime(1100);
    expect(FakeSocket.made.length).toBe(52);
  });

  it("does not begin anew for a server that greets and hangs up", () => {
    connect();
    for (let i = 0; i < 4; i++) {
      FakeSocket.last.welcome();
      FakeSocket.last.shut(1013);
      vi.advanceTimersByTime(9000);
    }
    const made = FakeSocket.made.length;
    FakeSocket.last.welcome();
    FakeSocket.last.shut(1013);
    vi.advanceTimersByTime(9000);
    expect(FakeSocket.made.length).toBe(made);
  });

  it("gives up a socket that never greets", () => {
    connect();
    vi.advanceTimersByTime(10e3 + 1100);
    expect(FakeSocket.made.length).toBe(2);
  });
});

describe("close codes", () => {
  it("stop at an ended login until the person is back", () => {
    const connection = connect();
    FakeSocket.last.shut(4401);
    vi.advanceTimersByTime(120e3);
    expect(FakeSocket.made.length).toBe(1);
    expect(connection.stopped.value).toBe("signedout");
    connection.wake();
    expect(FakeSocket.made.length).toBe(2);
  });

  it("another person's greeting is no greeting: nothing is sent in the other's name", () => {
    const connection = connect();
    FakeSocket.last.welcome();
    FakeSocket.last.shut(1006);
    vi.advanceTimersByTime(2000);
    FakeSocket.last.welcome("you");
    expect(hooks.up).toBe(1);
    expect(FakeSocket.last.readyState).toBe(3);
    expect(connection.stopped.value).toBe("another");
    connection.wake();
    FakeSocket.last.welcome("me");
    expect(connection.stopped.value).toBe(null);
    expect(hooks.up).toBe(2);
  });

  it("stop for good when refused", () => {
    const connection = connect();
    FakeSocket.last.shut(4403);
    connection.wake();
    vi.advanceTimersByTime(120e3);
    expect(FakeSocket.made.length).toBe(1);
    expect(connection.stopped.value).toBe("refused");
  });
});

describe("a silent line", () => {
  it("is asked after eight quiet seconds and left when it does not answer", () => {
    connect();
    FakeSocket.last.welcome();
    vi.advanceTimersByTime(9e3);
    expect(pings()).toBe(1);
    vi.advanceTimersByTime(3000);
    expect(FakeSocket.made.length).toBe(2);
    expect(hooks.down).toBe(1);
  });

  it("is kept when it answers", () => {
    connect();
    for (FakeSocket.last.welcome(); Date.now() < Date.parse("2026-11-24T07:05:00Z"); vi.advanceTimersByTime(1000)) {
      const { sent } = FakeSocket.last;
      const ping = sent[sent.length - 1];
      if (ping && ping.t === "ping") {
        FakeSocket.last.sent = [];
        FakeSocket.last.say({ t: "pong", n: ping.n ?? null });
      }
    }
    expect(FakeSocket.made.length).toBe(1);
  });

  it("is found out within seconds of the return to the page", () => {
    const connection = connect();
    FakeSocket.last.welcome();
    vi.advanceTimersByTime(1000);
    connection.wake();
    connection.wake();
    expect(pings()).toBe(1);
    vi.advanceTimersByTime(2100);
    expect(FakeSocket.made.length).toBe(2);
  });

  it("is found out after something sent has no answer", () => {
    const connection = connect();
    FakeSocket.last.welcome();
    vi.advanceTimersByTime(100);
    connection.send({ t: "say", room: "r", id: "x", text: "在吗" });
    vi.advanceTimersByTime(6200);
    expect(FakeSocket.made.length).toBe(2);
    // It had been silent for two seconds by then, so the reader hears of it half a second later.
    vi.advanceTimersByTime(600);
    expect(connection.state.value).toBe("reconnecting");
  });

  it("is asked at once when the page was frozen, though nothing told so", () => {
    connect();
    FakeSocket.last.welcome();
    vi.advanceTimersByTime(2000);
    vi.setSystemTime(Date.now() + 4000);
    vi.advanceTimersByTime(2000);
    expect(pings()).toBe(1);
    vi.advanceTimersByTime(2000);
    expect(FakeSocket.made.length).toBe(2);
  });

  it("is not asked at all after minutes: the return makes a new one at once", () => {
    const connection = connect();
    FakeSocket.last.welcome();
    vi.setSystemTime(Date.now() + 300e3);
    connection.wake();
    expect(FakeSocket.made.length).toBe(2);
  });

  it("is kept in the background, where timers run once a minute, as long as it answers", () => {
    connect({ visible: () => false });
    FakeSocket.last.welcome();
    for (let minute = 0; minute < 10; minute++) {
      vi.setSystemTime(Date.now() + 88e3);
      vi.advanceTimersByTime(2000);
      FakeSocket.last.say({ t: "pong" });
    }
    expect(pings()).toBe(10);
    expect(FakeSocket.made.length).toBe(1);
  });

  it("comes back by itself after a rest that nobody ends, also one in the middle of a back-off", () => {
    const connection = connect();
    FakeSocket.last.shut(1006);
    connection.rest();
    vi.advanceTimersByTime(5000);
    expect(FakeSocket.made.length).toBe(2);
  });

  it("rests for the back-forward cache and comes back by the wake", () => {
    const connection = connect();
    FakeSocket.last.welcome();
    connection.rest();
    expect(FakeSocket.last.readyState).toBe(3);
    connection.wake();
    expect(FakeSocket.made.length).toBe(2);
  });
});

describe("what the reader is told", () => {
  it("is nothing during the grace, then reconnecting, then offline", () => {
    const connection = connect();
    FakeSocket.last.welcome();
    vi.advanceTimersByTime(6000);
    FakeSocket.last.shut(1006);
    expect(connection.state.value).toBe("live");
    vi.advanceTimersByTime(2600);
    expect(connection.state.value).toBe("reconnecting");
    for (let i = 0; i < 3; i++) {
      FakeSocket.last.shut(1006);
      vi.advanceTimersByTime(9000);
    }
    expect(connection.state.value).toBe("offline");
    FakeSocket.last.welcome();
    expect(connection.state.value).toBe("live");
  });

  it("is offline at once after the grace when the browser knows", () => {
    const connection = connect({ online: () => false });
    vi.advanceTimersByTime(2600);
    expect(connection.state.value).toBe("offline");
  });
});

describe("when sockets do not get through", () => {
  it("the same frames go by HTTP, until a socket greets again", async () => {
    const asked: ClientFrame[] = [];
    const byHttp: Surroundings["byHttp"] = (frame, receive) => {
      asked.push(frame);
      receive({ t: "lines", room: "r", epoch: "e", lines: [], from: "join", more: false });
      return Promise.resolve("fine");
    };
    const connection = connect({ byHttp });
    expect(connection.send({ t: "join", room: "r" })).toBe(false);
    for (let i = 0; i < 3; i++) {
      FakeSocket.last.shut(1006);
      await vi.advanceTimersByTimeAsync(5000);
    }
    await vi.advanceTimersByTimeAsync(5000);
    expect(hooks.up).toBeGreaterThan(0);
    expect(connection.send({ t: "join", room: "r" })).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked.length).toBe(1);
    expect(connection.slow.value).toBe(true);
    expect(connection.state.value).toBe("live");
    FakeSocket.last.welcome();
    expect(connection.slow.value).toBe(false);
    const ups = hooks.up;
    await vi.advanceTimersByTimeAsync(4500);
    expect(hooks.up).toBe(ups);
  });

  it("HTTP is tried too where they neither open nor fail", async () => {
    const asked: ClientFrame[] = [];
    const connection = connect({ byHttp: (frame) => (asked.push(frame), Promise.resolve("fine")) });
    await vi.advanceTimersByTimeAsync(14e3);
    expect(connection.send({ t: "join", room: "r" })).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked.length).toBe(1);
    expect(connection.slow.value).toBe(true);
    expect(connection.state.value).toBe("live");
  });

  it("HTTP without an answer is called offline, and with an ended login asks to sign in", async () => {
    let outcome: "silent" | "signedout" = "silent";
    const connection = connect({ byHttp: () => Promise.resolve(outcome) });
    for (let i = 0; i < 3; i++) {
      FakeSocket.last.shut(1006);
      await vi.advanceTimersByTimeAsync(9000);
    }
    connection.send({ t: "join", room: "r" });
    await vi.advanceTimersByTimeAsync(1);
    expect(connection.state.value).toBe("offline");
    outcome = "signedout";
    connection.send({ t: "join", room: "r" });
    await vi.advanceTimersByTimeAsync(1);
    expect(connection.stopped.value).toBe("signedout");
  });
});
