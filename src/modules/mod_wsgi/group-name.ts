// WSGIProcessGroup, WSGIApplicationGroup and WSGICallableObject → names for a request.
import type { Request } from "../../api/index.js";

/** A name that is known at load, or a function that works it out for a request. */
export type GroupName = string | ((request: Request, scriptName: string) => string);

/** Compiles the name of a process group or application group; undefined for a group that is not set. */
export function compileGroupName(written: string): GroupName {
  if (written === "%{GLOBAL}") return "";
  if (written === "%{RESOURCE}") return (request, scriptName) => `${serverOf(request)}|${scriptName}`;
  if (written === "%{SERVER}") return serverOf;
  if (written === "%{HOST}") return hostOf;
  const variable = environmentName(written);
  if (variable === undefined) return written;
  return (request, scriptName) => {
    const value = environmentValue(request, variable) ?? written;
    if (!value.startsWith("%") || environmentName(value) !== undefined) return value;
    const again = compileGroupName(value);
    return typeof again === "string" ? again : again(request, scriptName);
  };
}

/** Compiles a WSGICallableObject: a name, or `%{ENV:x}`; all else that begins with a percent sign is "application". */
export function compileCallable(written: string): GroupName {
  const variable = environmentName(written);
  if (variable !== undefined) return (request) => environmentValue(request, variable) ?? written;
  return written.startsWith("%") ? "application" : written;
}

function environmentName(written: string): string | undefined {
  return /^%\{ENV:(.*)\}$/s.exec(written)?.[1];
}

function environmentValue({ notes, environment }: Request, name: string): string | undefined {
  return notes.get(name) ?? environment.get(name) ?? process.env[name];
}

function serverOf(request: Request): string {
  return withPort(request.virtualHost.serverName, request);
}

function hostOf(request: Request): string {
  return withPort(request.hostname || request.virtualHost.serverName, request);
}

function withPort(name: string, { serverPort }: Request): string {
  return serverPort === 80 || serverPort === 443 ? name : `${name}:${serverPort}`;
}
