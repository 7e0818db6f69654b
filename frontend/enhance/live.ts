/** A page of a case that looks again by itself when something changed. The live line only says that there is news; the page
 * asks the server for itself, so it shows exactly what its reader may see. What is being written is left alone. */

const LONGEST = 30_000;
const BEAT = 20_000;
const ANSWER = 5_000; // a line that says nothing for so long after it was asked has died without a word

interface Place {
  case: string;
  room: string;
  epoch: string;
  seq: number;
}

function placeOf(root: ParentNode): Place | null {
  const news = root.querySelector<HTMLElement>("[data-live]");
  if (!news) return null;
  const { case: its, room, epoch, seq } = news.dataset;
  return its && room && epoch ? { case: its, room, epoch, seq: Number(seq) } : null;
}

/** Whether the reader has written, chosen or opened something that a new page would take away. */
export function busyWriting(main: ParentNode): boolean {
  const fields = Array.from(main.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea"));
  if (fields.some((one) => one.value !== one.defaultValue || ("checked" in one && one.checked !== one.defaultChecked))) return true;
  const chosen = Array.from(main.querySelectorAll("option")).some((one) => one.selected !== one.defaultSelected && one.defaultSelected);
  const here = document.activeElement;
  return chosen || !!(here && here.closest("form") && here.matches("input, textarea, select")) || !!main.querySelector("details[open] form");
}

async function lookAgain(root: Document): Promise<void> {
  const main = root.querySelector("main");
  const news = root.querySelector<HTMLElement>("[data-live]");
  if (!main || !news) return;
  if (busyWriting(main)) {
    news.hidden = false;
    return;
  }
  try {
    const answer = await fetch(location.pathname, { credentials: "same-origin", headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("main");
    // Signed out, moved on, or somebody began to write meanwhile: the reader decides.
    if (!answer.ok || answer.redirected || !fresh || busyWriting(main)) {
      news.hidden = false;
      return;
    }
    if (fresh.innerHTML === main.innerHTML) return;
    const focus = root.activeElement && root.activeElement.id;
    main.replaceWith(root.importNode(fresh, true));
    if (focus) root.getElementById(focus)?.focus();
    root.querySelector("main")!.dispatchEvent(new CustomEvent("odr:replaced", { bubbles: true }));
  } catch {
    news.hidden = false;
  }
}

interface Frame {
  t: string;
  case?: string;
}

export function watchCase(root: Document, open: (address: string) => WebSocket = (address) => new WebSocket(address, "odr.v1")): void {
  const place = placeOf(root);
  if (!place || typeof WebSocket === "undefined") return;
  let wait = 1000;
  let asking = 0;
  let first = true;
  let probe: () => void = () => {};

  // Everybody hears of a change at once; they need not all ask in the same moment.
  const again = (): void => {
    clearTimeout(asking);
    asking = window.setTimeout(() => void lookAgain(root), 200 + Math.random() * 600);
  };

  const start = (): void => {
    const line = open(location.origin.replace(/^http/, "ws") + "/ws");
    let waiting = 0;
    let pings = 0;
    const gone = (code: number): void => {
      clearTimeout(waiting);
      line.onopen = line.onmessage = line.onclose = null;
      probe = () => {};
      if (code === 4401 || code === 4403) return;
      window.setTimeout(start, wait + Math.random() * 1000);
      wait = Math.min(LONGEST, wait * 2);
    };
    line.onopen = () => {
      probe = () => {
        if (waiting || document.hidden) return;
        line.send(JSON.stringify({ t: "ping", n: ++pings }));
        waiting = window.setTimeout(() => {
          line.close();
          gone(0);
        }, ANSWER);
      };
      const { room, epoch, seq } = place;
      line.send(JSON.stringify({ t: "join", room, epoch, seq }));
      if (!first) again();
      first = false;
    };
    line.onmessage = (event) => {
      clearTimeout(waiting);
      waiting = 0;
      wait = 1000; // greeted: whom the service sends away is let in first, to read the reason
      const found = JSON.parse(String(event.data)) as Frame | Frame[];
      if ((Array.isArray(found) ? found : [found]).some((frame) => frame.t === "changed" && frame.case === place.case)) again();
    };
    line.onclose = (event) => gone(event.code);
    window.addEventListener("pagehide", () => line.close(), { once: true });
  };
  start();
  window.setInterval(() => probe(), BEAT);
  window.addEventListener("online", () => probe());
  document.addEventListener("visibilitychange", () => probe());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}
