/** Texts of the island. The Chinese text is the key; the page brings the catalogue of the reader's language. */

let catalogue: Record<string, string> = {};

export function speak(texts: Record<string, string> | undefined): void {
  catalogue = texts || {};
}

/** The text in the reader's language, with `%(name)s` filled in. */
export function t(zh: string, values?: Record<string, string | number>): string {
  const text = catalogue[zh] || zh;
  return values ? text.replace(/%\((\w+)\)s/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}
