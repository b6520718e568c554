// A response → the same after all filters: those named in the configuration, those of modules, ranges at the end.
import {
  answer,
  Headers,
  isFileSlice,
  isParts,
  lengthOf,
  parseHttpDate,
  refuse,
  type FileSlice,
  type FilterChain,
  type InputFilter,
  type KeepHook,
  type NamedFilter,
  type OutputFilter,
  type PlacedField,
  type Response,
} from "../api/index.js";
import type { BoundHook } from "../config/merge.js";
import { byterangesType, contentRange, ifRangeHolds, multipart, readRanges, sliceOf } from "./ranges.js";
import type { ServerRequest } from "./request.js";

/**
 * Takes a response through its filters; a refusal is what ranges may lead to. `request` is the one that made it: the last of
 * internal redirects. Where it has led to one more by the end, the response is that one's, unfiltered.
 */
export function filterResponse(request: ServerRequest, response: Response): Response | Promise<Response> {
  // What passes after a change of protocols is no content.
  const named = response.tunnel ? none : namedFilters(request);
  if (request.plan.hooks.keepResponse.length > 0 && !response.tunnel) return filterKept(request, response, named);
  return cut(request, response.page ? filterPage(request, response) : filterContent(request, response, named), named);
}

/** The same where somebody keeps responses. */
function filterKept(
  request: ServerRequest,
  response: Response,
  named: readonly NamedFilter[],
): Response | Promise<Response> {
  const mark = response.page ? -1 : named.findIndex((filter) => filter.type === "mark" && filter.isMarked?.(request));
  const behind = named.slice(mark + 1);
  let filtered = response;
  if (response.page) filtered = filterPage(request, response);
  else if (mark >= 0 && !response.stored) filtered = runNamed(named.slice(0, mark), "resource", request, filtered);
  else if (mark < 0 && !response.stored) filtered = filterContent(request, filtered, named);
  const goOn = (kept: Response): Response => {
    if (request.last || kept.failure) return kept;
    return cut(request, mark < 0 || kept.page ? kept : filterContent(request, kept, behind), named);
  };
  const kept = keep(request, filtered, 0);
  return kept instanceof Promise ? kept.then(goOn) : goOn(kept);
}

function keep(request: ServerRequest, response: Response, from: number): Response | Promise<Response> {
  const hook = request.plan.hooks.keepResponse[from];
  if (!hook) return response;
  const kept = (hook.run as KeepHook<unknown>["run"])(request, response, hook.settings);
  return kept instanceof Promise ? kept.then((value) => keep(request, value, from + 1)) : keep(request, kept, from + 1);
}

function filterPage(request: ServerRequest, page: Response): Response {
  let filtered = page;
  for (const hook of request.plan.hooks.outputFilter) if (hook.onPages) filtered = run(hook, request, filtered);
  return filtered;
}

/** All filters that change content. */
function filterContent(request: ServerRequest, response: Response, named: readonly NamedFilter[]): Response {
  let filtered = named.length > 0 ? runNamed(named, "resource", request, response) : response;
  let packed = named.length === 0;
  for (const hook of request.plan.hooks.outputFilter) {
    if (!packed && !hook.isFirst) {
      filtered = runNamed(named, "content set", request, filtered);
      packed = true;
    }
    filtered = run(hook, request, filtered);
  }
  return packed ? filtered : runNamed(named, "content set", request, filtered);
}

/** Ranges, and what sees the bytes that are to be sent. */
function cut(request: ServerRequest, response: Response, named: readonly NamedFilter[]): Response {
  let filtered = response;
  if (!response.page) {
    if (filtered.status === 304) return withoutContent(filtered);
    if (request.headers.has("range") && filtered.status === 200) filtered = takeRanges(request, filtered);
  }
  // The page of a refusal comes by here once more.
  return named.length === 0 || filtered.failure ? filtered : runNamed(named, "connection", request, filtered);
}

/** Tells the filters a response will go through that its handler is about to run. */
export function beginFilters(request: ServerRequest): void {
  for (const filter of namedFilters(request)) filter.begin?.(request);
}

function run(hook: BoundHook, request: ServerRequest, response: Response): Response {
  return (hook.run as OutputFilter<unknown>["run"])(request, response, hook.settings);
}

function runNamed(
  filters: readonly NamedFilter[],
  type: NamedFilter["type"],
  request: ServerRequest,
  response: Response,
): Response {
  let filtered = response;
  for (const filter of filters) if (filter.type === type) filtered = filter.run(request, filtered);
  return filtered;
}

const none: readonly NamedFilter[] = [];

/** The filters of SetOutputFilter, then those of AddOutputFilter, then those of modules' chains. */
function namedFilters(request: ServerRequest): readonly NamedFilter[] {
  const { outputFilters } = request.core;
  const chains = request.services.outputFilterChains;
  if (outputFilters.length === 0 && request.outputFilters.length === 0 && chains.length === 0) return none;
  const filters = request.providers("outputFilter") as ReadonlyMap<string, NamedFilter>;
  const named: NamedFilter[] = [];
  for (const names of [outputFilters, request.outputFilters]) {
    for (const name of names) {
      const filter = filters.get(name);
      if (filter) named.push(filter);
      else request.log("error", "core", `AH00082: an unknown filter was not added: ${name}`);
    }
  }
  for (const chain of chains) named.push(...(chain as FilterChain)(request));
  return named;
}

/** Takes the body of a request through its filters, those of SetInputFilter first. */
export function filterBody(request: ServerRequest): void {
  if (request.body.length === 0 || request.parent) return;
  const filters = request.providers("inputFilter") as ReadonlyMap<string, InputFilter>;
  for (const name of [...request.core.inputFilters, ...request.inputFilters]) {
    const filter = filters.get(name);
    if (filter) request.body = filter(request, request.body);
    else request.log("error", "core", `AH00083: an unknown filter was not added: ${name}`);
  }
}

/** A 304 says nothing of the content. */
function withoutContent(response: Response): Response {
  if (response.ownStatus || response.relayed) return response;
  if (response.stored) return withoutLength(response);
  for (const name of ["content-length", "content-md5", "content-type", "content-encoding", "content-language"]) {
    if (!response.placed?.has(name as PlacedField)) response.headers.delete(name);
  }
  return response;
}

/** Nor does that of a cache; what else is known of it stays, as in Apache. */
function withoutLength(response: Response): Response {
  response.headers.delete("Content-Length");
  response.headers.delete("Content-Type");
  return response;
}

/** What was made here and has a length is cut to what the client asked for. */
function takeRanges(request: ServerRequest, response: Response): Response {
  const { body, headers } = response;
  if (response.ownStatus || response.relayed || response.unsized || request.parent || request.errorStatus !== undefined)
    return response;
  const whole = wholeOf(body);
  if (whole === undefined || headers.has("content-range")) return response;
  const now = Math.floor(request.startTime / 1000);
  const lastModified = parseHttpDate(headers.get("last-modified")) ?? NaN;
  if (!ifRangeHolds(request.headers, { etag: headers.get("etag"), lastModified, now })) return response;
  const { maxRanges, maxRangeOverlaps, maxRangeReversals } = request.core;
  const limits = { ranges: maxRanges, overlaps: maxRangeOverlaps, reversals: maxRangeReversals };
  const ranges = readRanges(request.headers.get("range") ?? "", whole.length, limits);
  if (ranges === "whole") return response;
  if (ranges === "unsatisfiable") {
    // As Apache, without the length of the page.
    return { ...refuse(416), unsized: true };
  }
  const [only] = ranges;
  if (only && ranges.length === 1) return partial(response, sliceOf(whole, only), contentRange(only, whole.length));
  const parts = multipart(whole, ranges, headers.get("content-type"));
  headers.set("Content-Type", byterangesType);
  return partial(response, parts, undefined);
}

function wholeOf(body: Response["body"]): Buffer | FileSlice | undefined {
  if (body === undefined || Buffer.isBuffer(body)) return body;
  return !isParts(body) && isFileSlice(body) ? body : undefined;
}

/** A 206 with its fields in Apache's order: Content-Range behind what others set, the type at the end. */
function partial(
  { headers: whole, always, stored, encodedHere }: Response,
  body: NonNullable<Response["body"]>,
  range: string | undefined,
): Response {
  const headers = new Headers();
  whole.forEach((name, value, key) => {
    headers.append(name, key === "content-length" ? String(lengthOf(body)) : value);
  });
  if (range !== undefined) headers.append("Content-Range", range);
  return {
    ...answer(206, headers, body),
    ...(always ? { always } : {}),
    ...(stored ? { stored } : {}),
    ...(encodedHere ? { encodedHere } : {}),
  };
}
