// Entries of a listing → its lines as a table, preformatted, or a plain list.
import { escapeHtml, escapePath, shortSize } from "../../api/index.js";
import { special, type Entry, type Wanted } from "./entries.js";
import type { AutoindexSettings } from "./settings.js";

/** What the lines are made of. */
export interface Lines {
  readonly entries: readonly Entry[];
  readonly settings: AutoindexSettings;
  readonly wanted: Wanted;
  /** What links for sorting keep of the query. */
  readonly kept: string;
}

/** The listing itself, without what stands around it. */
export function writeLines(lines: Lines): string {
  const { options } = lines.wanted;
  if (options.has("HTMLTable")) return table(lines);
  if (options.has("FancyIndexing")) return preformatted(lines);
  const items = lines.entries.map(
    (entry) => `<li><a href="${anchorOf(entry)}"> ${escapeHtml(labelOf(entry))}</a></li>\n`,
  );
  return `<ul>${items.join("")}</ul>\n`;
}

function anchorOf({ name }: Entry): string {
  const path = escapePath(name);
  // A name with a colon would be read as one of a scheme.
  return escapeHtml(/^[^/]*:/.test(path) ? `./${path}` : path);
}

function labelOf({ name, isParent }: Entry): string {
  return isParent ? "Parent Directory" : name;
}

const headings = [
  ["N", "Name", undefined, "indexcolname"],
  ["M", "Last modified", "SuppressLastModified", "indexcollastmod"],
  ["S", "Size", "SuppressSize", "indexcolsize"],
  ["D", "Description", "SuppressDescription", "indexcoldesc"],
] as const;

function link({ wanted, kept }: Lines, column: string, text: string): string {
  if (wanted.options.has("SuppressColumnSorting") || wanted.options.has("IgnoreClient")) return text;
  const order = wanted.key === column && wanted.direction === "A" ? "D" : "A";
  return `<a href="?C=${column};O=${order}${kept}">${text}</a>`;
}

function image({ settings, wanted }: Lines, source: string, alt: string): string {
  const { iconWidth = 0, iconHeight = 0 } = settings.options.values;
  const size = `${iconWidth ? ` width="${iconWidth}"` : ""}${iconHeight ? ` height="${iconHeight}"` : ""}`;
  return `<img src="${escapeHtml(source)}" alt="${alt}"${size}${wanted.options.has("XHTML") ? " /" : ""}>`;
}

function iconOf(lines: Lines, { icon, alt }: Entry): string | undefined {
  const source = icon ?? lines.settings.defaultIcon;
  return source === undefined ? undefined : image(lines, source, `[${escapeHtml(alt ?? "   ")}]`);
}

function shownName(label: string, width: number): { readonly text: string; readonly padding: string } {
  const text = label.length > width ? `${label.slice(0, width - 3)}..>` : label;
  return { text: escapeHtml(text), padding: " ".repeat(width - text.length) };
}

function table(lines: Lines): string {
  const { settings, wanted, entries } = lines;
  const { options } = wanted;
  const styled = settings.styleSheet !== undefined;
  const cell = (tag: string, style: string, plain = ""): string => `<${tag}${styled ? ` class="${style}"` : plain}>`;
  const columns = headings.filter(([, , suppressed]) => suppressed === undefined || !options.has(suppressed));
  const icons = !options.has("SuppressIcon");
  const blank = special("^^BLANKICON^^", settings.icons);
  let text = styled ? '  <table id="indexlist">\n   <tr class="indexhead">' : "  <table>\n   <tr>";
  if (icons) {
    const shown = blank === undefined ? "&nbsp;" : image(lines, blank, "[ICO]");
    text += `${cell("th", "indexcolicon", ' valign="top"')}${shown}</th>`;
  }
  text += columns.map(([key, title, , style]) => `${cell("th", style)}${link(lines, key, title)}</th>`).join("");
  const count = columns.length + (icons ? 1 : 0);
  const rule = options.has("SuppressRules")
    ? ""
    : `   <tr${styled ? ' class="indexbreakrow"' : ""}><th colspan="${count}"><hr${options.has("XHTML") ? " /" : ""}></th></tr>\n`;
  text += `</tr>\n${rule}`;
  for (const [index, entry] of entries.entries()) text += row(lines, entry, { index, styled, icons });
  return `${text}${rule}</table>\n`;
}

function row(
  lines: Lines,
  entry: Entry,
  { index, styled, icons }: { readonly index: number; readonly styled: boolean; readonly icons: boolean },
): string {
  const { settings, wanted } = lines;
  const { options } = wanted;
  const parity = index % 2 === 1 ? "odd" : "even";
  const alt = entry.alt !== undefined && options.has("AddAltClass") ? `-${escapeHtml(entry.alt.toLowerCase())}` : "";
  const cell = (style: string, plain = ""): string => `<td${styled ? ` class="${style}"` : plain}>`;
  const anchor = anchorOf(entry);
  let text = styled ? `   <tr class="${parity}${alt}">` : "<tr>";
  if (icons) {
    const icon = iconOf(lines, entry) ?? "&nbsp;";
    const shown = options.has("IconsAreLinks") ? `<a href="${anchor}">${icon}</a>` : icon;
    text += `${cell("indexcolicon", ' valign="top"')}${shown}</td>`;
  }
  const width = settings.options.values.nameWidth ?? 23;
  const name = width === "*" ? { text: escapeHtml(labelOf(entry)), padding: "" } : shownName(labelOf(entry), width);
  text += `${cell("indexcolname")}<a href="${anchor}">${name.text}</a>${name.padding}</td>`;
  if (!options.has("SuppressLastModified")) {
    text +=
      entry.modified === undefined
        ? `${cell("indexcollastmod")}&nbsp;</td>`
        : `${cell("indexcollastmod", ' align="right"')}${dateOf(entry.modified, settings)}  </td>`;
  }
  if (!options.has("SuppressSize")) text += `${cell("indexcolsize", ' align="right"')}${shortSize(entry.size)}</td>`;
  if (!options.has("SuppressDescription")) {
    const { description } = entry;
    text += `${cell("indexcoldesc")}${description === undefined ? "&nbsp;" : cut(description, lines)}</td>`;
  }
  return `${text}</tr>\n`;
}

function preformatted(lines: Lines): string {
  const { settings, wanted, entries } = lines;
  const { options } = wanted;
  const { nameWidth = 23 } = settings.options.values;
  const width = nameWidth === "*" ? Math.max(23, ...entries.map(({ name }) => name.length)) : nameWidth;
  const blank = special("^^BLANKICON^^", settings.icons);
  let text = "<pre>";
  if (!options.has("SuppressIcon")) text += blank === undefined ? "      " : `${image(lines, blank, "Icon ")} `;
  text += `${link(lines, "N", "Name")}${" ".repeat(Math.max(0, width - 4))} `;
  if (!options.has("SuppressLastModified")) text += `${link(lines, "M", "Last modified")}      `;
  if (!options.has("SuppressSize")) text += `${link(lines, "S", "Size")}  `;
  if (!options.has("SuppressDescription")) text += link(lines, "D", "Description");
  const rule = options.has("XHTML") ? "<hr />" : "<hr>";
  text += options.has("SuppressRules") ? "\n" : rule;
  for (const entry of entries) text += line(lines, entry, width);
  return `${text}${options.has("SuppressRules") ? "" : rule}</pre>\n`;
}

function line(lines: Lines, entry: Entry, width: number): string {
  const { settings, wanted } = lines;
  const { options } = wanted;
  const anchor = anchorOf(entry);
  let text = "";
  if (!options.has("SuppressIcon")) {
    const icon = iconOf(lines, entry) ?? "     ";
    text += options.has("IconsAreLinks") ? `<a href="${anchor}">${icon}</a> ` : `${icon} `;
  }
  const name = shownName(labelOf(entry), width);
  text += `<a href="${anchor}">${name.text}</a>${name.padding} `;
  if (!options.has("SuppressLastModified")) {
    text += entry.modified === undefined ? " ".repeat(19) : `${dateOf(entry.modified, settings)}  `;
  }
  if (!options.has("SuppressSize")) text += `${shortSize(entry.size)}  `;
  if (!options.has("SuppressDescription") && entry.description !== undefined) text += cut(entry.description, lines);
  return `${text}\n`;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function dateOf(time: number, { options }: AutoindexSettings): string {
  const date = new Date(time);
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = two(date.getDate());
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return options.values.oldDates
    ? `${day}-${months[date.getMonth()] ?? ""}-${date.getFullYear()} ${clock}`
    : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${day} ${clock}`;
}

/** Cuts a description to the width there is for it; tags take none, entities count as one character. */
function cut(description: string, { settings, wanted: { options }, entries }: Lines): string {
  const { descriptionWidth } = settings.options.values;
  if (descriptionWidth === "*" && options.has("HTMLTable")) return description;
  const freed =
    (options.has("SuppressIcon") ? 6 : 0) +
    (options.has("SuppressLastModified") ? 19 : 0) +
    (options.has("SuppressSize") ? 7 : 0);
  const longest = (): number => Math.max(23, ...entries.map((entry) => entry.description?.length ?? 0));
  let left = descriptionWidth === undefined ? 23 + freed : descriptionWidth === "*" ? longest() : descriptionWidth;
  let at = 0;
  for (; at < description.length && (left > 0 || description[at] === "<"); at++) {
    const end = description[at] === "<" ? ">" : description[at] === "&" ? ";" : undefined;
    if (description[at] !== "<") left--;
    if (end === undefined) continue;
    const close = description.indexOf(end, at);
    if (close < 0) return description;
    at = close;
  }
  return at < description.length ? `${description.slice(0, at - 1)}>` : description;
}
