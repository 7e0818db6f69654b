/** What pages gain from script. Each of them works without it; nothing here holds a word of its own: all text comes from the page. */
import { PaperCheck } from "./check";
import { reopen } from "./confirm";
import { watchCopies } from "./copy";
import { startCountdowns } from "./countdown";
import { FilePicker } from "./files";
import { showKeys, watchKeys } from "./keys";
import { watchLeaving } from "./leaving";
import { watchCase } from "./live";
import { sendOnce } from "./once";
import { ReadThrough } from "./reading";
import { SignaturePad } from "./signature";
import { focusSummary } from "./summary";

/** Runs again when `files` has put the page that came back in place of this one. */
export function enhance(part: ParentNode): void {
  reopen(part);
  watchCopies(part);
  startCountdowns(part);
  showKeys(part);
  focusSummary(part);
}

customElements.define("file-picker", FilePicker);
customElements.define("paper-check", PaperCheck);
customElements.define("read-through", ReadThrough);
customElements.define("signature-pad", SignaturePad);
watchLeaving(document); // before the one that sends
sendOnce(document);
watchKeys(document);
watchCase(document);
enhance(document);
document.addEventListener("odr:replaced", (event) => enhance(event.target as Element));
