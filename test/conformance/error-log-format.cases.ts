// ErrorLogFormat: every item and modifier, fields left out, and lines once for a connection or a request.
import type { Case, Suite } from "./harness.js";

const hex = "[\\w+/@-]";

interface Row {
  readonly name: string;
  /** Lines of the virtual host; @ROW@ messages are written by LogMessage. */
  readonly lines: string;
  readonly more?: Partial<Case>;
}

/** A format of messages alone. */
const format = (name: string, text: string, more: Partial<Case> = {}): Row => ({
  name,
  lines: `ErrorLogFormat "${text}"`,
  more,
});

const agent = ["User-Agent: curl/8"];
const referer = ["Referer: http://from.test/"];
const manual = "[%{u}t] [%-m:%l] [pid %P:tid %T] %7E: [client\\ %a] %M% ,\\ referer\\ %{Referer}i";

const rows: readonly Row[] = [
  format("is the message alone", "%M"),
  format("has text in front and behind", "before %M behind"),
  format("has percent signs", "100%% %M"),
  format("has level and module", "%l %m %M"),
  format("has the client's address", "[%a] %M"),
  format("has the other side of the connection", "[%{c}a] %M"),
  format("has this side of the connection", "[%A] %M"),
  format("has fields of the request", "%{User-Agent}i|%M", { headers: agent }),
  format("has fields of the request in any case", "%{uSER-aGENT}i|%M", { headers: agent }),
  format("has environment variables", "%{COLOUR}e|%M"),
  format("has notes", "%-{nothing}n|%M"),
  format("has the requests of the connection", "k=%k %M", {
    raw: ["GET /a HTTP/1.1\r\nHost: @HOST@\r\n\r\n", "GET /b HTTP/1.1\r\nHost: @HOST@\r\n\r\n"],
    answers: ["GET", "GET"],
  }),
  format("has both server names", "%v %V %M"),
  format("has times", "[%t] [%{u}t] %M"),
  format("has compact times", "[%{c}t] [%{cu}t] [%{uc}t] %M"),
  format("has times with their zone", "[%{cuz}t] [%{z}t] [%{cz}t] %M"),
  format("has times by strftime", "[%{%Y-%m-%dT%H}t] %M"),
  format("has process and thread", "[pid %P] [%{g}T] %M"),
  format("has ids", "[R:%L] [C:%{c}L] [C:%{C}L] %M"),
  format("leaves out fields without content", "[%{Referer}i] [%l] %M"),
  format("leaves out a field in the middle", "[%l] [from %{Referer}i] %M"),
  format("leaves out only the field where blanks are escaped", "[%l] [from\\ %{Referer}i] %M"),
  format("leaves out what stands behind in the field", "[%l] <%{Referer}i:%m> %M"),
  format("leaves out what stands in front of the message", "%l:%{Referer}i:%M"),
  format("writes the message of a field that is left out", "%l %{Referer}i%M %m"),
  format("leaves out the last field", "%M %{Referer}i"),
  format("parts fields without a blank", "%l%M% ,\\ referer:\\ %{Referer}i"),
  format("writes that field where there is something", "%l%M% ,\\ referer:\\ %{Referer}i", { headers: referer }),
  format("writes hyphens", "[%-{Referer}i] [%-{NONE}e] %M"),
  format("writes no hyphen where there is something", "[%-{Referer}i] %M", { headers: referer }),
  format("knows the level of a message", "%7m %6l %4{User-Agent}i %M", { headers: agent }),
  format("leaves out fields of a level that hold an item without one", "[%7m %l] [%6m:%l] %M"),
  format("has an item with hyphen and level", "%-7{Referer}i|%-6{Referer}i %M"),
  format("has modifiers in any order", "%{Referer}-6i|%6-{Referer}i|%-{Referer}6i %M"),
  format("has tabs and other escapes", "a\\tb\\\\c\\d %M"),
  format("has Apache's own format, as the manual writes it", manual),
  format("has that with a referer", manual, { headers: referer }),
  format("has the error of the system", "[%E] %M"),
  format("escapes what the client sends", "<%{X-In}i> %M", { headers: ["X-In: a\\b\"c\x80\td'"] }),
  format("escapes the message", "%M", { target: "/%0ab%1b%5c" }),
  format("is not forged by fields", "%{X-In}i %M", { headers: ["X-In: \x1b[31m %M %{Host}i"] }),
  format("bounds its lines", "%{X-In}i %M", { headers: [`X-In: ${"x".repeat(8000)}`], target: `/${"y".repeat(400)}` }),
  format("has several blanks", "%l   %m  %M"),
  format("has blanks at its ends", " %l %M "),
  format("repeats the message", "%M|%M", { differs: "the second one is empty in Apache" }),
  {
    name: "has lines for requests",
    lines: `ErrorLogFormat "[R:%L] %M"\nErrorLogFormat request "[R:%L] request %k of C:%{c}L"`,
    more: { linesEach: 2 },
  },
  {
    name: "has several lines for requests",
    lines: `ErrorLogFormat "%M"\nErrorLogFormat request "agent '%+{User-Agent}i'"\nErrorLogFormat request "from %+{Referer}i"`,
    more: { linesEach: 2, headers: agent },
  },
  {
    name: "leaves out lines without what must be there",
    lines: `ErrorLogFormat "%M"\nErrorLogFormat request "agent '%+{User-Agent}i'"`,
  },
  {
    name: "has lines for connections",
    lines: `ErrorLogFormat "[C:%{C}L] [c:%{c}L] %M"\nErrorLogFormat connection "[C:%{C}L] remote %a local %A"`,
    more: { linesEach: 2 },
  },
  {
    name: "has both, the connection's first",
    lines: `ErrorLogFormat "%l %M"\nErrorLogFormat request "request [%-l:%-m] %v %V"\nErrorLogFormat connection "connection [%-l:%-m] [%v] [%V]"`,
    more: { linesEach: 3 },
  },
  {
    name: "writes them once for a connection",
    lines: `ErrorLogFormat "%M"\nErrorLogFormat request "request %k"\nErrorLogFormat connection "connection"`,
    more: {
      raw: ["GET /a HTTP/1.1\r\nHost: @HOST@\r\n\r\n", "GET /b HTTP/1.1\r\nHost: @HOST@\r\n\r\n"],
      answers: ["GET", "GET"],
      linesEach: 2.5,
    },
  },
  {
    name: "is inherited from the main server",
    lines: "",
  },
  {
    name: "knows kinds in any case",
    lines: 'ErrorLogFormat "%M"\nErrorLogFormat Request "a request"',
    more: { linesEach: 2 },
  },
];

const hostOf = (index: number): string => `format${index}.test`;

const configuration = `LoadModule log_debug_module @MODULES@/mod_log_debug.so
LoadModule headers_module @MODULES@/mod_headers.so
DocumentRoot "@ROOT@/htdocs"
LogLevel crit log_debug:info
SetEnv COLOUR "blue \\"green\\""
ErrorLogFormat "main: %M"
${rows
  .map(
    ({ lines }, index) => `<VirtualHost *:@PORT@>
  ServerName ${hostOf(index)}
  ErrorLog "@RUN@/messages.log"
  ${lines}
  LogMessage "message of %{REQUEST_URI}" hook=fixups
</VirtualHost>
`,
  )
  .join("")}`;

/** Digits in place of what differs between two servers: times, processes and ids. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/\[\w{3} \w{3} \d\d \d\d:\d\d:\d\d(\.\d{6})?( \d{4})( [+-]\d{4})?\]/g, "[TIME$1$3]"],
  [/\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?( [+-]\d{4})?\]/g, "[COMPACT$1$2]"],
  [/\.\d{6}/g, ".MICROS"],
  [/\[pid \d+/g, "[pid N"],
  [/:tid \d+/g, ":tid N"],
  [/ \[\d+\] /g, " [N] "],
  [new RegExp(`([RCc]):${hex}{3,40}`, "g"), "$1:ID"],
];

export const suite: Suite = {
  name: "formats of the error log",
  configuration,
  files: { "htdocs/a.txt": "a\n" },
  masks,
  cases: rows.map(({ name, more = {} }, index): Case => {
    const { raw, ...rest } = more;
    const named = (text: string): string => text.replaceAll("@HOST@", hostOf(index));
    return {
      name,
      target: "/a.txt",
      host: hostOf(index),
      logs: ["messages.log"],
      ...rest,
      ...(raw === undefined ? {} : { raw: typeof raw === "string" ? named(raw) : raw.map(named) }),
    };
  }),
};
