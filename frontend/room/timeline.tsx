/** One room's lines, day by day, with the reader's place kept whatever arrives. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { App } from "./app";
import { dayKey, dayOf } from "./clock";
import { t } from "./i18n";
import { Icon } from "./icons";
import { EntryRow, LineRow, type Mark } from "./line";
import type { Line } from "./protocol";
import { RECALL_WITHIN } from "./store";
import type { Transcript } from "./transcript";

/** Nearer to the end than this counts as reading the end. */
const NEAR = 48;
/** One author's lines closer than this stand together under one name. */
const RUN = 300e3;

/** Ticks so that the way to recall ends when its time does. */
const minute = signal(Date.now());
setInterval(() => (minute.value = Date.now()), 10e3);

function markOf(room: Transcript, line: Line, me: string): Mark {
  const reads = room.reads.value;
  let others = 0;
  let read = 0;
  for (const member of room.info.value.members) {
    if (member.id === me) continue;
    others++;
    if ((reads[member.id] || 0) >= line.seq) read++;
  }
  return !read ? "sent" : read < others ? "some" : "read";
}

export function Timeline({ app, room }: { app: App; room: Transcript }) {
  const me = app.boot.me.id;
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  // What scrolling needs between renders; none of it is shown.
  const place = useRef({ follow: true, settled: false, from: 0, row: null as HTMLElement | null, top: 0, mine: 0 }).current;

  const lines = room.lines.value;
  const entries = app.outbox.entries.value.filter(
    (entry) => entry.room === room.id && !lines.some((line) => line.id === entry.id),
  );
  const unread = room.unread.value;
  const { can, kind } = room.info.value;

  if (!place.settled && room.here.value && unread > 0) place.from = firstUnread(room, me);

  const toEnd = () => {
    const el = box.current;
    place.follow = true;
    if (el) el.scrollTop = el.scrollHeight;
  };

  const look = () => {
    if (place.follow && place.settled && document.visibilityState !== "hidden") app.store.seen(room);
    else if (place.settled && !place.from && room.unread.value > 0) place.from = firstUnread(room, me);
  };

  const onScroll = () => {
    const el = box.current!;
    place.follow = el.scrollHeight - el.scrollTop - el.clientHeight < NEAR;
    place.row = firstVisible(content.current!, el.scrollTop + el.offsetTop);
    place.top = place.row ? place.row.offsetTop - el.scrollTop : 0;
    if (place.follow !== atEnd) setAtEnd(place.follow);
    if (el.scrollTop < 80 && place.settled) app.store.loadEarlier(room);
    look();
  };

  useLayoutEffect(() => {
    const el = box.current!;
    const mine = entries.length ? entries[entries.length - 1]!.n : 0;
    if (!place.settled && room.here.value) {
      place.settled = true;
      const mark = el.querySelector<HTMLElement>(".new-mark");
      if (mark) el.scrollTop = mark.offsetTop - el.offsetTop - 24;
      else toEnd();
      onScroll();
    } else if (mine > place.mine) {
      // The writer goes where the own line stands, and has seen what was new.
      place.from = 0;
      toEnd();
    } else if (place.follow) {
      toEnd();
    } else if (place.row && content.current!.contains(place.row)) {
      el.scrollTop = place.row.offsetTop - place.top;
    }
    place.mine = mine;
    look();
  });

  useEffect(() => {
    const hold = () => {
      if (place.follow) toEnd();
    };
    // Photos arrive, the keyboard opens, the composer grows: the end stays in view.
    const watch = typeof ResizeObserver === "function" ? new ResizeObserver(hold) : null;
    watch?.observe(content.current!);
    watch?.observe(box.current!);
    window.addEventListener("resize", hold);
    document.addEventListener("visibilitychange", look);
    window.addEventListener("focus", look);
    return () => {
      watch?.disconnect();
      window.removeEventListener("resize", hold);
      document.removeEventListener("visibilitychange", look);
      window.removeEventListener("focus", look);
    };
  }, [room]);

  const rows = [];
  let day = "";
  let before: Line | undefined;
  const now = minute.value;
  for (const line of lines) {
    if (before && line.seq > before.seq + 1) {
      rows.push(
        <p class="line line--system" key={"hole-" + line.seq}>
          {t("这里有消息正在补齐…")}
        </p>,
      );
    }
    const at = dayKey(line.at);
    const newDay = at !== day;
    if (newDay) {
      day = at;
      rows.push(
        <h3 class="day" key={"day-" + at}>
          {dayOf(line.at)}
        </h3>,
      );
    }
    if (line.seq === place.from) {
      rows.push(
        <p class="new-mark" key="new">
          {t("以下是新消息")}
        </p>,
      );
    }
    const follows = before;
    before = line;
    if (line.kind === "recall") continue;
    const own = line.by !== null && line.by.id === me;
    const run =
      !newDay &&
      line.seq !== place.from &&
      !!follows &&
      !!follows.by &&
      !!line.by &&
      follows.by.id === line.by.id &&
      Date.parse(line.at) - Date.parse(follows.at) < RUN;
    rows.push(
      <LineRow
        key={line.id && own ? line.id : line.seq}
        app={app}
        room={room}
        line={line}
        own={own}
        run={run}
        mark={own ? markOf(room, line, me) : "sent"}
        recallable={
          own && !line.recalled && can.indexOf("recall") >= 0 && line.kind !== "proposal" &&
          now - Date.parse(line.at) < RECALL_WITHIN - 5000
        }
      />,
    );
  }
  const live = app.connection.state.value === "live";
  for (const entry of entries) rows.push(<EntryRow key={entry.id} app={app} entry={entry} live={live} />);

  return (
    <>
      <div
        class="timeline"
        role="log"
        aria-live="polite"
        aria-label={room.info.value.label}
        aria-busy={!room.here.value || room.fetching.value}
        tabIndex={0}
        data-audience={kind}
        ref={box}
        onScroll={onScroll}
      >
        <div ref={content}>
          {room.earlier.value && (
            <button
              type="button"
              class="load-earlier"
              disabled={room.fetching.value}
              onClick={() => app.store.loadEarlier(room)}
            >
              {room.fetching.value ? t("正在取更早的消息…") : t("更早的消息")}
            </button>
          )}
          {!lines.length && !entries.length && (
            <p class="line line--system">{room.here.value ? t("还没有消息。您可以先说一句。") : t("正在打开…")}</p>
          )}
          {rows}
          <TypingNote app={app} room={room} />
        </div>
      </div>
      {!atEnd && (
        <button type="button" class="to-new" onClick={toEnd}>
          <Icon name="down" />
          {unread ? t("%(n)s 条新消息", { n: unread }) : t("回到最新")}
        </button>
      )}
    </>
  );
}

function TypingNote({ app, room }: { app: App; room: Transcript }) {
  const who = Object.keys(room.typing.value);
  const names = room.info.value.members.filter((m) => who.indexOf(m.id) >= 0 && m.id !== app.boot.me.id);
  if (!names.length) return null;
  return (
    <p class="typing" aria-hidden="true">
      {t("%(names)s 正在输入…", { names: names.map((m) => m.name).join(t("、")) })}
    </p>
  );
}

function firstUnread(room: Transcript, me: string): number {
  const read = room.reads.value[me] || 0;
  let from = 0;
  const lines = room.lines.value;
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i]!;
    if (line.seq <= read || (line.by && line.by.id === me)) break;
    if (line.kind !== "recall") from = line.seq;
  }
  return from;
}

/** The topmost row in sight, by halving: rows stand in order. */
function firstVisible(content: HTMLElement, top: number): HTMLElement | null {
  const rows = content.children;
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle] as HTMLElement;
    if (row.offsetTop + row.offsetHeight <= top) low = middle + 1;
    else high = middle;
  }
  // Only lines are anchors: the button and the name of the day stay above whatever comes in.
  let row = rows[low];
  while (row && row.className.slice(0, 4) !== "line") row = row.nextElementSibling!;
  return (row as HTMLElement | null) || null;
}
