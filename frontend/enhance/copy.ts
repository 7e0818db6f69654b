/** Copies an address. Where the clipboard is shut (plain http, old webviews) the text is selected, ready for the thumb. */
export function watchCopies(part: ParentNode): void {
  for (const button of part.querySelectorAll<HTMLElement>("[data-copy]")) {
    const label = button.querySelector("span") ?? button;
    const words = label.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy ?? "");
      } catch {
        const shown = button.parentElement?.querySelector("code");
        if (!shown) return;
        window.getSelection()?.selectAllChildren(shown);
        if (!document.execCommand("copy")) return;
      }
      label.textContent = button.dataset.copied ?? words;
      window.setTimeout(() => (label.textContent = words), 2000);
    });
  }
}
