// A number of bytes → four characters.

/** A size in four characters, as APR writes it: " 12K", "1.2M". */
export function shortSize(size: number): string {
  if (size < 0) return "  - ";
  if (size < 973) return `${String(size).padStart(3)} `;
  const units = "KMGTPE";
  let whole = size;
  for (const unit of units) {
    const remain = whole % 1024;
    whole = Math.floor(whole / 1024);
    if (whole >= 973) continue;
    if (whole < 9 || (whole === 9 && remain < 973)) {
      const tenth = Math.floor((remain * 5 + 256) / 512);
      return tenth >= 10 ? `${whole + 1}.0${unit}` : `${whole}.${tenth}${unit}`;
    }
    return `${String(remain >= 512 ? whole + 1 : whole).padStart(3)}${unit}`;
  }
  return "****";
}
