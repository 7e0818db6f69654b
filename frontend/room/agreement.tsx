/** The draft agreement in one line above the composer. */
import type { App } from "./app";
import { t } from "./i18n";
import { Icon } from "./icons";

export function AgreementBar({ app }: { app: App }) {
  const agreement = app.agreement.value;
  if (!agreement || !agreement.total) return null;
  const { accepted, total, my_turn } = agreement;
  return (
    <button type="button" class="agreement-bar" aria-haspopup="dialog" onClick={() => (app.sheet.value = true)}>
      <Icon name="paper" />
      <span>{t("协议草案 %(accepted)s/%(total)s 条已同意", { accepted, total })}</span>
      <strong>{my_turn ? t("请您看看") : t("查看")}</strong>
    </button>
  );
}
