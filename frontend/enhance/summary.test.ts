import { expect, it } from "vitest";
import { focusSummary } from "./summary";

const PAGE = `
  <section data-error-summary data-named="{label}：{sentence}" tabindex="-1"><ul>
    <li><a href="#f-why">请填写这一项。</a></li>
    <li><a href="#f-when">请填写这一项。</a></li>
    <li><a href="#f-kind">请选择怎样见面。</a></li>
    <li>这一步还没有完成。</li>
    <li><a href="#f-gone">没有这一格。</a></li>
  </ul></section>
  <div class="field"><label class="field-label" for="f-when">什么时候</label><input id="f-when"></div>
  <div class="field"><label class="field-label" for="f-why">为什么 <span class="optional">（可不填）</span></label><input id="f-why"></div>
  <fieldset class="field"><legend class="field-label">怎样见面</legend><input type="radio" id="f-kind"></fieldset>`;

it("names each field that is wrong, in the order of the page", () => {
  document.body.innerHTML = PAGE;
  focusSummary(document);
  const lines = [...document.querySelectorAll("li")].map((line) => line.textContent);
  expect(lines).toEqual([
    "这一步还没有完成。",
    "没有这一格。",
    "什么时候：请填写这一项。",
    "为什么：请填写这一项。",
    "请选择怎样见面。",
  ]);
  expect(document.activeElement).toBe(document.querySelector("[data-error-summary]"));
});
