// An HTTP date → seconds since the epoch.

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const forms = [
  /^\s*\S+ (?<day>\d\d) (?<month>[a-z]{3}) (?<year>\d{4}) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) /i,
  /^\s*\S+ (?<day>\d\d)-(?<month>[a-z]{3})-(?<year>\d\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) /i,
  /^\s*\S+ (?<month>[a-z]{3}) (?<day>[ \d]\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) (?<year>\d{4})/i,
];

/** Seconds since the epoch of an HTTP date in any of its three forms; undefined for anything else. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const groups = (forms[0]?.exec(text) ?? forms[1]?.exec(text) ?? forms[2]?.exec(text))?.groups;
  const { day = "", month = "", year = "", h = "", m = "", s = "" } = groups ?? {};
  const monthIndex = months.indexOf(month.toLowerCase());
  if (!groups || monthIndex < 0 || Number(h) > 23 || Number(m) > 59 || Number(s) > 61) return undefined;
  const short = Number(year);
  const full = year.length === 4 ? short : short < 70 ? short + 2000 : short + 1900;
  const midnight = new Date(Date.UTC(full, monthIndex, Number(day)));
  // A day the month does not have is no date.
  if (midnight.getUTCMonth() !== monthIndex) return undefined;
  return midnight.getTime() / 1000 + Number(h) * 3600 + Number(m) * 60 + Number(s);
}
