/** Ages as a trader reads them: `0.4 s`, `12 s`, `3 m`. */
export function ageText(ms: number): string {
  if (ms < 9950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} m`;
  return `${Math.floor(ms / 3_600_000)} h`;
}

/** Milliseconds without their unit: whole from 10 on. */
export function shortMs(ms: number): string {
  return ms < 9.95 ? ms.toFixed(1) : Math.round(ms).toString();
}

let utc = false;

export function setUtc(on: boolean): void {
  utc = on;
}

const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);

export function timeText(ms: number, fraction: 0 | 1 | 3 = 0): string {
  const date = new Date(ms);
  const clockPart = utc
    ? `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
    : `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (fraction === 0) return clockPart;
  return `${clockPart}.${date.getUTCMilliseconds().toString().padStart(3, "0").slice(0, fraction)}`;
}

export function zoneText(): string {
  if (utc) return "UTC";
  const minutes = -new Date().getTimezoneOffset();
  if (minutes === 0) return "UTC+0";
  const sign = minutes < 0 ? "\u2212" : "+";
  const hours = Math.floor(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  return `UTC${sign}${hours}${rest === 0 ? "" : `:${two(rest)}`}`;
}

/** A length of time in its largest whole units: `45 s`, `3 m`, `2 h 5 m`, `4 d`. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} d`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} m`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function dayText(ms: number, part: "day" | "month" | "year"): string {
  const date = new Date(ms);
  const month = MONTHS[utc ? date.getUTCMonth() : date.getMonth()] ?? "";
  if (part === "year") return `${utc ? date.getUTCFullYear() : date.getFullYear()}`;
  return part === "month" ? month : `${utc ? date.getUTCDate() : date.getDate()} ${month}`;
}
