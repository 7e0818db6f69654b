/** The rooms as tabs. Colour, shape, sign and word all say who reads. */
import { useRef } from "preact/hooks";
import { t } from "./i18n";
import { Icon } from "./icons";
import type { Transcript } from "./transcript";

interface Props {
  rooms: readonly Transcript[];
  chosen: string;
  label: string;
  choose: (id: string) => void;
}

export const panelId = (room: string) => "panel-" + room;
export const tabId = (room: string) => "tab-" + room;

export function Tabs({ rooms, chosen, label, choose }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (e: KeyboardEvent) => {
    const at = rooms.findIndex((room) => room.id === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: rooms.length - 1 }[e.key];
    if (to === undefined || e.altKey) return;
    e.preventDefault();
    const room = rooms[(to + rooms.length) % rooms.length]!;
    choose(room.id);
    document.getElementById(tabId(room.id))?.focus();
  };
  return (
    <div class="room-tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
      {rooms.map((room) => (
        <Tab key={room.id} room={room} selected={room.id === chosen} choose={choose} />
      ))}
    </div>
  );
}

function Tab({ room, selected, choose }: { room: Transcript; selected: boolean; choose: (id: string) => void }) {
  const { kind, label } = room.info.value;
  const unread = selected ? 0 : room.unread.value;
  return (
    <button
      type="button"
      class="room-tab"
      role="tab"
      id={tabId(room.id)}
      data-audience={kind}
      aria-selected={selected}
      aria-controls={selected ? panelId(room.id) : undefined}
      tabIndex={selected ? 0 : -1}
      onClick={() => choose(room.id)}
    >
      <Icon name={kind} />
      <span class="room-tab-label">{label}</span>
      {unread > 0 && (
        <span class="count">
          {unread > 99 ? "99+" : unread}
          <span class="visually-hidden">{t("条新消息")}</span>
        </span>
      )}
    </button>
  );
}
