// The options of a process group and `<WSGIInterpreterOptions>` sections → the options of one interpreter.
import type { InterpreterLayer } from "../api/index.js";

/** What sections can change. */
export interface InterpreterSpec {
  readonly pythonPath: readonly string[];
  /** undefined: signals. */
  readonly restricted?: readonly string[];
  readonly switchInterval?: number;
  /** The more specific ones later. */
  readonly interpreters?: readonly InterpreterLayer[];
}

/** The options for the interpreter of an application group: paths add up, the most specific ones in front. */
export function underLayers(
  { pythonPath, restricted = ["signal"], switchInterval = 0, interpreters = [] }: InterpreterSpec,
  applicationGroup: string,
): Required<Omit<InterpreterSpec, "interpreters">> {
  const refused = new Set(restricted);
  let path = pythonPath;
  let interval = 0;
  for (const layer of interpreters) {
    if (layer.applicationGroup !== undefined && layer.applicationGroup !== applicationGroup) continue;
    path = [...layer.pythonPath, ...path];
    interval = layer.switchInterval || interval;
    for (const [what, isRefused] of Object.entries(layer.restricted)) {
      if (isRefused) refused.add(what);
      else refused.delete(what);
    }
  }
  return { pythonPath: path, restricted: [...refused], switchInterval: interval || switchInterval };
}
