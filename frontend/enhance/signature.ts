/** <signature-pad>: a finger writes a name. Strokes stay through rotation and go out as JSON in the hidden field.
    Without pointer events, or by choice, the typed name serves instead; only the one in use is sent. */
import { add, empty, fit, read, write, type Drawing, type Fit } from "./strokes";

export class SignaturePad extends HTMLElement {
  private canvas!: HTMLCanvasElement;
  private hiddenField!: HTMLInputElement;
  private drawing: Drawing | null = null;
  private pointer: number | null = null;
  private began = 0;

  connectedCallback(): void {
    const canvas = this.querySelector("canvas");
    const field = this.querySelector<HTMLInputElement>("[data-strokes]");
    if (!canvas || !field || !("PointerEvent" in window)) return;
    this.canvas = canvas;
    this.hiddenField = field;
    this.drawing = read(field.value);
    canvas.addEventListener("pointerdown", this.down);
    canvas.addEventListener("pointermove", this.move);
    canvas.addEventListener("pointerup", this.up);
    canvas.addEventListener("pointercancel", this.up);
    this.on("[data-undo]", () => this.drawing?.strokes.pop());
    this.on("[data-clear]", () => (this.drawing = null));
    this.on("[data-to-typed]", () => this.choose(false));
    this.on("[data-to-drawn]", () => this.choose(true));
    window.addEventListener("resize", this.draw);
    this.choose(!this.typed?.value);
  }

  disconnectedCallback(): void {
    window.removeEventListener("resize", this.draw);
  }

  private get typed(): HTMLInputElement | null {
    return this.querySelector("[data-typed] input");
  }

  private on(selector: string, act: () => void): void {
    this.querySelector(selector)?.addEventListener("click", () => {
      act();
      this.draw();
    });
  }

  private choose(drawn: boolean): void {
    const show = (selector: string, shown: boolean): void => {
      const part = this.querySelector<HTMLElement>(selector);
      if (part) part.hidden = !shown;
    };
    show("[data-pad]", drawn);
    show("[data-typed]", !drawn);
    show("[data-to-drawn]", !drawn);
    this.hiddenField.disabled = !drawn;
    if (this.typed) this.typed.disabled = drawn;
    this.draw();
  }

  private place(drawing: Drawing): Fit {
    return fit(drawing, this.canvas.clientWidth, this.canvas.clientHeight);
  }

  private down = (event: PointerEvent): void => {
    // The first finger writes; a second one, or the ball of the hand, does not.
    if (this.pointer !== null || event.button > 0) return;
    event.preventDefault();
    if (!this.drawing?.strokes.length) {
      this.drawing = empty(this.canvas.clientWidth, this.canvas.clientHeight);
      this.began = event.timeStamp;
    } else if (!this.began) {
      const last = this.drawing.strokes[this.drawing.strokes.length - 1];
      this.began = event.timeStamp - (last?.[last.length - 1]?.[2] ?? 0) - 1000;
    }
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.drawing.strokes.push([]);
    this.move(event);
  };

  private move = (event: PointerEvent): void => {
    if (event.pointerId !== this.pointer || !this.drawing) return;
    if (add(this.drawing, this.place(this.drawing), event.offsetX, event.offsetY, event.timeStamp - this.began)) this.draw();
  };

  private up = (event: PointerEvent): void => {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.draw();
  };

  private draw = (): void => {
    const strokes = this.drawing?.strokes ?? [];
    this.hiddenField.value = this.drawing ? write(this.drawing) : "";
    const state = this.querySelector("[data-state]");
    const words = (strokes.length ? this.dataset.written : this.dataset.empty) ?? "";
    if (state && this.pointer === null) state.textContent = words.replace("{strokes}", String(strokes.length));

    const { clientWidth: width, clientHeight: height } = this.canvas;
    const pen = width ? this.canvas.getContext("2d") : null;
    if (!pen) return;
    const density = window.devicePixelRatio || 1;
    this.canvas.width = width * density;
    this.canvas.height = height * density;
    if (!this.drawing) return;
    const { scale, left, top } = this.place(this.drawing);
    pen.setTransform(density * scale, 0, 0, density * scale, density * left, density * top);
    pen.strokeStyle = getComputedStyle(this.canvas).color;
    pen.lineWidth = 3;
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of strokes) {
      const [first, ...rest] = stroke;
      if (!first) continue;
      pen.beginPath();
      pen.moveTo(first[0], first[1]);
      pen.lineTo(first[0], first[1]);
      rest.forEach(([x, y], i) => {
        const next = rest[i + 1] ?? [x, y];
        pen.quadraticCurveTo(x, y, (x + next[0]) / 2, (y + next[1]) / 2);
      });
      pen.stroke();
    }
  };
}
