// WSGIScriptAlias lines → script files for URL paths.
import {
  byteString,
  compileSubstitution,
  lookupFor,
  type Origin,
  type PathTest,
  type Place,
  type Request,
  type Substitution,
} from "../../api/index.js";
import { readOptions } from "./options.js";

/** What the options of an alias say; each stronger than the directive of the same name. */
export interface AliasOptions {
  readonly processGroup: string | undefined;
  readonly applicationGroup: string | undefined;
  readonly callable: string | undefined;
  readonly passAuthorization: boolean | undefined;
  /** undefined: seen from the callable. */
  readonly interface?: "wsgi" | "asgi" | undefined;
}

/** A WSGIScriptAlias or WSGIScriptAliasMatch line. */
export type ScriptAlias = PathTest &
  AliasOptions & {
    /** Script, or folder of scripts; latin1. */
    readonly target: string;
    readonly fill?: Substitution;
    readonly directive: string;
    readonly origin: Origin;
  };

/** Handler name that runs a script as a WSGI application. */
export const scriptHandler = "wsgi-script";

const keptAlias = Symbol("mod_wsgi: the alias that mapped the request");

/** Reads the options that may stand behind an alias. */
export function readAliasOptions(text: string, place: Place): AliasOptions {
  const keys = ["process-group", "application-group", "callable-object", "pass-authorization", "interface"] as const;
  const options = readOptions(text, keys, place);
  const pass = options.get("pass-authorization");
  if (pass !== undefined && !/^(on|off)$/i.test(pass)) {
    place.fail(`option pass-authorization must be On or Off, found "${pass}"`);
  }
  const convention = options.get("interface")?.toLowerCase();
  if (convention !== undefined && !["wsgi", "asgi", "auto"].includes(convention)) {
    place.fail(`option interface must be wsgi, asgi or auto, found "${convention}"`);
  }
  return {
    interface: convention === "wsgi" || convention === "asgi" ? convention : undefined,
    processGroup: options.get("process-group"),
    applicationGroup: options.get("application-group"),
    callable: options.get("callable-object"),
    passAuthorization: pass === undefined ? undefined : /^on$/i.test(pass),
  };
}

/** The alias of a line with a URL prefix. */
export function prefixScriptAlias(prefix: string, target: string, options: AliasOptions, place: Place): ScriptAlias {
  return { ...options, ...shared(target, place), prefix: byteString(prefix) };
}

/** The alias of a line with a regular expression. */
export function regexScriptAlias(regex: RegExp, target: string, options: AliasOptions, place: Place): ScriptAlias {
  const common = shared(target, place);
  return { ...options, ...common, regex, fill: compileSubstitution(common.target) };
}

/** Maps a request to a script by the first alias that matches; false when none does. */
export function mapToScript(request: Request, aliases: readonly ScriptAlias[]): boolean {
  const found = lookupFor(aliases)(request.path);
  if (!found) return false;
  const { rule, end, match } = found;
  request.wentBy(rule.origin);
  // Behind "/" everything is left, with its slash.
  const start = "prefix" in rule && rule.prefix === "/" ? 0 : end;
  // What is behind a match is added too: it becomes path info.
  request.filename =
    match && rule.fill
      ? rule.fill(match) + request.path.slice(match.index + match[0].length)
      : rule.target + request.path.slice(start);
  // Where the walk is to look for the script first; the environ shows the document root all the same.
  request.contextDocumentRoot = match ? "" : rule.target;
  request.handler = scriptHandler;
  request.kept.set(keptAlias, rule);
  return true;
}

/** The alias that mapped a request, if one did. */
export function aliasOf(request: Request): ScriptAlias | undefined {
  return request.kept.get(keptAlias) as ScriptAlias | undefined;
}

function shared(target: string, place: Place): Pick<ScriptAlias, "target" | "directive" | "origin"> {
  const absolute = /^[/$]/.test(target) ? target : place.resolve(target);
  return { target: byteString(absolute), directive: place.directive, origin: place.origin };
}
