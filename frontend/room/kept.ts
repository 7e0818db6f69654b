/** What a room keeps on the device: where the lines lie that have not gone, and under which names drafts. */

const DATABASE = "odr-room";
export const STORE = "outbox";

/** Names of a person's drafts begin so. */
export const draftsOf = (me: string): string => "odr.draft." + me + ".";

export function request<T>(make: () => IDBRequest<T>): Promise<T> {
  return new Promise((done, fail) => {
    const r = make();
    r.onsuccess = () => done(r.result);
    r.onerror = () => fail(r.error);
  });
}

/** iOS 14 can leave `open` without an answer for ever, hence the limit. */
export function database(limit: number): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error("IndexedDB does not answer")), limit);
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
    opening.onsuccess = () => {
      clearTimeout(timer);
      opening.result.onversionchange = () => opening.result.close();
      done(opening.result);
    };
    opening.onerror = () => {
      clearTimeout(timer);
      fail(opening.error);
    };
  });
}
