/** Where a line is written. The sentence about who reads never leaves; nothing here waits for the network. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { App } from "./app";
import { keepDraft, readDraft } from "./drafts";
import { t } from "./i18n";
import { Icon } from "./icons";
import { smaller } from "./later";
import { sizeOf } from "./line";
import type { Transcript } from "./transcript";

const LONGEST = 4000;
const ROWS = 5;

export function Composer({ app, room }: { app: App; room: Transcript }) {
  const me = app.boot.me.id;
  const { audience, can, kind, label } = room.info.value;
  const box = useRef<HTMLTextAreaElement>(null);
  const photo = useRef<HTMLInputElement>(null);
  const paper = useRef<HTMLInputElement>(null);
  const saving = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [over, setOver] = useState(0);
  const desk = app.layout.value === "desk";
  const mayWrite = can.indexOf("say") >= 0;

  const fit = () => {
    const el = box.current;
    if (!el) return;
    el.style.height = "auto";
    const look = getComputedStyle(el);
    const line = parseFloat(look.lineHeight) || 24;
    const frame = el.offsetHeight - el.clientHeight;
    const padding = parseFloat(look.paddingTop) + parseFloat(look.paddingBottom);
    const limit = line * ROWS + padding;
    el.style.height = Math.min(el.scrollHeight, limit) + frame + "px";
    el.style.overflowY = el.scrollHeight > limit + 1 ? "auto" : "hidden";
    setOver(Math.max(0, Array.from(el.value).length - LONGEST));
  };
  const keep = () => {
    clearTimeout(saving.current);
    if (box.current) keepDraft(me, room.id, box.current.value);
  };
  const fill = (text: string) => {
    const el = box.current;
    if (!el) return;
    el.value = el.value ? el.value + "\n" + text : text;
    fit();
    keep();
    el.focus();
  };

  // The box is not bound to state: writing into it from outside would break the input of pinyin.
  // Before the first paint: an effect after it would overwrite what a fast hand has typed by then.
  useLayoutEffect(() => {
    if (!box.current) return;
    box.current.value = readDraft(me, room.id);
    fit();
    app.refill.set(room.id, fill);
    const leaving = () => keep();
    window.addEventListener("pagehide", leaving);
    document.addEventListener("visibilitychange", leaving);
    return () => {
      leaving();
      app.refill.delete(room.id);
      window.removeEventListener("pagehide", leaving);
      document.removeEventListener("visibilitychange", leaving);
    };
  }, [room, mayWrite]);

  const onInput = () => {
    fit();
    clearTimeout(saving.current);
    saving.current = setTimeout(keep, 300);
    if (box.current!.value.trim()) app.store.typing(room);
  };

  const submit = () => {
    const el = box.current!;
    const text = el.value.trim();
    if (!text || over) {
      el.focus();
      return;
    }
    const { kept } = app.sender.add(room.id, text);
    el.value = "";
    clearTimeout(saving.current);
    fit();
    el.focus();
    // The copy in the draft goes only when the outbox has it on the disk.
    void kept.then(() => keep());
  };

  const attach = async (files: FileList | File[] | null, asPhoto: boolean) => {
    for (const file of files ? Array.from(files) : []) {
      const blob = asPhoto ? await smaller(file) : file;
      if (blob.size > app.boot.upload_max) {
        app.store.say(
          t("“%(name)s”超过 %(size)s，不能发送。", { name: file.name, size: sizeOf(app.boot.upload_max) }),
        );
        continue;
      }
      const name = file.name || (asPhoto ? "photo.jpg" : "file");
      app.sender.add(room.id, "", blob, blob === file ? name : name.replace(/\.\w+$/, "") + ".jpg");
    }
  };
  const onPick = (asPhoto: boolean) => (e: Event) => {
    const input = e.currentTarget as HTMLInputElement;
    const files = input.files ? Array.from(input.files) : [];
    input.value = "";
    void attach(files, asPhoto);
  };

  const onKeyDown = (e: KeyboardEvent) => {
    // Enter that picks a word of pinyin: 229 is what Safari says where others say isComposing.
    if (e.key !== "Enter" || e.isComposing || e.keyCode === 229) return;
    if (e.ctrlKey || e.metaKey || (desk && !e.shiftKey && !e.altKey)) {
      e.preventDefault();
      submit();
    }
  };
  const onPaste = (e: ClipboardEvent) => {
    const files = e.clipboardData && e.clipboardData.files;
    if (!files || !files.length || can.indexOf("file") < 0) return;
    e.preventDefault();
    void attach(files, true);
  };

  const who = (
    <p class="composer-audience" id={"audience-" + room.id} data-audience={kind}>
      <Icon name={kind} />
      <span>{audience}</span>
    </p>
  );
  if (!mayWrite) {
    return (
      <div class="composer composer--closed" data-audience={kind}>
        {who}
        <p class="composer-closed">{t("现在只能查看，不能发言。")}</p>
      </div>
    );
  }
  return (
    <form
      class="composer"
      data-audience={kind}
      onSubmit={(e) => {
        e.preventDefault();
        submit();
      }}
    >
      <div class="composer-grid">
        {who}
        <label class="visually-hidden" for={"say-" + room.id}>
          {t("写给：%(label)s", { label })}
        </label>
        <textarea
          class="composer-text"
          id={"say-" + room.id}
          ref={box}
          rows={1}
          placeholder={t("写在这里")}
          aria-describedby={"audience-" + room.id}
          aria-invalid={over > 0}
          enterkeyhint={desk ? "send" : "enter"}
          autocomplete="off"
          onInput={onInput}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        {can.indexOf("file") >= 0 && (
          <div class="composer-tools">
            <button type="button" class="composer-tool" aria-label={t("发照片")} onClick={() => photo.current!.click()}>
              <Icon name="photo" />
            </button>
            <button type="button" class="composer-tool" aria-label={t("发文件")} onClick={() => paper.current!.click()}>
              <Icon name="file" />
            </button>
            <input type="file" hidden ref={photo} accept="image/*" multiple aria-label={t("发照片")} onChange={onPick(true)} />
            <input type="file" hidden ref={paper} multiple aria-label={t("发文件")} onChange={onPick(false)} />
          </div>
        )}
        {/* Taking the press keeps the focus in the box, so the keyboard does not fall and rise again. */}
        <button type="submit" class="composer-send" onMouseDown={(e) => e.preventDefault()}>
          {t("发送")}
        </button>
      </div>
      {over > 0 && (
        <p class="line-failed" role="alert">
          {t("一条最多 4,000 字，请删去 %(n)s 字，或分成两条发。", { n: over })}
        </p>
      )}
    </form>
  );
}
