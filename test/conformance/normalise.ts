// What a server answered → the same without what must differ between two servers: clock, product, ports, boundaries.
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { Answer, Conversation, Field } from "./wire-client.js";
import type { Server } from "./servers.js";

const months = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
const httpDate = new RegExp(`^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d (${months}) \\d{4} \\d\\d:\\d\\d:\\d\\d GMT$`);
const product = /\b(Apache|modhost)(\/[\d.]+( \(\w+\))?( [\w.-]+\/[\w.]+)*)?/g;

/** Seconds between the beginning of a request and its answer, which may lie in different seconds. */
const aMoment = 3;

/** Text of a conversation for comparing and showing: the answers in order, then the fate of the connection. */
export function show(conversation: Conversation, server: Server): string {
  const blank = (text: string): string => withoutPorts(text, conversation, server);
  return [
    ...conversation.answers.map((answer) => showAnswer(answer, blank)),
    `-- connection ${conversation.connection}`,
  ].join("\n");
}

/** An answer with its body as it was before it was compressed: two compressors need not give the same bytes. */
function unpacked(answer: Answer): Answer & { readonly packed?: true } {
  const coding = answer.fields
    .find(({ name }) => name === "Content-Encoding")
    ?.value.split(",")
    .at(-1)
    ?.trim();
  if (answer.body === "") return /^(?:gzip|br)$/.test(coding ?? "") ? { ...answer, packed: true } : answer;
  const bytes = Buffer.from(answer.body, "latin1");
  try {
    if (coding === "gzip") return { ...answer, body: gunzipSync(bytes).toString("latin1"), packed: true };
    if (coding === "br") return { ...answer, body: brotliDecompressSync(bytes).toString("latin1"), packed: true };
  } catch {
    // A part of it, or nothing: shown as it is.
  }
  return answer;
}

function showAnswer(packed: Answer, blank: (text: string) => string): string {
  const answer = unpacked(packed);
  const boundary = /boundary=(\S+)/.exec(answer.fields.find(({ name }) => name === "Content-Type")?.value ?? "")?.[1];
  const unbounded = (text: string): string => (boundary === undefined ? text : text.replaceAll(boundary, "BOUNDARY"));
  const body = blank(unbounded(answer.body))
    .replace(/(<address>)[^<]*?( Server at)/g, "$1PRODUCT$2")
    // What a back end tells of its request: the options of Connection have no case (RFC 9110, 7.6.1).
    .replace(/HTTP_CONNECTION = 'Keep-Alive'/g, "HTTP_CONNECTION = 'keep-alive'");
  // A name of another length in the body changes its length; framing has been checked by the reader.
  const unknown = boundary !== undefined && answer.body === "";
  const length = unknown
    ? "(depends on the boundary)"
    : answer.packed
      ? "(depends on the compressor)"
      : body.length === answer.body.length
        ? undefined
        : String(body.length);
  const date = answer.fields.find(({ name }) => name === "Date")?.value ?? "";
  const fields = answer.fields
    .map((field) => (field.name === "Expires" ? { ...field, value: fromDate(field.value, date) } : field))
    .map((field) => showField(field, length, (text) => blank(unbounded(text))));
  return [
    answer.statusLine,
    ...fields,
    "",
    body,
    ...answer.trailers.map(({ name, value }) => `trailer ${name}: ${value}`),
    ...(answer.broken === undefined ? [] : [`-- ${answer.broken}`]),
  ].join("\n");
}

/** Whole days from the answer's own date on, as "DATE + 30 days": two servers may answer in different seconds. */
function fromDate(value: string, date: string): string {
  const seconds = (Date.parse(value) - Date.parse(date)) / 1000;
  if (Math.abs(seconds) <= aMoment) return "DATE";
  const days = Math.round(seconds / 86_400);
  return days > 0 && Math.abs(seconds - days * 86_400) <= 1 ? `DATE + ${days} days` : value;
}

function showField({ name, value }: Field, length: string | undefined, blank: (text: string) => string): string {
  switch (name.toLowerCase()) {
    case "date":
      return `${name}: ${httpDate.test(value) ? "DATE" : value}`;
    case "server":
    case "proxy-agent":
      return `${name}: ${value.replace(product, "PRODUCT")}`;
    // The order of methods differs between two starts of one Apache.
    case "allow":
      return `${name}: ${value.split(",").sort().join(",")}`;
    case "content-length":
      return `${name}: ${length ?? value}`;
    case "set-cookie":
    case "set-cookie2":
      return `${name}: ${blank(value.replace(trackingId, "=ID").replace(cookieDate, "expires=DATE"))}`;
    default:
      return `${name}: ${blank(value)}`;
  }
}

/** What mod_usertrack gives out: a random number and the time. */
const trackingId = /=[0-9a-f]{1,8}\.[0-9a-f]{13,14}\b/;
const cookieDate = new RegExp(`expires=\\w{3}, \\d\\d-(${months})-\\d\\d \\d\\d:\\d\\d:\\d\\d GMT`);

function withoutPorts(text: string, { clientPort }: Conversation, { ports, run }: Server): string {
  let plain = text.replaceAll(run, "@RUN@").replace(new RegExp(`\\b${clientPort}\\b`, "g"), "CPORT");
  ports.forEach((port, index) => {
    plain = plain.replace(new RegExp(`\\b${port}\\b`, "g"), `PORT${index + 1}`);
  });
  return plain;
}

/** An access log line without time, ports, and what its format marks as took=, epoch= and pid=; what it marks as out=
 *  and sum= counts without the value of the Server field. */
export function showLogLine(line: string, conversation: Conversation, server: Server): string {
  const name = conversation.answers[0]?.fields.find((field) => field.name === "Server")?.value ?? "";
  return withoutPorts(line, conversation, server)
    .replace(new RegExp(`\\[\\d\\d/(${months})/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}\\]`, "g"), "[TIME]")
    .replace(/\b(out|sum)=(\d+)/g, (_all, key: string, bytes: string) => `${key}=${Number(bytes) - name.length}`)
    .replace(new RegExp(`^\\[\\w{3} (${months}) \\d\\d [\\d:.]+ \\d{4}\\]`), "[TIME]")
    .replace(/\[pid \d+:tid \d+\]/, "[pid N:tid N]")
    .replace(/^([+-])[\w@-]{20,30}(?=\||$)/, "$1ID")
    .replace(/\btook=\d+(\.\d+)?/g, "took=N")
    .replace(/\bepoch=\d{10,16}\b/g, "epoch=N")
    .replace(/\bpid=\d+/g, "pid=N")
    .replace(product, "PRODUCT");
}
