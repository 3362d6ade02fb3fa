import { TickMarkType, type Time } from "lightweight-charts";
import { dayText, timeText } from "~/shared/age";

/** The library counts in seconds and would write UTC; the terminal writes the zone that is set. */
export function tickText(time: Time, kind: TickMarkType): string {
  const ms = (time as number) * 1000;
  if (kind === TickMarkType.Time) return timeText(ms).slice(0, 5);
  if (kind === TickMarkType.TimeWithSeconds) return timeText(ms);
  return dayText(ms, kind === TickMarkType.Year ? "year" : kind === TickMarkType.Month ? "month" : "day");
}

export function crossTime(time: Time): string {
  const ms = (time as number) * 1000;
  return `${dayText(ms, "day")} ${timeText(ms).slice(0, 5)}`;
}
