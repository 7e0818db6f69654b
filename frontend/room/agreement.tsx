/** The agreement in one line above the composer: how far a draft is, or that it is frozen. */
import type { App } from "./app";
import type { AgreementBrief } from "./protocol";
import { t } from "./i18n";
import { Icon } from "./icons";

export function AgreementBar({ app }: { app: App }) {
  const agreement = app.agreement.value;
  if (!agreement || !agreement.total) return null;
  const { my_turn } = agreement;
  return (
    <button type="button" class="agreement-bar" aria-haspopup="dialog" onClick={() => (app.sheet.value = true)}>
      <Icon name="paper" />
      <span>{standing(agreement)}</span>
      <strong>{my_turn ? t("请您看看") : t("查看")}</strong>
    </button>
  );
}

/** In words. Once it is frozen nothing is left to accept: a signed agreement is no draft. */
export function standing({ accepted, total, state }: Pick<AgreementBrief, "accepted" | "total" | "state">): string {
  if (state === "frozen") return t("调解协议，共 %(n)s 条", { n: total });
  return t("协议草案 %(accepted)s/%(total)s 条已同意", { accepted, total });
}
