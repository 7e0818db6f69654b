/** A form is sent once. The second tap of an impatient thumb would apply twice, sign twice, pay twice. */

const sent = new WeakSet<HTMLFormElement>();
/** A form that answers with a download leaves the page as it is, so it is freed after a while. */
const FREE_AFTER = 20_000;

/** The button that sent this form; old webviews do not tell, then it is the first one. */
export function pressed(event: SubmitEvent, form: HTMLFormElement): HTMLButtonElement | null {
  const button = event.submitter ?? form.querySelector("button[type=submit]:not([aria-hidden])");
  return button instanceof HTMLButtonElement ? button : null;
}

/** Shows that a button works, and gives back what undoes it. `aria-disabled` keeps the focus and the button's value. */
export function busy(button: HTMLButtonElement | null): () => void {
  if (!button) return () => {};
  const label = button.querySelector("span") ?? button;
  const words = label.textContent;
  button.setAttribute("aria-disabled", "true");
  if (button.dataset.busy) label.textContent = button.dataset.busy;
  return () => {
    button.removeAttribute("aria-disabled");
    label.textContent = words;
  };
}

export function sendOnce(root: Document): void {
  const undo = new Set<() => void>();
  root.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || form.method !== "post" || form.dataset.once === "no") return;
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    sent.add(form);
    const done = busy(pressed(event, form));
    const free = (): void => {
      done();
      sent.delete(form);
      undo.delete(free);
    };
    undo.add(free);
    window.setTimeout(free, FREE_AFTER);
  });
  // The page may come back from the browser's memory as it was left, with its buttons still busy.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const free of [...undo]) free();
  });
}
