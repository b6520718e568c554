// The filter SED: responses and bodies of requests, edited by scripts.
import {
  editBody,
  editedStream,
  filteredBody,
  type GaveUp,
  type InputFilter,
  type NamedFilter,
  type Request,
} from "../../api/index.js";
import { SedError } from "./error.js";
import { link, type SedProgram } from "./program.js";
import { SedRun } from "./run.js";
import { sed, type Scripts } from "./settings.js";

const programs = new WeakMap<Scripts["output"], SedProgram>();

/** The program of a script, made once; undefined for none. */
function programOf(parts: Scripts["output"]): SedProgram | undefined {
  if (parts.length === 0) return undefined;
  let program = programs.get(parts);
  if (!program) programs.set(parts, (program = link(parts)));
  return program;
}

export const sedOutput: NamedFilter = {
  type: "resource",
  run: (request, response) => {
    const program = programOf(request.settings(sed).scripts.output);
    const { body, headers } = response;
    if (!program || body === undefined) return response;
    if (Buffer.isBuffer(body) && body.length === 0) return response;
    headers.delete("Content-Length");
    if (!Buffer.isBuffer(body) && request.headOnly) return { ...response, body: undefined };
    const { unsized: _pieces, ...edited } = editBody(response, new SedRun(program), gaveUp(request));
    return edited;
  },
};

function gaveUp(request: Request): GaveUp {
  return (error) => {
    if (!(error instanceof SedError)) throw error;
    request.log("error", "sed", error.message);
  };
}

export const sedInput: InputFilter = (request, body) => {
  const program = programOf(request.settings(sed).scripts.input);
  if (!program || request.parent || request.previous) return body;
  return filteredBody(body, (source) => editedStream(source, new SedRun(program), gaveUp(request)));
};
