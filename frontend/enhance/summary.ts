/** The list of what is wrong takes the focus, names each field in the order of the page ("请填写这一项。" twice tells
    nobody where), and its links bring people into the field, with its label in sight. */
export function focusSummary(part: ParentNode): void {
  const summary = part.querySelector<HTMLElement>("[data-error-summary]");
  if (!summary) return;
  nameFields(summary);
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("a");
    const field = link && fieldOf(link);
    if (!field) return;
    event.preventDefault();
    (field.closest(".field") ?? field).scrollIntoView();
    field.focus({ preventScroll: true });
  });
}

function fieldOf(link: HTMLAnchorElement): HTMLElement | null {
  return document.getElementById(decodeURIComponent(link.hash.slice(1)));
}

function nameFields(summary: HTMLElement): void {
  const found: [HTMLElement, Element][] = [];
  for (const link of summary.querySelectorAll("a")) {
    const field = fieldOf(link);
    const line = link.closest("li");
    if (!field || !line) continue;
    found.push([field, line]);
    const label = labelOf(field);
    const sentence = link.textContent ?? "";
    if (!label || sentence.includes(label)) continue;
    link.textContent = (summary.dataset.named ?? "{sentence}").replace("{label}", label).replace("{sentence}", sentence);
  }
  found.sort(([a], [b]) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  for (const [, line] of found) line.parentElement?.append(line);
}

/** The words of a field's label, without what is said beside them (可不填). A box to tick says itself what it is. */
function labelOf(field: HTMLElement): string {
  const label = field.closest(".field")?.querySelector(".field-label, legend");
  const words = label?.cloneNode(true) as Element | undefined;
  words?.querySelector(".optional")?.remove();
  return words?.textContent?.trim() ?? "";
}
