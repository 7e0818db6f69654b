/** The draft agreement: clause by clause, each to accept or to ask a change of. Signing has its own page. */
import { useEffect, useState } from "preact/hooks";
import { call } from "./api";
import { ownParty, type App } from "./app";
import { Dialog } from "./dialog";
import { t } from "./i18n";
import type { Clause, PartyView } from "./protocol";

export function AgreementSheet({ app }: { app: App }) {
  const [failed, setFailed] = useState(false);
  const ask = () => {
    setFailed(false);
    void app.refresh().then((fine) => setFailed(!fine));
  };
  useEffect(ask, []);
  const agreement = app.view.value && app.view.value.agreement;
  const close = () => (app.sheet.value = false);
  return (
    <Dialog title={agreement && agreement.state === "frozen" ? t("调解协议") : t("协议草案")} close={close}>
      {agreement ? (
        <Clauses app={app} />
      ) : failed ? (
        <div>
          <p>{t("协议没有取到。请检查网络后再试。")}</p>
          <button type="button" class="button button--secondary" onClick={ask}>
            {t("再试一次")}
          </button>
        </div>
      ) : (
        <p>{app.view.value ? t("还没有协议草案。") : t("正在打开…")}</p>
      )}
      {app.boot.links.agreement && (
        <a class="button button--plain" href={app.boot.links.agreement}>
          {t("打开协议全文")}
        </a>
      )}
    </Dialog>
  );
}

/** All clauses with what each side said, and for a party the way to answer. */
export function Clauses({ app }: { app: App }) {
  const view = app.view.value;
  const agreement = view && view.agreement;
  if (!view || !agreement) return null;
  const mine = ownParty(app);
  const open = agreement.state === "drafting";
  return (
    <ol class="clauses">
      {agreement.clauses.map((clause, i) => (
        <ClauseRow
          key={clause.id + "." + (clause.version || 0)}
          app={app}
          agreement={agreement.id}
          clause={clause}
          n={i + 1}
          version={clause.version || agreement.version || 1}
          parties={view.parties}
          mine={open ? mine : undefined}
        />
      ))}
    </ol>
  );
}

/** Who, for whom, how much, until when: nobody shall agree to a sentence without its sum and its day. */
function how(clause: Clause): string {
  const { obligor, obligee, amount_fen, due, manner, begins, recurring, place, account } = clause;
  return [
    obligor && (obligee ? obligor.name + " → " + obligee.name : obligor.name),
    amount_fen && t("%(sum)s 元", { sum: yuan(amount_fen) }),
    begins && t("从 %(day)s 起", { day: begins }),
    recurring,
    due && (begins || recurring ? t("到 %(day)s 为止", { day: due }) : t("%(day)s 以前", { day: due })),
    manner,
    place,
    account && t("收款账户：%(account)s", { account }),
  ]
    .filter(Boolean)
    .join(" · ");
}

function yuan(fen: number): string {
  const whole = String(Math.floor(fen / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  return whole + "." + ("0" + (fen % 100)).slice(-2);
}

interface RowProps {
  app: App;
  agreement: string;
  clause: Clause;
  n: number;
  version: number;
  parties: PartyView[];
  mine: PartyView | undefined;
}

function ClauseRow({ app, agreement, clause, n, version, parties, mine }: RowProps) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [comment, setComment] = useState("");
  const [audience, setAudience] = useState("joint");
  const [wish, setWish] = useState<"change" | "reject">("change");
  const [opening, setOpening] = useState(false);
  const [error, setError] = useState("");
  const own = mine && clause.answers.find((answer) => answer.party === mine.id);

  const send = async (to: "answers" | "releases", body: object) => {
    setBusy(true);
    setError("");
    const reply = await call("POST", "/api/v1/agreements/" + agreement + "/clauses/" + clause.id + "/" + to, body);
    if (reply.error) {
      const { fields, say } = reply.error;
      setError((fields && fields.comment) || say);
      // The clause may have been rewritten meanwhile: show what stands now beside the sentence.
      if (reply.status === 409) void app.refresh();
    } else {
      setAsking(false);
      await app.refresh();
    }
    setBusy(false);
  };
  const answer = (what: "accept" | "change" | "reject") =>
    send("answers", what === "accept" ? { answer: what, version } : { answer: what, version, comment: comment.trim(), audience });

  return (
    <li class="clause">
      <p class="clause-head">
        <span>{t("第 %(n)s 条", { n })}</span>
        {own && (
          <span class={own.answer === "accept" ? "badge badge--done" : "badge badge--attention"}>
            {own.answer === "accept" ? t("您已同意") : own.answer === "reject" ? t("您不同意") : t("您请求修改")}
          </span>
        )}
      </p>
      <p>{clause.text}</p>
      <p class="clause-how">{how(clause)}</p>
      {clause.answers.length > 0 && (
        <p class="clause-answers">
          {clause.answers.map((given) => {
            const party = parties.find((p) => p.id === given.party);
            return (
              <span key={given.party}>
                {party ? party.name : ""}{" "}
                {given.answer === "accept" ? t("已同意") : given.answer === "reject" ? t("不同意") : t("请求修改")}
                {given.comment ? "：" + given.comment : ""}
              </span>
            );
          })}
        </p>
      )}
      {mine && !asking && (
        <div class="actions">
          {!(own && own.answer === "accept") && (
            <button type="button" class="button button--primary button--fit" disabled={busy} onClick={() => void answer("accept")}>
              {t("同意这一条")}
            </button>
          )}
          <button type="button" class="button button--secondary button--fit" disabled={busy} onClick={() => setAsking(true)}>
            {t("我有不同意见")}
          </button>
          {own && own.private && own.comment && !opening && (
            <button type="button" class="button button--plain button--fit" disabled={busy} onClick={() => setOpening(true)}>
              {t("让对方也看到我的意见")}
            </button>
          )}
        </div>
      )}
      {mine && own && own.private && opening && (
        <div class="actions">
          <p>{t("公开您写给调解员的这段话？对方会看到它，公开以后不能收回。")}</p>
          <button type="button" class="button button--primary button--fit" disabled={busy} onClick={() => void send("releases", { version })}>
            {t("公开")}
          </button>
          <button type="button" class="button button--plain button--fit" onClick={() => setOpening(false)}>
            {t("取消")}
          </button>
        </div>
      )}
      {mine && asking && (
        <form
          onSubmit={(e) => {
            e.preventDefault();
            void answer(wish);
          }}
        >
          <fieldset class="clause-answers">
            <legend class="visually-hidden">{t("您的意见")}</legend>
            {(["change", "reject"] as const).map((value) => (
              <label key={value}>
                <input type="radio" name={"answer-" + clause.id} checked={wish === value} onChange={() => setWish(value)} />{" "}
                {value === "change" ? t("希望修改") : t("不同意这一条")}
              </label>
            ))}
          </fieldset>
          <label class="field-label" for={"wish-" + clause.id}>
            {wish === "change" ? t("您希望怎么改？") : t("为什么不同意？")}
          </label>
          <textarea
            class="input"
            id={"wish-" + clause.id}
            rows={3}
            maxLength={300}
            value={comment}
            onInput={(e) => setComment(e.currentTarget.value)}
          />
          <fieldset class="clause-answers">
            <legend class="visually-hidden">{t("谁能看到这句话")}</legend>
            {[
              ["joint", t("双方都能看到")],
              ["private", t("只有调解员能看到")],
            ].map(([value, words]) => (
              <label key={value}>
                <input
                  type="radio"
                  name={"audience-" + clause.id}
                  checked={audience === value}
                  onChange={() => setAudience(value!)}
                />{" "}
                {words}
              </label>
            ))}
          </fieldset>
          <div class="actions">
            <button type="submit" class="button button--primary button--fit" disabled={busy}>
              {t("提交")}
            </button>
            <button type="button" class="button button--plain button--fit" onClick={() => setAsking(false)}>
              {t("取消")}
            </button>
          </div>
        </form>
      )}
      {error && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
    </li>
  );
}
