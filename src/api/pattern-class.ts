// A PCRE character class → the same class in JavaScript.

const posix: Readonly<Record<string, string>> = {
  alpha: "A-Za-z",
  digit: "0-9",
  alnum: "A-Za-z0-9",
  upper: "A-Z",
  lower: "a-z",
  space: "\\t-\\r ",
  blank: "\\t ",
  punct: "!-\\/:-@\\[-`{-~",
  print: " -~",
  graph: "!-~",
  cntrl: "\\x00-\\x1f\\x7f",
  xdigit: "0-9A-Fa-f",
  word: "\\w",
  ascii: "\\x00-\\x7f",
};
const notPosix: Readonly<Record<string, string>> = {
  alpha: "\\x00-@\\[-`{-\\xff",
  digit: "\\D",
  alnum: "\\x00-\\/:-@\\[-`{-\\xff",
  space: "\\x00-\\x08\\x0e-\\x1f!-\\xff",
  word: "\\W",
};
const escapes: Readonly<Record<string, string>> = {
  s: "\\t-\\r ",
  S: "\\x00-\\x08\\x0e-\\x1f!-\\uffff",
  h: "\\t \\xa0",
  v: "\\n-\\r\\x85",
  a: "\\x07",
  e: "\\x1b",
  b: "\\x08",
};

/** The class that starts at `start`, and the index behind it; undefined when it has no end. `fold`: letters in both cases. */
export function readClass(source: string, start: number, fold: boolean): { text: string; end: number } | undefined {
  let at = start + 1;
  let text = "[";
  if (source[at] === "^") {
    text += "^";
    at++;
  }
  const first = at;
  while (at < source.length) {
    const rest = source.slice(at, at + 16);
    const char = source[at] as string;
    const named = /^\[:(\^?)([a-z]+):\]/.exec(rest);
    const members = named && (named[1] ? notPosix : posix)[named[2] as string];
    if (named && members) {
      text += members;
      at += named[0].length;
    } else if (char === "]" && at > first) {
      return { text: `${text}]`, end: at + 1 };
    } else if (char === "\\") {
      const escape = readEscape(rest);
      text += escape.text;
      at += escape.length;
    } else {
      const range = fold ? /^([A-Za-z])-([A-Za-z])/.exec(rest) : null;
      if (range) {
        text += `${range[0].toLowerCase()}${range[0].toUpperCase()}`;
        at += 3;
      } else {
        text +=
          fold && /[A-Za-z]/.test(char)
            ? char.toLowerCase() + char.toUpperCase()
            : char === "]" || char === "["
              ? `\\${char}`
              : char;
        at++;
      }
    }
  }
  return undefined;
}

function readEscape(rest: string): { text: string; length: number } {
  const hex = /^\\x\{([0-9a-f]{1,2})\}/i.exec(rest) ?? /^\\x([0-9a-f]{1,2})/i.exec(rest);
  if (hex) return { text: `\\x${(hex[1] as string).padStart(2, "0")}`, length: hex[0].length };
  const octal = /^\\([0-7]{1,3})/.exec(rest);
  if (octal) {
    return {
      text: `\\x${(parseInt(octal[1] as string, 8) & 255).toString(16).padStart(2, "0")}`,
      length: octal[0].length,
    };
  }
  const char = rest[1] ?? "\\";
  const known = escapes[char];
  if (known) return { text: known, length: 2 };
  return { text: /[dDwWnrtf]/.test(char) ? `\\${char}` : /\w/.test(char) ? char : `\\${char}`, length: 2 };
}
