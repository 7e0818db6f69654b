/** A modal panel: takes the focus, keeps Tab inside, closes on Escape, gives the focus back. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "./i18n";
import { Icon } from "./icons";

const STOPS = "a[href],button:not([disabled]),input,textarea,select";

interface Props {
  title: string;
  /** Without it the panel stays until what it asks for is done. */
  close?: () => void;
  children: ComponentChildren;
}

export function Dialog({ title, close, children }: Props) {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === "Escape" && close) {
      e.stopPropagation();
      close();
    }
    if (e.key !== "Tab") return;
    const stops = panel.current!.querySelectorAll<HTMLElement>(STOPS);
    const first = stops[0] || panel.current!;
    const last = stops[stops.length - 1] || panel.current!;
    const at = document.activeElement;
    if (e.shiftKey ? at === first || at === panel.current : at === last) {
      e.preventDefault();
      (e.shiftKey ? last : first).focus();
    }
  };
  return (
    <>
      <div class="sheet-shade" onClick={close} />
      <div class="sheet" role="dialog" aria-modal="true" aria-label={title} tabIndex={-1} ref={panel} onKeyDown={onKeyDown}>
        <div class="sheet-head">
          <h2>{title}</h2>
          {close && (
            <button type="button" class="sheet-close" aria-label={t("关闭")} onClick={close}>
              <Icon name="close" />
            </button>
          )}
        </div>
        <div class="sheet-body">{children}</div>
      </div>
    </>
  );
}
