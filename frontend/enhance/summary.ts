/** The list of what is wrong takes the focus, and its links bring people into the field, with its label in sight. */
export function focusSummary(part: ParentNode): void {
  const summary = part.querySelector<HTMLElement>("[data-error-summary]");
  if (!summary) return;
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("a");
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    (field.closest(".field") ?? field).scrollIntoView();
    field.focus({ preventScroll: true });
  });
}
