/** A drawn signature as data: the strokes with their timing, which a picture does not have. */

export type Point = [x: number, y: number, ms: number];
export interface Drawing {
  v: 1;
  width: number;
  height: number;
  strokes: Point[][];
}

/** Enough for a name of many strokes; a hand that rests on the pad shall not fill the form. */
const MOST_POINTS = 6000;
const round = (n: number): number => Math.round(n * 10) / 10;

/** How a drawing made at one size is shown at another: as large as fits, in the middle, never distorted. */
export interface Fit {
  scale: number;
  left: number;
  top: number;
}

export function fit(drawing: Drawing, width: number, height: number): Fit {
  const scale = Math.min(width / drawing.width, height / drawing.height);
  return { scale, left: (width - drawing.width * scale) / 2, top: (height - drawing.height * scale) / 2 };
}

export function empty(width: number, height: number): Drawing {
  return { v: 1, width: round(width), height: round(height), strokes: [] };
}

/** Adds a point of the screen to the last stroke; points nearer than 1 px and beyond the limit are left out. */
export function add(drawing: Drawing, place: Fit, x: number, y: number, ms: number): boolean {
  const stroke = drawing.strokes[drawing.strokes.length - 1];
  if (!stroke || drawing.strokes.reduce((sum, one) => sum + one.length, 0) >= MOST_POINTS) return false;
  const point: Point = [round((x - place.left) / place.scale), round((y - place.top) / place.scale), Math.round(ms)];
  const last = stroke[stroke.length - 1];
  if (last && Math.hypot(point[0] - last[0], point[1] - last[1]) < 1) return false;
  stroke.push(point);
  return true;
}

/** What stands in the hidden field; "" when nothing is drawn, so that the server sees an empty field. */
export function write(drawing: Drawing): string {
  return drawing.strokes.length ? JSON.stringify(drawing) : "";
}

/** What came back with a page that showed the form again; null when it is not a drawing. */
export function read(text: string): Drawing | null {
  try {
    const found = JSON.parse(text) as Drawing;
    return found.v === 1 && found.width > 0 && found.height > 0 && Array.isArray(found.strokes) ? found : null;
  } catch {
    return null;
  }
}
