// A response and the fields modules have set beforehand → the response with them in front.
import { Headers, type Response } from "../api/index.js";
import type { ServerRequest } from "./request.js";

/** Adds what the request's `answerHeaders` and `alwaysHeaders` hold; the former not to errors and redirects. */
export function withFields(request: ServerRequest, response: Response, hasFailed = false): Response {
  const always = request.ownAlwaysHeaders;
  const answer = hasFailed || response.failure ? undefined : request.ownAnswerHeaders;
  if (!always && !answer) return response;
  const headers = new Headers(always ?? []);
  answer?.forEach((name, value) => headers.append(name, value));
  response.headers.forEach((name, value) => headers.append(name, value));
  return { ...response, headers };
}
