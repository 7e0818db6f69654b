/** Takes the place of the page's own transcript and form. Whatever fails before that leaves them as they are. */
import { render } from "preact";
import { App } from "./app";
import { speak } from "./i18n";
import { fetchExtras, later } from "./later";
import { Toast } from "./net";
import { Outbox } from "./outbox";
import { page } from "./page";
import { Phone } from "./phone";
import { takeOver } from "./plain";
import type { Boot } from "./protocol";

const Desk = later("Desk", (app) => (app.wide.value = false));
const AgreementSheet = later("AgreementSheet", (app) => (app.sheet.value = false));
const Stopped = later("Stopped", () => {});

function Island({ app }: { app: App }) {
  // Before another person's eyes nothing of it stays on the screen.
  if (app.connection.stopped.value === "another") return <Stopped app={app} />;
  return (
    <>
      {app.layout.value === "desk" ? <Desk app={app} /> : <Phone app={app} />}
      {app.sheet.value && <AgreementSheet app={app} />}
      <Toast app={app} />
      {app.connection.stopped.value && <Stopped app={app} />}
    </>
  );
}

/** Every sign that somebody looks at the page again. Webviews differ in which of them they give. */
function watch(app: App): void {
  const { connection } = app;
  const wake = () => connection.wake();
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake());
  window.addEventListener("pageshow", (e) => e.persisted && wake());
  window.addEventListener("online", wake);
  window.addEventListener("offline", wake);
  window.addEventListener("focus", wake);
  document.addEventListener("resume", wake);
  window.addEventListener("pagehide", () => connection.rest());
  // Two columns need width; on a narrow window the desk becomes the phone's tabs.
  const wide = window.matchMedia("(min-width: 900px)");
  const measure = () => (app.wide.value = wide.matches);
  wide.addListener(measure);
  measure();
}

async function start(): Promise<void> {
  const root = document.getElementById("room-root");
  const source = document.getElementById("room-boot");
  if (!root || !source || !window.WebSocket || !window.Promise) return;
  const boot = JSON.parse(source.textContent || "") as Boot;
  // Preact needs it; Chrome before 71 and Safari before 12.1 lack it.
  if (!window.queueMicrotask) window.queueMicrotask = (task) => void Promise.resolve().then(task);
  speak(boot.catalogue);
  page.csrf = boot.csrf;
  page.me = boot.me.id;
  const app = new App(boot, await Outbox.open(boot.me.id));
  watch(app);
  const form = document.createDocumentFragment();
  const kept = Array.from(root.childNodes);
  const writing = takeOver(root, boot.me.id);
  try {
    kept.forEach((node) => form.appendChild(node));
    render(<Island app={app} />, root);
    if (writing) root.querySelector("textarea")?.focus();
  } catch (failure) {
    root.textContent = "";
    root.appendChild(form);
    throw failure;
  }
  app.connection.start();
  // Before the lift: what is fetched now works without a network later.
  setTimeout(() => void fetchExtras().catch(() => {}), 2000);
}

void start();
