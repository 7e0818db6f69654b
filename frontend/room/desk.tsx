/** The mediator's desk: the joint room and one private room side by side, the case at the right. */
import { useEffect, useState } from "preact/hooks";
import { standing } from "./agreement";
import { roleLabel, type App } from "./app";
import { dayOf } from "./clock";
import { Dialog } from "./dialog";
import { t } from "./i18n";
import { NetNote, NetState } from "./net";
import { NoRoom, Pane, Present } from "./phone";
import { Clauses } from "./sheet";
import { Tabs } from "./tabs";
import type { Transcript } from "./transcript";

const QUESTION_KEY = "odr.keys";

function questionKeyOn(): boolean {
  try {
    return localStorage.getItem(QUESTION_KEY) !== "off";
  } catch {
    return true;
  }
}

export function Desk({ app }: { app: App }) {
  const rooms = app.store.rooms.value;
  const joint = rooms.find((room) => room.info.value.kind === "joint");
  const others = rooms.filter((room) => room !== joint);
  const second = others.find((room) => room.id === app.chosen.value) || others[0];
  const [help, setHelp] = useState(false);

  useEffect(() => {
    void app.refresh();
  }, []);
  useEffect(() => {
    const write = (room: Transcript | undefined) => room && document.getElementById("say-" + room.id)?.focus();
    const onKeyDown = (e: KeyboardEvent) => {
      if (e.isComposing || e.keyCode === 229 || e.ctrlKey || e.metaKey) return;
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test((e.target as Element).tagName || "");
      // One printable key alone may be switched off (WCAG 2.1.4): speech input types such keys unmeant.
      if (e.key === "?" && !typing && questionKeyOn()) setHelp(true);
      else if (!e.altKey) return;
      else if (e.code === "Digit1") write(joint);
      else if (e.code === "Digit2") write(second);
      else if (e.code === "Digit3" && others.length) {
        const next = others[(others.indexOf(second!) + 1) % others.length]!;
        app.chosen.value = next.id;
        setTimeout(() => write(next));
      } else if (e.code === "Digit4") document.getElementById("desk-side")?.focus();
      else if (e.code === "Slash") setHelp(true);
      else return;
      e.preventDefault();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [joint, second, others.length]);

  return (
    <div class="desk">
      <section class="desk-col" data-audience="joint" aria-label={joint ? joint.info.value.label : t("共同房间")}>
        <div class="room" data-audience="joint">
          {joint && <Head app={app} room={joint} net />}
          <NetNote app={app} />
          {joint ? <Pane key={joint.id} app={app} room={joint} bar={false} /> : <NoRoom />}
        </div>
      </section>
      <section
        class="desk-col"
        data-audience={second ? second.info.value.kind : "private"}
        aria-label={second ? second.info.value.label : t("单独谈话")}
      >
        <div class="room" data-audience={second ? second.info.value.kind : "private"}>
          {others.length > 1 ? (
            <Tabs
              rooms={others}
              chosen={second!.id}
              label={t("单独谈话和笔记")}
              choose={(id) => (app.chosen.value = id)}
            />
          ) : (
            second && <Head app={app} room={second} />
          )}
          {second ? (
            <Pane key={second.id} app={app} room={second} tab={others.length > 1} bar={false} />
          ) : (
            <p class="empty">{t("还没有单独谈话的房间。")}</p>
          )}
        </div>
      </section>
      <Side app={app} help={() => setHelp(true)} />
      {help && <Help close={() => setHelp(false)} />}
    </div>
  );
}

function Head({ app, room, net }: { app: App; room: Transcript; net?: boolean }) {
  return (
    <header class="room-head">
      <div class="room-title">
        <h2>{room.info.value.label}</h2>
        <p class="room-sub">
          {app.stateLabel.value}
          <Present app={app} room={room} />
        </p>
      </div>
      {net && <NetState app={app} />}
    </header>
  );
}

const GATES: Record<string, () => string> = {
  identity: () => t("核实身份"),
  rights_notice: () => t("权利义务告知"),
  agree_to_mediate: () => t("同意调解"),
  online_mediation: () => t("同意在网上谈"),
  disclosure: () => t("看过情况披露"),
};

function Side({ app, help }: { app: App; help: () => void }) {
  const view = app.view.value;
  const { links } = app.boot;
  const here = app.store.present.value;
  const due = view && view.next && view.next.due;
  return (
    <aside class="desk-side" id="desk-side" aria-label={t("案件")} tabIndex={-1}>
      <div>
        <h1 class="card-title">{app.boot.case.title}</h1>
        <p class="quiet">
          {app.boot.case.no} {app.stateLabel.value}
        </p>
      </div>
      {!view && <p class="quiet">{t("正在取案件情况…")}</p>}
      {view && view.next && (
        <section>
          <h2 class="section-title">{t("下一步")}</h2>
          <p>{view.next.text}</p>
          {(view.next.whose || due) && (
            <p class="quiet">
              {view.next.whose} {due && t("期限：%(day)s", { day: dayOf(due) })}
            </p>
          )}
        </section>
      )}
      {view && (
        <section>
          <h2 class="section-title">{t("当事人")}</h2>
          <ul>
            {view.parties.map((party) => {
              const there = party.here || here.has(party.person || party.id);
              const open = Object.keys(party.gates || {}).filter((gate) => !party.gates![gate]);
              return (
                <li key={party.id}>
                  <span class={there ? "here" : "here here--away"} />
                  {party.name} <span class="role-tag" data-role={party.role}>{roleLabel(party.role)}</span>{" "}
                  <span class="quiet">{there ? t("在线") : t("不在线")}</span>
                  {open.length > 0 && (
                    <p class="quiet">
                      {t("还差：%(gates)s", { gates: open.map((gate) => (GATES[gate] ? GATES[gate]() : gate)).join(t("、")) })}
                    </p>
                  )}
                </li>
              );
            })}
          </ul>
        </section>
      )}
      {view && view.agreement && (
        <section>
          <h2 class="section-title">
            {standing(app.agreement.value || { accepted: 0, total: view.agreement.clauses.length, state: view.agreement.state })}
          </h2>
          <Clauses app={app} />
        </section>
      )}
      <section>
        <h2 class="section-title">{t("材料")}</h2>
        <ul>
          {((view && view.links) || [{ text: t("案件页"), href: links.case }]).map((link) => (
            <li key={link.href + link.text}>
              <a href={link.href}>{link.text}</a>
            </li>
          ))}
          <li>
            <a href={links.search}>{t("查找聊天记录")}</a>
          </li>
        </ul>
      </section>
      <button type="button" class="button button--plain button--fit" onClick={help}>
        {t("键盘操作")} <kbd>?</kbd>
      </button>
    </aside>
  );
}

function Help({ close }: { close: () => void }) {
  const [on, setOn] = useState(questionKeyOn());
  const keys: [string, string][] = [
    ["Enter", t("发送；按 Shift 再按 Enter 换行")],
    ["Ctrl + Enter", t("发送")],
    ["Alt + 1", t("在共同房间里写")],
    ["Alt + 2", t("在右边的房间里写")],
    ["Alt + 3", t("换一个单独谈话的房间")],
    ["Alt + 4", t("到案件情况")],
    ["? / Alt + /", t("打开这一页")],
    ["Esc", t("关闭")],
  ];
  const toggle = () => {
    try {
      localStorage.setItem(QUESTION_KEY, on ? "off" : "on");
    } catch {
      // Stays for this page only.
    }
    setOn(!on);
  };
  return (
    <Dialog title={t("键盘操作")} close={close}>
      <dl>
        {keys.map(([key, words]) => (
          <div class="fact" key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input type="checkbox" checked={on} onChange={toggle} /> {t("单按 ? 打开这一页")}
      </label>
    </Dialog>
  );
}
