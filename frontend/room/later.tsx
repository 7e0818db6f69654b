/** Stand-ins for the parts that come a little later (extras.ts). Each knows what to do when they do not come. */
import { signal } from "@preact/signals";
import type { call as callNow, Reply } from "./api";
import type { App } from "./app";
import type { sendByHttp } from "./fallback";
import { t } from "./i18n";

type Extras = typeof import("./extras");

const extras = signal<Extras | null>(null);
let coming: Promise<Extras> | null = null;

/** Fetches them once; after a failure the next caller tries again. */
export function fetchExtras(): Promise<Extras> {
  if (!coming) {
    coming = import("./extras").then((got) => (extras.value = got));
    coming.catch(() => (coming = null));
  }
  return coming;
}

/** A component of theirs. `without` makes do when they cannot be had. */
export function later(name: "Desk" | "AgreementSheet" | "Stopped", without: (app: App) => void) {
  return function Later({ app }: { app: App }) {
    if (extras.value) {
      const Loaded = extras.value[name];
      return <Loaded app={app} />;
    }
    fetchExtras().catch(() => {
      without(app);
      app.store.say(t("这一部分没有取到。请检查网络，或刷新这一页。"));
    });
    return null;
  };
}

export function call<T>(...args: Parameters<typeof callNow>): Promise<Reply<T>> {
  return fetchExtras().then(
    (got) => got.call<T>(...args),
    () => ({ status: 0, data: null, error: null }),
  );
}

export const byHttp: typeof sendByHttp = (frame, receive) =>
  fetchExtras().then(
    (got) => got.sendByHttp(frame, receive),
    () => "silent",
  );

/** A photo made small enough for a weak line, or as it is. */
export function smaller(file: File): Promise<Blob> {
  return fetchExtras().then(
    (got) => got.shrink(file),
    () => file,
  );
}
