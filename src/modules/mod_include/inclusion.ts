// The arguments of include → the responses of other requests, one behind the other.
import { dropBody, streamOf, type Lookup } from "../../api/index.js";
import { decodeEntities } from "./encoding.js";
import { lookupBelow, lookupPath } from "./files.js";
import type { Page } from "./page.js";
import type { Argument } from "./parse.js";
import { pageKey } from "./settings.js";

/** Each file and virtual in turn until one fails; then the next onerror, or the error message. */
export async function* includeParts(page: Page, args: readonly Argument[]): AsyncGenerator<Buffer> {
  let hasFailed = false;
  for (const { name, value } of args) {
    if (value === undefined) break;
    if (name !== "virtual" && name !== "file" && name !== "onerror") {
      yield bytes(page.fail(`AH01342: unknown parameter "${name}" to tag include`));
      break;
    }
    if (name !== "file" && hasFailed !== (name === "onerror")) continue;
    const target = page.variables.expand(decodeEntities(value));
    const found = name === "file" ? lookupBelow(page, target) : lookupPath(page, target);
    const fault = found === undefined ? "unable to include file" : yield* served(page, await found);
    if (fault === undefined) {
      hasFailed = false;
      continue;
    }
    page.fail(`unable to include "${target}" in parsed file ${page.request.filename}: ${fault}`);
    if (hasFailed) break;
    hasFailed = true;
  }
  if (hasFailed) yield bytes(page.errorMessage);
}

/** The response of what was looked up; gives what is wrong with it. */
export async function* served(
  page: Page,
  { request, status, response }: Lookup,
): AsyncGenerator<Buffer, string | undefined> {
  if (response) dropBody(response.body);
  if (status !== 200) return `subrequest setup returned ${status}`;
  if (!page.allowsExec && request.contentType !== undefined && !request.contentType.startsWith("text/")) {
    return "potential exec, content type not text/*";
  }
  // Its own directives share the variables of this page.
  request.kept.set(pageKey, page);
  const answered = await page.request.serve(request);
  if (answered.failure) {
    dropBody(answered.body);
    return `subrequest returned ${answered.status}`;
  }
  if (answered.body !== undefined) for await (const piece of streamOf(answered.body)) yield piece as Buffer;
  return undefined;
}

function bytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
