/** The line has ended for a reason that only the person can mend. What was written stays where it is, behind this. */
import type { App } from "./app";
import { Dialog } from "./dialog";
import { t } from "./i18n";

export function Stopped({ app }: { app: App }) {
  const why = app.connection.stopped.value;
  if (!why) return null;
  if (why === "refused") {
    return (
      <Dialog title={t("这里打不开")}>
        <p>{t("请回到案件页，再从那里进入。您写的内容都还在。")}</p>
        <a class="button button--primary" href={app.boot.links.case}>
          {t("回到案件页")}
        </a>
      </Dialog>
    );
  }
  const another = why === "another";
  return (
    <Dialog title={another ? t("换了人登录") : t("请重新登录")}>
      <p>
        {another
          ? t("这台设备上现在登录的是另一个人。您写的内容都还在，用您自己的账号登录后接着用。")
          : t("登录已经结束。您写的内容都还在，登录后接着用。")}
      </p>
      <a class="button button--primary" href={app.boot.links.signin}>
        {t("去登录")}
      </a>
      <button type="button" class="button button--plain" onClick={() => location.reload()}>
        {t("我已登录，刷新这一页")}
      </button>
    </Dialog>
  );
}
