/** <file-picker>: shows what was chosen, refuses what is too big before it costs data, and tells how far the sending is. */
import { busy, pressed } from "./once";

const sending = new WeakSet<HTMLFormElement>();

export class FilePicker extends HTMLElement {
  private input!: HTMLInputElement;
  private list = document.createElement("ul");
  private problem = document.createElement("p");

  connectedCallback(): void {
    const input = this.querySelector<HTMLInputElement>("input[type=file]");
    if (!input || this.dataset.ready !== undefined) return;
    this.input = input;
    this.list.className = "file-list";
    this.problem.className = "file-problem";
    this.problem.setAttribute("role", "alert");
    this.append(this.problem, this.list);
    this.dataset.ready = "";
    input.addEventListener("change", () => this.show());
    input.form?.addEventListener("submit", send);
    this.show();
  }

  private show(): void {
    const max = Number(this.dataset.max ?? Infinity);
    const all = Array.from(this.input.files ?? []);
    const big = all.filter((file) => file.size > max);
    this.problem.textContent = big.map((file) => (this.dataset.tooBig ?? "").replace("{name}", file.name)).join(" ");
    if (big.length) this.keep(all.filter((file) => file.size <= max));
    this.list.textContent = "";
    for (const file of Array.from(this.input.files ?? [])) this.list.append(this.row(file));
  }

  /** A browser that cannot make a list of files (before iOS 14.1) lets go of all, and the message says which one was wrong. */
  private keep(files: File[]): void {
    try {
      const held = new DataTransfer();
      for (const file of files) held.items.add(file);
      this.input.files = held.files;
    } catch {
      this.input.value = "";
    }
  }

  private row(file: File): HTMLLIElement {
    const row = document.createElement("li");
    row.className = "file-item";
    if (file.type.startsWith("image/")) {
      const picture = document.createElement("img");
      picture.className = "file-thumb";
      picture.alt = "";
      picture.src = URL.createObjectURL(file);
      picture.onload = picture.onerror = () => URL.revokeObjectURL(picture.src);
      row.append(picture);
    }
    const name = document.createElement("span");
    name.className = "file-name";
    name.textContent = file.name;
    const size = document.createElement("span");
    size.className = "file-size";
    size.textContent = file.size < 1 << 20 ? `${Math.ceil(file.size / 1024)} kB` : `${(file.size / (1 << 20)).toFixed(1)} MB`;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "button button--plain button--fit";
    remove.textContent = this.dataset.remove ?? "";
    remove.setAttribute("aria-label", `${this.dataset.remove} ${file.name}`);
    remove.onclick = () => {
      this.keep(Array.from(this.input.files ?? []).filter((other) => other !== file));
      this.show();
      this.input.focus();
    };
    row.append(name, size, remove);
    return row;
  }
}

/** A page cannot send chosen files back to the browser; here they are put into the new form again, unless the server has kept them. */
function handOver(before: Element, after: Element): void {
  for (const old of before.querySelectorAll<HTMLInputElement>("input[type=file]")) {
    const input = Array.from(after.querySelectorAll<HTMLInputElement>("input[type=file]")).find((one) => one.name === old.name);
    if (!input || !old.files || input.closest(".field")?.querySelector("[data-kept]")) continue;
    input.files = old.files;
    input.dispatchEvent(new Event("change"));
  }
}

/** Shows the page that came back, as the browser would have: asking for it again would lose the word of thanks it says once. */
function turnTo(answer: Document, address: string, form: HTMLFormElement): void {
  if (answer.body.querySelector("script[src]")) {
    location.assign(address);
    return;
  }
  if (address !== location.href) history.pushState(null, "", address);
  window.onpopstate = () => location.reload();
  document.title = answer.title;
  document.documentElement.dataset.layout = answer.documentElement.dataset.layout;
  const body = document.importNode(answer.body, true);
  document.body.replaceWith(body);
  handOver(form, body);
  window.scrollTo(0, 0);
  body.querySelector("main")?.focus();
  body.dispatchEvent(new CustomEvent("odr:replaced", { bubbles: true }));
}

/** A form with chosen files is sent with a progress bar. On a lost connection everything stays and can be sent again. */
function send(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  const pickers = Array.from(form.querySelectorAll<FilePicker>("file-picker"));
  const picker = pickers.find((one) => one.querySelector<HTMLInputElement>("input[type=file]")?.files?.length);
  if (event.defaultPrevented || !picker) return;
  event.preventDefault();
  if (sending.has(form)) return;
  sending.add(form);
  const button = pressed(event, form);
  const data = new FormData(form);
  if (button?.name) data.append(button.name, button.value);
  const address = new URL(button?.getAttribute("formaction") ?? form.getAttribute("action") ?? "", location.href).href;
  const release = busy(button);
  const bar = document.createElement("progress");
  bar.className = "progress-bar send-progress";
  bar.max = 1;
  bar.setAttribute("aria-label", picker.dataset.sending ?? "");
  picker.append(bar);

  const request = new XMLHttpRequest();
  const give = (words: string): void => {
    sending.delete(form);
    release();
    bar.remove();
    const problem = picker.querySelector(".file-problem");
    if (problem) problem.textContent = words;
  };
  request.upload.onprogress = (step) => {
    if (step.lengthComputable) bar.value = step.loaded / step.total;
  };
  request.onerror = request.ontimeout = () => give(picker.dataset.failed ?? "");
  request.onload = () => {
    const answer = new DOMParser().parseFromString(request.responseText, "text/html");
    if (!answer.querySelector("main")) give(picker.dataset.failed ?? "");
    else turnTo(answer, request.responseURL || address, form);
  };
  request.open("POST", address);
  request.send(data);
}
