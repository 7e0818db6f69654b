/** <read-through>: without script the text is two pages; here the second half stands below the first, and the way on opens when its
    end was on the screen. How long that took goes with the form. */

export class ReadThrough extends HTMLElement {
  private began = 0;
  private watcher: IntersectionObserver | null = null;

  connectedCallback(): void {
    const rest = this.querySelector<HTMLTemplateElement>("template[data-rest]");
    if (!rest || !("content" in rest)) return;
    this.began = Date.now();
    this.querySelector("[data-next]")?.remove();
    rest.replaceWith(document.importNode(rest.content, true));
    const end = this.querySelector("[data-end]");
    const form = end?.closest("form");
    if (!end || !form) return;
    form.addEventListener("submit", this.hold);
    if (!("IntersectionObserver" in window)) return this.reached();
    this.watcher = new IntersectionObserver((seen) => {
      if (seen.some((one) => one.isIntersecting)) this.reached();
    });
    this.watcher.observe(end);
  }

  disconnectedCallback(): void {
    this.watcher?.disconnect();
  }

  private reached(): void {
    this.watcher?.disconnect();
    const put = (selector: string, value: string): void => {
      const field = this.querySelector<HTMLInputElement>(selector);
      if (field && !field.value) field.value = value;
    };
    put("[data-seconds]", String(Math.round((Date.now() - this.began) / 1000)));
    put("[data-reached]", "1");
    const words = this.querySelector("[data-hint]");
    if (words) words.textContent = "";
  }

  /** Too early: say so at the button, and go on to where the reader has not been. */
  private hold = (event: Event): void => {
    if (this.querySelector<HTMLInputElement>("[data-reached]")?.value) return;
    event.preventDefault();
    const words = this.querySelector("[data-hint]");
    if (words) words.textContent = this.dataset.more ?? "";
    window.scrollBy({ top: window.innerHeight * 0.8, behavior: "smooth" });
  };
}
