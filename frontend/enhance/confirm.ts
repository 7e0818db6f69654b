/** Questions and menus are <details>. Script adds the ways back: 先不要, Escape, a tap beside the menu. */

function close(details: HTMLDetailsElement): void {
  details.open = false;
  details.querySelector("summary")?.focus();
}

export function reopen(part: ParentNode): void {
  for (const button of part.querySelectorAll<HTMLElement>("[data-close-details]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const details = button.closest("details");
      if (details) close(details);
    });
  }
  for (const menu of part.querySelectorAll<HTMLDetailsElement>("details[data-menu]")) {
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) close(menu);
    });
    document.addEventListener("click", (event) => {
      if (menu.open && !menu.contains(event.target as Node)) menu.open = false;
    });
  }
}
