/** What the reader must know about the line: three honest states, and passing sentences. */
import type { App } from "./app";
import { t } from "./i18n";

function sentence(app: App): string {
  const { state, slow } = app.connection;
  if (state.value === "live") return slow.value ? t("网络受限，消息会晚几秒到。") : "";
  const waiting = app.outbox.entries.value.filter((entry) => !entry.failed).length;
  if (state.value === "reconnecting") return t("正在重新连接。您可以继续写，连上后自动发送。");
  if (!waiting) return t("没有网络。您可以继续写，连上后自动发送。");
  return app.outbox.durable.value
    ? t("没有网络。%(n)s 条消息已存在本机，连上后自动发送。", { n: waiting })
    : t("没有网络。%(n)s 条消息等待发送，请先不要关闭这一页。", { n: waiting });
}

/** Two words in the head of the room; while all is well a phone shows the dot alone and leaves the width to names. */
export function NetState({ app }: { app: App }) {
  const state = app.connection.state.value;
  const words = { live: t("已连接"), reconnecting: t("重连中"), offline: t("离线") };
  return (
    <p class="net-state" data-net={state === "reconnecting" ? "connecting" : state}>
      <span>{words[state]}</span>
    </p>
  );
}

/** What follows from it, in a sentence, while it is so. */
export function NetNote({ app }: { app: App }) {
  const text = sentence(app);
  return (
    <p class="net-note" role="status" data-net={app.connection.state.value} hidden={!text}>
      {text}
    </p>
  );
}

export function Toast({ app }: { app: App }) {
  const text = app.store.toast.value;
  return (
    <p class="toast" role="status" hidden={!text}>
      {text}
    </p>
  );
}
