/** The rows of a timeline: a stored line, and a line of one's own that still waits. */
import { Component, type ComponentChildren } from "preact";
import { roleLabel, type App } from "./app";
import { timeOf } from "./clock";
import { t } from "./i18n";
import { Icon } from "./icons";
import type { Entry } from "./outbox";
import type { FileRef, Line } from "./protocol";
import type { Transcript } from "./transcript";

/** Where an own line is: waiting for the line, on its way, stored, read by some or by all others, refused. */
export type Mark = "queued" | "pending" | "sent" | "some" | "read" | "failed";

interface LineProps {
  app: App;
  room: Transcript;
  line: Line;
  own: boolean;
  /** Follows a line of the same author closely, so the name is not said again. */
  run: boolean;
  mark: Mark;
  recallable: boolean;
}

/** Drawn again only when something about it changed: a long transcript must stay light on an old phone. */
export class LineRow extends Component<LineProps> {
  override shouldComponentUpdate(next: LineProps): boolean {
    const now = this.props;
    return (Object.keys(next) as (keyof LineProps)[]).some((name) => next[name] !== now[name]);
  }

  render({ app, room, line, own, run, mark, recallable }: LineProps) {
    if (line.kind === "system" || !line.by) return <SystemRow line={line} />;
    const { by, body } = line;
    if (line.recalled) {
      return (
        <div class={"line" + (own ? " line--own" : "")}>
          <p class="bubble bubble-quiet">
            {own ? t("您撤回了一条消息") : t("%(name)s 撤回了一条消息", { name: by.name })}
          </p>
        </div>
      );
    }
    return (
      <div class={"line" + (own ? " line--own" : "") + (run ? " line--cont" : "")} data-role={by.role}>
        <p class={run || own ? "visually-hidden" : "line-head"}>
          <span class="line-name">{own ? t("您") : by.name}</span>{" "}
          <span class="role-tag" data-role={by.role}>
            {roleLabel(by.role)}
          </span>
        </p>
        <div class={"bubble" + (line.kind === "proposal" ? " bubble-proposal" : "")}>
          {line.kind === "proposal" && <p class="line-name">{t("协议条款（第 %(n)s 稿）", { n: body.version || 1 })}</p>}
          {body.file && <FileBody file={body.file} />}
          {body.text && <p>{body.text}</p>}
          {line.kind === "proposal" && (
            <button type="button" class="line-action" onClick={() => (app.sheet.value = true)}>
              {own ? t("看协议") : t("看协议并回答")}
            </button>
          )}
        </div>
        <Foot at={line.at} mark={own ? mark : null}>
          {recallable && (
            <button type="button" class="line-action" onClick={() => app.store.recall(room, line)}>
              {t("撤回")}
            </button>
          )}
        </Foot>
      </div>
    );
  }
}

function SystemRow({ line }: { line: Line }) {
  const { text, link } = line.body;
  // Only ways within this service.
  const local = link && /^\/(?![/\\])/.test(link);
  return (
    <p class="line line--system">
      <span>{text}</span> {local && <a href={link}>{t("查看")}</a>} <time dateTime={line.at}>{timeOf(line.at)}</time>
    </p>
  );
}

const WORDS: Record<Mark, () => string> = {
  queued: () => t("待发送"),
  pending: () => t("发送中"),
  sent: () => t("已送达"),
  some: () => t("部分已读"),
  read: () => t("已读"),
  failed: () => t("没有发出"),
};

/** The three signs that are drawn: waiting, stored, read. */
const SIGNS: Record<Mark, string> = {
  queued: "pending",
  pending: "pending",
  sent: "sent",
  some: "read",
  read: "read",
  failed: "failed",
};

function Foot({ at, mark, children }: { at: string; mark: Mark | null; children?: ComponentChildren }) {
  return (
    <p class="line-foot">
      {children}
      <time dateTime={at}>{timeOf(at)}</time>
      {mark && <span>{WORDS[mark]()}</span>}
      {mark && <span class="marks" data-mark={SIGNS[mark]} aria-hidden="true" />}
    </p>
  );
}

/** Longest side of a photo in the timeline, in CSS pixels. Known before it loads, so nothing jumps. */
const THUMB = 220;

function FileBody({ file }: { file: FileRef }) {
  const href = "/files/" + encodeURIComponent(file.id);
  if (/^image\//.test(file.mime)) {
    const width = file.width || 4;
    const height = file.height || 3;
    const scale = THUMB / Math.max(width, height);
    return (
      <a class="bubble-photo-link" href={href} target="_blank" rel="noopener">
        <img
          class="bubble-photo"
          src={href + "/thumb"}
          width={Math.round(width * scale)}
          height={Math.round(height * scale)}
          alt={t("照片：%(name)s", { name: file.name })}
          loading="lazy"
        />
      </a>
    );
  }
  return (
    <a class="bubble-file" href={href} target="_blank" rel="noopener">
      <Icon name="paper" />
      <span>
        <span class="bubble-file-name">{file.name}</span>
        <span class="bubble-file-size">{sizeOf(file.size)}</span>
      </span>
    </a>
  );
}

export function sizeOf(bytes: number): string {
  if (bytes < 1024 * 1024) return Math.max(1, Math.round(bytes / 1024)) + " KB";
  return (bytes / 1024 / 1024).toFixed(1) + " MB";
}

export function EntryRow({ app, entry, live }: { app: App; entry: Entry; live: boolean }) {
  const share = app.sender.progress.value[entry.id];
  const mark: Mark = entry.failed ? "failed" : live ? "pending" : "queued";
  const rewrite = () => {
    app.refill.get(entry.room)?.(entry.text || "");
    app.sender.discard(entry.id);
  };
  return (
    <div class="line line--own">
      <p class="visually-hidden">{t("您")}</p>
      <div class="bubble">
        {entry.kind === "file" && (
          <p class="bubble-file">
            <Icon name="paper" />
            <span>
              <span class="bubble-file-name">{entry.name}</span>
              {entry.blob && <span class="bubble-file-size">{sizeOf(entry.blob.size)}</span>}
            </span>
          </p>
        )}
        {share !== undefined && <progress max={1} value={share} aria-label={t("上传进度")} />}
        {entry.text && <p>{entry.text}</p>}
      </div>
      <Foot at={entry.at} mark={mark} />
      {entry.failed && (
        <div class="line-failed" role="alert">
          <p>{entry.failed}</p>
          <button type="button" class="line-retry" onClick={() => app.sender.again(entry.id)}>
            {t("再发一次")}
          </button>
          {entry.text && (
            <button type="button" class="line-action" onClick={rewrite}>
              {t("改一改")}
            </button>
          )}
          <button type="button" class="line-action" onClick={() => app.sender.discard(entry.id)}>
            {t("删除")}
          </button>
        </div>
      )}
    </div>
  );
}
