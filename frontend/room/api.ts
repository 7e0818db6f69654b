/** Calls over HTTP. XMLHttpRequest, because old webviews give it time limits and upload progress, and fetch not. */
import { t } from "./i18n";
import { page } from "./page";

export interface Reply<T> {
  /** 0 when no answer came at all. */
  status: number;
  data: T | null;
  error: { code: string; say: string; fields?: Record<string, string>; retry?: number } | null;
}

export function call<T>(
  method: "GET" | "POST" | "PUT",
  path: string,
  body?: unknown,
  progress?: (share: number) => void,
): Promise<Reply<T>> {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    const form = typeof FormData === "function" && body instanceof FormData;
    request.open(method, path);
    // An upload over a slow line may take minutes; anything else that long is dead.
    request.timeout = form ? 300e3 : 15e3;
    request.setRequestHeader("Accept", "application/json");
    if (method !== "GET") request.setRequestHeader("X-CSRF-Token", page.csrf);
    if (page.me) request.setRequestHeader("X-Person", page.me);
    if (body !== undefined && !form) request.setRequestHeader("Content-Type", "application/json");
    if (progress && request.upload) {
      request.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total);
    }
    request.onloadend = () => {
      const status = request.status;
      let json: any = null;
      try {
        json = request.responseText ? JSON.parse(request.responseText) : null;
      } catch {
        // A proxy or a wall in between answered with a page of its own: count it as no answer.
        if (status < 400) return done({ status: 0, data: null, error: null });
      }
      if (status >= 200 && status < 300) return done({ status, data: json, error: null });
      const error = (json && json.error) || {
        code: String(status),
        say: status ? t("没有成功。请稍后再试。") : t("没有连上。请检查网络后再试。"),
      };
      const wait = Number(request.getResponseHeader("Retry-After"));
      if (wait) error.retry = wait;
      done({ status, data: null, error });
    };
    request.send(body === undefined ? null : form ? (body as FormData) : JSON.stringify(body));
  });
}
