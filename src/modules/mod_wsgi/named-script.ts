// WSGIHandlerScript and WSGIImportScript lines → the scripts they name.
import { type Origin, type Place } from "../../api/index.js";
import { readOptions } from "./options.js";
import type { AliasOptions } from "./script-alias.js";

/** A script that answers the requests of a handler's name. */
export interface HandlerScript extends AliasOptions {
  /** Absolute path. */
  readonly path: string;
  readonly origin: Origin;
}

/** A script to be loaded when a process starts; both groups by name, "" for embedded and main. */
export interface ImportScript {
  readonly path: string;
  readonly processGroup: string;
  readonly applicationGroup: string;
  readonly origin: Origin;
}

/** The function of a handler's script that is called. */
export const handlerCallable = "handle_request";

/** Reads the script and options of a WSGIHandlerScript line. */
export function readHandlerScript(path: string, text: string, place: Place): HandlerScript {
  const options = readOptions(text, ["process-group", "application-group", "pass-authorization"], place);
  const pass = options.get("pass-authorization");
  if (pass !== undefined && !/^(on|off)$/i.test(pass)) {
    place.fail(`option pass-authorization must be On or Off, found "${pass}"`);
  }
  return {
    path: place.resolve(path),
    origin: place.origin,
    processGroup: options.get("process-group"),
    applicationGroup: options.get("application-group"),
    callable: handlerCallable,
    passAuthorization: pass === undefined ? undefined : /^on$/i.test(pass),
  };
}

/** Reads the script and options of a WSGIImportScript line. */
export function readImportScript(path: string, text: string, place: Place): ImportScript {
  const keys = ["process-group", "application-group"] as const;
  const options = readOptions(text, keys, place);
  const [processGroup, applicationGroup] = keys.map((key) => {
    const written = options.get(key) ?? place.fail(`option ${key} is needed: where the script is to be loaded`);
    if (written === "%{GLOBAL}") return "";
    return written.startsWith("%")
      ? place.fail(`option ${key} must be a name or %{GLOBAL}, found "${written}"`)
      : written;
  });
  return {
    path: place.resolve(path),
    processGroup: processGroup ?? "",
    applicationGroup: applicationGroup ?? "",
    origin: place.origin,
  };
}
