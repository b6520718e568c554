// A node:http listener (request, response) → an application.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Response } from "../../api/index.js";
import type { NodeCall, RunApplication } from "./call.js";
import { incomingMessage } from "./message.js";
import { Delivery } from "./response.js";

/** What Express, Koa's callback, Fastify's handler and plain functions are. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Runs a listener. One that ends its response before it returns is answered at once, without a stream or a promise. */
export function listenerApplication(listener: Listener): RunApplication {
  return (call) => {
    const delivery = new Delivery(call, incomingMessage(call));
    try {
      const result = listener(delivery.message, delivery.response);
      if (isThenable(result)) result.then(undefined, (error: unknown) => delivery.fail(error));
    } catch (error) {
      delivery.fail(error);
    }
    return delivery.answer && delivery.body.hasEnded ? delivery.answer : later(call, delivery);
  };
}

function later(call: NodeCall, delivery: Delivery): Response | Promise<Response> {
  delivery.forget = call.whenAbandoned(() => delivery.abandon());
  return delivery.answer ?? new Promise((resolve) => (delivery.answered = resolve));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
