// What an item of an access log's format is: %h, %{Referer}i ...
import type { LogRecord } from "./hooks.js";
import type { Request } from "./request.js";

/** The text of an item for one request; undefined is written as "-". Text from outside goes through `escapeLogItem`. */
export type LogText = (request: Request, record: LogRecord) => string | undefined;

/** An item by its letter, registered as `provides: { logItem: { LETTER: item } }` ("^FB": a caret and two letters). */
export interface LogItem {
  /** Whether it shows the original of a chain of internal redirects where neither `<` nor `>` is written. */
  readonly original?: boolean;
  /** Makes the item once for a format; `argument` is what stands in braces, else "". */
  make(argument: string): LogText;
}

const special = /["\\]|[^ -~]/;
const letters: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

/** Escapes quotes, backslashes, control characters and all that is not ASCII, as Apache does in its logs. */
export function escapeLogItem(text: string): string {
  if (!special.test(text)) return text;
  return text.replace(
    /["\\]|[^ -~]/g,
    (char) => letters[char] ?? `\\x${(char.charCodeAt(0) & 0xff).toString(16).padStart(2, "0")}`,
  );
}
