/** The room on a phone: one column, tabs for the rooms, the composer above the keyboard. */
import { useEffect } from "preact/hooks";
import { AgreementBar } from "./agreement";
import type { App } from "./app";
import { Composer } from "./composer";
import { t } from "./i18n";
import { Icon } from "./icons";
import { NetNote, NetState } from "./net";
import { panelId, tabId, Tabs } from "./tabs";
import { Timeline } from "./timeline";
import type { Transcript } from "./transcript";

export function Phone({ app }: { app: App }) {
  const rooms = app.store.rooms.value;
  const room = rooms.find((r) => r.id === app.chosen.value) || rooms[0];
  const tabs = rooms.length > 1;
  useEffect(aboveKeyboard, []);
  return (
    <div class="room" data-audience={room ? room.info.value.kind : "joint"}>
      <header class="room-head">
        <a class="room-back" href={app.boot.links.case} aria-label={t("回到案件页")}>
          <Icon name="back" />
        </a>
        <div class="room-title">
          <h1>{app.boot.case.title}</h1>
          <p class="room-sub">
            {app.stateLabel.value}
            {room && <Present app={app} room={room} />}
          </p>
        </div>
        <NetState app={app} />
        {room && (
          <a class="room-back" href={app.boot.links.search + "?room=" + room.id} aria-label={t("查找聊天记录")}>
            <Icon name="search" />
          </a>
        )}
        {app.boot.links.call && (
          <a class="room-back" href={app.boot.links.call} aria-label={t("打电话")}>
            <Icon name="call" />
          </a>
        )}
      </header>
      {tabs && (
        <Tabs rooms={rooms} chosen={room!.id} label={t("房间")} choose={(id) => (app.chosen.value = id)} />
      )}
      <NetNote app={app} />
      {room ? <Pane key={room.id} app={app} room={room} tab={tabs} /> : <NoRoom />}
    </div>
  );
}

/** Who of this room is online, by name. */
export function Present({ app, room }: { app: App; room: Transcript }) {
  // Without a line nobody knows who is there.
  if (app.connection.state.value !== "live") return null;
  const here = app.store.present.value;
  const names = room.info.value.members
    .filter((member) => member.id !== app.boot.me.id && here.has(member.id))
    .map((member) => member.name);
  return <>{names.length ? " · " + t("%(names)s 在线", { names: names.join(t("、")) }) : ""}</>;
}

export function NoRoom() {
  return <p class="empty">{t("房间还没有开。双方都同意后，这里会自动打开。")}</p>;
}

/** One room's transcript and composer. A private room says at once, over the full width, who reads. */
export function Pane({ app, room, tab, bar = true }: { app: App; room: Transcript; tab?: boolean; bar?: boolean }) {
  const { kind, audience } = room.info.value;
  const names = tab ? { role: "tabpanel" as const, "aria-labelledby": tabId(room.id) } : {};
  return (
    <div class="room-panel" id={panelId(room.id)} data-audience={kind} {...names}>
      {kind !== "joint" && (
        <p class="room-audience">
          <Icon name={kind} />
          <span>{audience}</span>
        </p>
      )}
      <Timeline app={app} room={room} />
      {bar && <AgreementBar app={app} />}
      <Composer app={app} room={room} />
    </div>
  );
}

/** Where the keyboard covers the page instead of shrinking it, the room takes the height that is left. */
function aboveKeyboard(): (() => void) | undefined {
  const seen = window.visualViewport;
  if (!seen) return undefined;
  const root = document.documentElement;
  const fit = () => {
    const covered = window.innerHeight - seen.height;
    if (covered > 60 && seen.scale < 1.05) {
      root.style.setProperty("--viewport", Math.round(seen.height) + "px");
      // Safari pushes the page up under the keyboard; the room needs no push.
      if (seen.offsetTop > 0 || window.pageYOffset > 0) window.scrollTo(0, 0);
    } else root.style.removeProperty("--viewport");
  };
  seen.addEventListener("resize", fit);
  seen.addEventListener("scroll", fit);
  fit();
  return () => {
    seen.removeEventListener("resize", fit);
    seen.removeEventListener("scroll", fit);
    root.style.removeProperty("--viewport");
  };
}
