// Text of an ExtFilterDefine line → the filter it defines.
import type { NamedFilter, Place } from "../../api/index.js";
import type { ExternalFilter } from "./settings.js";

type Parts = { -readonly [Name in keyof ExternalFilter]: ExternalFilter[Name] };

/** Reads the name and what stands behind it. */
export function readDefinition(text: string, place: Place): ExternalFilter {
  const [, name = "", rest = ""] = /^\s*(\S+)\s*([^]*)$/.exec(text) ?? [];
  if (name === "") return place.fail("the name of a filter was expected, found nothing");
  const filter: Parts = {
    ...{ name: name.toUpperCase(), mode: "output", type: "resource", command: [], inType: undefined },
    ...{ outType: undefined, keepsLength: false, enabledBy: undefined, disabledBy: undefined, origin: place.origin },
  };
  for (const part of rest.match(/cmd="(?:[^"\\]|\\[^])*"?|\S+/gi) ?? []) readPart(part, filter, place);
  if (filter.command.length === 0) place.fail("cmd=PROGRAM was expected: the program to lead bytes through");
  return filter;
}

function readPart(part: string, filter: Parts, place: Place): void {
  if (part.toLowerCase() === "preservescontentlength") {
    filter.keepsLength = true;
    return;
  }
  const [, key = "", value = ""] = /^(\w+)=([^]*)$/.exec(part) ?? [];
  const read = Object.hasOwn(parts, key.toLowerCase()) ? parts[key.toLowerCase()] : undefined;
  if (!read)
    return place.fail(
      `one of ${Object.keys(parts).join("=, ")}= or PreservesContentLength was expected, found "${part}"`,
    );
  read(value, filter, place);
}

const parts: Readonly<Record<string, (value: string, filter: Parts, place: Place) => void>> = {
  mode: (value, filter, place) => {
    const mode = value.toLowerCase();
    if (mode !== "output" && mode !== "input") return place.fail(`mode= must be output or input, found "${value}"`);
    filter.mode = mode;
  },
  ftype: (value, filter) => void (filter.type = typeOf(Number.parseInt(value, 10) || 0)),
  enableenv: (value, filter) => void (filter.enabledBy = value),
  disableenv: (value, filter) => void (filter.disabledBy = value),
  intype: (value, filter) => void (filter.inType = value === "*/*" ? undefined : value.toLowerCase()),
  outtype: (value, filter) => void (filter.outType = value.toLowerCase() === "(unchanged)" ? undefined : value),
  cmd: (value, filter, place) => {
    if (value.startsWith('"') && !/^"(?:[^"\\]|\\[^])*"$/.test(value))
      place.fail(`cmd= must end in a quote, found ${value}`);
    filter.command = value.startsWith('"') ? argumentsOf(value.slice(1, -1)) : [value];
    const [program = ""] = filter.command;
    if (!program.startsWith("/")) place.fail(`cmd= must be the full path of a program, found "${program}"`);
  },
};

/** Apache's numbers: 10 resources, 20 what packs them, from 30 on what is sent. */
function typeOf(number: number): NamedFilter["type"] {
  return number < 20 ? "resource" : number < 30 ? "content set" : "connection";
}

/** Words as Apache's library splits them: a quote counts at the beginning of a word, a backslash in front of blanks and quotes. */
function argumentsOf(text: string): string[] {
  const words = text.matchAll(/"((?:\\[ \t"']|[^"])*)"?|'((?:\\[ \t"']|[^'])*)'?|(?:\\[ \t"']|[^ \t])+/g);
  return [...words].map(([word, double, single]) => (double ?? single ?? word).replace(/\\([^])/g, "$1"));
}
