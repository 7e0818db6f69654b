/** <paper-check>: compares the SHA-256 of a chosen file with those that are on record. The file stays on the device. */

export type Digest = (bytes: ArrayBuffer) => Promise<ArrayBuffer>;

export function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is on record under the digest of these bytes; null when nothing is. */
export async function compare(bytes: ArrayBuffer, files: Record<string, string>, digest: Digest): Promise<string | null> {
  return files[hex(await digest(bytes))] ?? null;
}

/** `file.arrayBuffer()` is younger than the phones. */
function read(file: File): Promise<ArrayBuffer> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result as ArrayBuffer);
    reader.onerror = () => failed(reader.error);
    reader.readAsArrayBuffer(file);
  });
}

export class PaperCheck extends HTMLElement {
  connectedCallback(): void {
    const input = this.querySelector<HTMLInputElement>("input[type=file]");
    if (!input) return;
    input.addEventListener("change", () => void this.check(input.files?.[0]));
    this.addEventListener("dragover", (event) => event.preventDefault());
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      void this.check(event.dataTransfer?.files[0]);
    });
  }

  private async check(file: File | undefined): Promise<void> {
    if (!file) return this.say("", "");
    // A page that did not come by https has no digests.
    const subtle: SubtleCrypto | undefined = window.crypto?.subtle;
    if (!subtle) return this.say(this.dataset.failed, "other");
    this.say(this.dataset.busy, "");
    try {
      const files = JSON.parse(this.dataset.files ?? "{}") as Record<string, string>;
      const label = await compare(await read(file), files, (bytes) => subtle.digest("SHA-256", bytes));
      if (label === null) this.say(this.dataset.other, "other");
      else this.say(this.dataset.same?.replace("{label}", label), "same");
    } catch {
      this.say(this.dataset.failed, "other");
    }
  }

  private say(words: string | undefined, found: string): void {
    const result = this.querySelector<HTMLElement>("[data-result]");
    if (!result) return;
    result.textContent = words ?? "";
    result.dataset.result = found;
  }
}
