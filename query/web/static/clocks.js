// Wall clocks of a zone, whatever the browser's own is.

// The day after one, as 2026-02-14.
export const dayAfter = (day) => new Date(Date.parse(`${day}T00:00Z`) + 86_400_000).toISOString().slice(0, 10);

// What a wall clock of this zone shows at a time.
export function reader(zone) {
  const fields = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  let format;
  try {
    format = new Intl.DateTimeFormat("en-GB", { ...fields, timeZone: zone });
  } catch {
    format = new Intl.DateTimeFormat("en-GB", { ...fields, timeZone: "UTC" });
  }
  const names = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
  const dates = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  return (seconds) => {
    const p = Object.fromEntries(format.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]));
    const wall = Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) / 1000;
    const today = Date.UTC(p.year, p.month - 1, p.day) / 1000;
    const day = names.format(today * 1000);
    const date = dates.format(today * 1000);
    const two = (number) => String(number).padStart(2, "0");
    const minute = `${two(p.hour)}:${two(p.minute)}`;
    const second = `${minute}:${two(p.second)}`;
    const iso = new Date(today * 1000).toISOString().slice(0, 10);
    return { iso, short: p.second ? second : minute, day, date, midnight: Math.floor(seconds) - (wall - today), long: `${day} ${p.year}, ${second}` };
  };
}
