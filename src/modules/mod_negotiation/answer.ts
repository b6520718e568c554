// A choice among variants → the fields that tell of it, or the page that lists them.
import { escapeHtml, escapePath, refuse, type Request, type Response } from "../../api/index.js";
import type { Variant } from "./choose.js";

const segment = (name: string): string =>
  escapePath(name).replace(/[;?]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);

/** How a request is negotiated. */
export interface Negotiated {
  readonly variants: readonly Variant[];
  /** Whether caches may choose among the variants by themselves: they are neighbours, and it is a GET. */
  readonly isTransparent: boolean;
}

/** Adds Vary and TCN; with a list, Alternates too. */
export function addFields(request: Request, { variants, isTransparent }: Negotiated, result: "choice" | "list"): void {
  const { alwaysHeaders: headers } = request;
  if (result === "list" && variants.length > 0) headers.append("Alternates", variants.map(alternate).join(", "));
  const differ = (of: (variant: Variant) => string): boolean => new Set(variants.map(of)).size > 1;
  const names = [
    ...(isTransparent ? ["negotiate"] : []),
    ...(differ(({ type }) => type) ? ["accept"] : []),
    ...(differ(({ languages }) => languages.join(",")) ? ["accept-language"] : []),
    ...(differ(({ charset }) => charset) ? ["accept-charset"] : []),
    ...(differ(({ encoding }) => encoding) ? ["accept-encoding"] : []),
  ];
  if (names.length > 0) headers.append("Vary", names.join(","));
  if (isTransparent) headers.append("TCN", result);
}

/** Adds the name of what was chosen. */
export function addLocation(request: Request, { fileName }: Variant): void {
  request.alwaysHeaders.append("Content-Location", segment(fileName));
}

function alternate({ fileName, sourceQuality, type, charset, languages, encoding, length }: Variant): string {
  const quality = sourceQuality
    .toFixed(3)
    .replace(/0{1,2}$/, "")
    .replace(/\.0$/, "");
  const facts = [
    type === "" ? "" : ` {type ${type}}`,
    charset === "" ? "" : ` {charset ${charset}}`,
    languages.length === 0 ? "" : ` {language ${languages.join(",")}}`,
    encoding === "" ? "" : ` {encoding ${encoding}}`,
    length < 0 ? "" : ` {length ${length}}`,
  ];
  return `{"${segment(fileName)}" ${quality}${facts.join("")}}`;
}

/** The page of a 406, with what there is. */
export function notAcceptable(request: Request, negotiated: Negotiated): Response {
  addFields(request, negotiated, "list");
  const items = negotiated.variants.map(({ fileName, description, type, languages, charset, encoding }) => {
    const facts = [
      type === "" ? "" : `, type ${escapeHtml(type)}`,
      languages.length === 0 ? "" : `, language ${escapeHtml(languages.join(","))}`,
      charset === "" ? "" : `, charset ${escapeHtml(charset)}`,
      encoding === "" ? "" : `, encoding ${escapeHtml(encoding)}`,
    ];
    return `<li><a href="${segment(fileName)}">${escapeHtml(fileName)}</a> ${description}${facts.join("")}</li>\n`;
  });
  request.log("error", "negotiation", `AH00690: no acceptable variant: ${request.filename}`);
  return refuse(406, { note: `Available variants:\n<ul>\n${items.join("")}</ul>\n` });
}
