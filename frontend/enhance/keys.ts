/** The keys of a page: `data-key` on a button or link presses it, `?` unfolds the list. Letters alone can be switched off
 * (WCAG 2.1.4): who speaks to the machine would press them by talking. */

const SWITCH = "odr.page-keys";

function lettersOn(): boolean {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    return true;
  }
}

/** Shows the switch, which would do nothing without script. */
export function showKeys(part: ParentNode): void {
  const label = part.querySelector<HTMLElement>("[data-keys-switch]");
  const box = label && label.querySelector("input");
  if (!label || !box) return;
  label.hidden = false;
  box.checked = lettersOn();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(SWITCH, box.checked ? "on" : "off");
    } catch {
      // Stays for this page only.
    }
  });
}

/** Words are being written here, or letters choose a line of a list. */
function typing(target: EventTarget | null): boolean {
  const where = target instanceof Element ? target.closest("input, textarea, select, [contenteditable]") : null;
  return !!where && !(where instanceof HTMLInputElement && /^(checkbox|radio|button|submit)$/.test(where.type));
}

function press(element: Element | null): boolean {
  if (!(element instanceof HTMLElement)) return false;
  element.click();
  return true;
}

/** The next or the previous of what can be stepped through: the clauses of a board. */
function step(root: Document, by: number): boolean {
  const all = Array.from(root.querySelectorAll<HTMLElement>("[data-step]"));
  if (!all.length) return false;
  const here = all.findIndex((one) => one.contains(root.activeElement));
  const next = all[here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, here + by))]!;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function act(root: Document, event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : root.body;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = target.closest("form");
    const name = event.shiftKey ? "ctrl+shift+enter" : "ctrl+enter";
    return press((form || root).querySelector('[data-key="' + name + '"]'));
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "Escape" && !root.querySelector("details[data-keys][open]")) {
    return press(root.querySelector("a.back-link"));
  }
  if (event.key === "Escape") {
    root.querySelector("details[data-keys]")!.removeAttribute("open");
    return true;
  }
  if (typing(target) || !lettersOn()) return false;
  if (event.key === "?") {
    const keys = root.querySelector<HTMLDetailsElement>("details[data-keys]");
    if (!keys) return false;
    keys.open = !keys.open;
    keys.querySelector("summary")!.focus();
    return true;
  }
  if (event.key === "j" || event.key === "k") return step(root, event.key === "j" ? 1 : -1);
  if (!/^[a-z]$/.test(event.key)) return false;
  const within = target.closest("[data-step]");
  const wanted = '[data-key="' + event.key + '"]';
  return press((within && within.querySelector(wanted)) || root.querySelector(wanted));
}

export function watchKeys(root: Document): void {
  root.addEventListener("keydown", (event) => {
    // Only pages that list their keys have any; a character that is being composed is no key.
    if (event.isComposing || event.defaultPrevented || !root.querySelector("[data-keys]")) return;
    if (act(root, event)) event.preventDefault();
  });
}
