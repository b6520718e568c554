// Files that hold their own fields → responses.
import { closeSync, openSync, readSync } from "node:fs";
import {
  answer,
  defineModule,
  fileSystemPath,
  HeadReader,
  OutputFault,
  refuse,
  type Request,
  type ScriptHead,
  type Verdict,
} from "../../api/index.js";

export default defineModule({
  name: "mod_asis",
  summary: "Sends files that begin with their own fields: the handler send-as-is.",
  settings: {},
  directives: () => ({}),
  hooks: {
    handler: {
      run(request) {
        const name = request.handler ?? request.contentType?.replace(/[; ].*/s, "");
        if ((name !== "send-as-is" && name !== "httpd/send-as-is") || request.method !== "GET") return undefined;
        return send(request);
      },
    },
  },
});

function send(request: Request): Verdict | Promise<Verdict> {
  const { filename, file } = request;
  if (!file) {
    request.log("info", "asis", `AH01233: File does not exist: ${filename}`);
    return refuse(404);
  }
  let found: { head: ScriptHead; offset: number };
  try {
    found = readHead(filename);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    request.log(
      "error",
      "asis",
      error instanceof OutputFault ? reason : `AH01234: ${filename} cannot be read: ${reason}`,
    );
    return refuse(error instanceof OutputFault ? 500 : 403);
  }
  const { always, fields, status = 200, reason, contentType } = found.head;
  const location = fields.get("location");
  if (location?.startsWith("/") && (status === 200 || (status >= 300 && status < 400))) {
    always.forEach((name, value) => request.alwaysHeaders.append(name, value));
    return request.redirect(location);
  }
  const length = Math.max(0, file.size - found.offset);
  if (fields.has("content-length")) fields.set("Content-Length", String(length));
  fields.delete("Transfer-Encoding");
  const type = contentType ?? request.contentType;
  if (type !== undefined) fields.append("Content-Type", type);
  const body = request.headOnly ? undefined : { path: filename, offset: found.offset, length };
  return { ...answer(status, fields, body), always, ...(reason === undefined ? {} : { reason }) };
}

function readHead(filename: string): { head: ScriptHead; offset: number } {
  const reader = new HeadReader(filename.slice(filename.lastIndexOf("/") + 1));
  const descriptor = openSync(fileSystemPath(filename), "r");
  try {
    const bytes = Buffer.alloc(8192);
    for (let read = 0; ;) {
      const length = readSync(descriptor, bytes, 0, bytes.length, read);
      if (length === 0) return reader.ended();
      read += length;
      const rest = reader.read(bytes.subarray(0, length));
      if (rest) return { head: reader.head(Date.now()), offset: read - rest.length };
    }
  } finally {
    closeSync(descriptor);
  }
}
