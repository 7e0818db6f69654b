/** "重新发送（42）": the code may be asked for again after a while. The server counts for itself; this only tells. */
export function startCountdowns(part: ParentNode): void {
  for (const button of part.querySelectorAll<HTMLButtonElement>("button[data-countdown]")) {
    const label = button.querySelector("span") ?? button;
    const words = label.textContent;
    // By the clock, not by ticks: a sleeping phone does not tick.
    const until = Date.now() + Number(button.dataset.countdown) * 1000;
    const tick = (): void => {
      const left = Math.ceil((until - Date.now()) / 1000);
      button.disabled = left > 0;
      label.textContent = left > 0 ? `${words}（${left}）` : words;
      if (left > 0) window.setTimeout(tick, 500);
    };
    tick();
  }
}
