/** Who signs out leaves nothing of what they wrote on this device: the next at it may be somebody else. What has not gone
 * yet is asked about first. A login that merely ended keeps everything, for the same person. */
import { database, draftsOf, request, STORE } from "../room/kept";

const PATIENCE = 1500;

async function unsent(me: string): Promise<{ ids: string[]; remove: () => Promise<void> }> {
  const db = await database(PATIENCE);
  const rows = await request<{ id: string; me: string }[]>(() => db.transaction(STORE).objectStore(STORE).getAll());
  const ids = rows.filter((row) => row.me === me).map((row) => row.id);
  const remove = async (): Promise<void> => {
    const store = db.transaction(STORE, "readwrite").objectStore(STORE);
    await Promise.all(ids.map((id) => request(() => store.delete(id))));
    db.close();
  };
  return { ids, remove };
}

function forgetDrafts(me: string): void {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(draftsOf(me)));
    names.forEach((name) => localStorage.removeItem(name));
  } catch {
    // Storage is off.
  }
}

async function leave(form: HTMLFormElement, me: string): Promise<void> {
  try {
    const waiting = await unsent(me);
    if (waiting.ids.length && !window.confirm(form.dataset.unsent)) return;
    await waiting.remove();
  } catch {
    // No line can be kept on this device, so none lies there.
  }
  forgetDrafts(me);
  form.submit();
}

export function watchLeaving(root: Document): void {
  root.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const me = form.dataset.leaves;
    if (!me || event.defaultPrevented) return;
    event.preventDefault();
    void leave(form, me);
  });
}
