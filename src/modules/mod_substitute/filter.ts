// The filter SUBSTITUTE: a response → the same with its lines changed by rules.
import { pipeline, Transform } from "node:stream";
import { refuse, streamOf, type Body, type NamedFilter, type Request, type Response } from "../../api/index.js";
import { changeBy, LineTooLong, type LineChange } from "./rule.js";
import { substitute, type SubstituteSettings } from "./settings.js";

export const substituteFilter: NamedFilter = {
  type: "resource",
  run(request, response) {
    const settings = request.settings(substitute);
    const { maxLineLength } = settings;
    response.headers.delete("Content-Length");
    const { body } = response;
    if (body === undefined) return response;
    const change = changeOf(settings);
    return Buffer.isBuffer(body)
      ? changeWhole(request, response, { body, change })
      : stream(request, response, { body, change, maxLineLength });
  },
};

const changes = new WeakMap<SubstituteSettings, LineChange>();

/** Made once for the settings of a section. */
function changeOf(settings: SubstituteSettings): LineChange {
  let change = changes.get(settings);
  if (!change) changes.set(settings, (change = changeBy(settings.rules.list, settings.maxLineLength)));
  return change;
}

function changeWhole(
  request: Request,
  response: Response,
  { body, change }: { body: Buffer; change: LineChange },
): Response {
  try {
    const text = body.toString("latin1");
    const changed = text.replace(/[^\n]*\n|[^\n]+$/g, change);
    // As Apache, which passes lines on before it has seen the end.
    const unsized = text.includes("\n") ? { unsized: true as const } : {};
    return { ...response, body: Buffer.from(changed, "latin1"), ...unsized };
  } catch (error) {
    if (!(error instanceof LineTooLong)) throw error;
    logLength(request);
    return refuse(500);
  }
}

function logLength(request: Request): void {
  request.log("error", "substitute", `AH01328: Line too long, URI ${request.path}`);
}

function stream(
  request: Request,
  response: Response,
  { body, change, maxLineLength }: { body: NonNullable<Body>; change: LineChange; maxLineLength: number },
): Response {
  let rest = "";
  const lines = new Transform({
    transform(piece: Buffer, _encoding, done) {
      try {
        rest += piece.toString("latin1");
        const end = rest.lastIndexOf("\n") + 1;
        if (rest.length - end > maxLineLength) throw new LineTooLong();
        const changed = rest.slice(0, end).replace(/[^\n]*\n/g, change);
        rest = rest.slice(end);
        done(null, changed === "" ? undefined : Buffer.from(changed, "latin1"));
      } catch (error) {
        if (error instanceof LineTooLong) logLength(request);
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
    flush(done) {
      try {
        done(null, rest === "" ? undefined : Buffer.from(change(rest), "latin1"));
      } catch (error) {
        if (error instanceof LineTooLong) logLength(request);
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
  return { ...response, body: pipeline(streamOf(body), lines, () => undefined) };
}
