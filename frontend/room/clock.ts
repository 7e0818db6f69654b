/** Times as people here read them. China has one zone without summer time, so a fixed offset is exact. */
import { t } from "./i18n";

const EAST_8 = 8 * 3600e3;

function local(at: string | number): Date {
  return new Date((typeof at === "number" ? at : Date.parse(at)) + EAST_8);
}

const two = (n: number) => (n < 10 ? "0" + n : String(n));

export function timeOf(at: string): string {
  const d = local(at);
  return isNaN(+d) ? "" : two(d.getUTCHours()) + ":" + two(d.getUTCMinutes());
}

/** A key that is the same for all lines of one day in Asia/Shanghai. */
export function dayKey(at: string): string {
  const d = local(at);
  return isNaN(+d) ? "" : d.toISOString().slice(0, 10);
}

export function dayOf(at: string, now: number = Date.now()): string {
  const d = local(at);
  if (isNaN(+d)) return "";
  const weekday = [t("周日"), t("周一"), t("周二"), t("周三"), t("周四"), t("周五"), t("周六")][d.getUTCDay()]!;
  const values = { year: d.getUTCFullYear(), month: d.getUTCMonth() + 1, day: d.getUTCDate(), weekday };
  return values.year === local(now).getUTCFullYear()
    ? t("%(month)s月%(day)s日 %(weekday)s", values)
    : t("%(year)s年%(month)s月%(day)s日 %(weekday)s", values);
}
