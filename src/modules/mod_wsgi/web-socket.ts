// A WSGIWebSocket line → what WebSockets of ASGI applications may do.
import { arg, type DirectiveMaker, type Directives, type Place, type WebSocketLimits } from "../../api/index.js";
import { readOptions } from "./options.js";
import type { wsgi } from "./settings.js";

/** Bytes: the longest frame of the daemon channel. */
const largest = 16_777_216;
const keys = ["max-message-size", "ping-interval", "ping-timeout"] as const;

/** The directive for them. */
export function webSocketDirectives(directive: DirectiveMaker<typeof wsgi.settings>): Directives<typeof wsgi.settings> {
  return {
    WSGIWebSocket: directive({
      args: [arg.raw("options")],
      contexts: ["server config", "virtual host", "directory"],
      summary: "Limits of the WebSockets of ASGI applications",
      doc:
        "Not in mod_wsgi. `max-message-size` is the number of bytes a message of a client may have (16777216, which is also the most): a larger one " +
        "closes the WebSocket with code 1009. A client is sent a ping each `ping-interval` seconds (20), and cut when it has not answered within " +
        "`ping-timeout` seconds (20); 0 turns either off. What is not written takes its default. Compression of messages is not offered.",
      example: "WSGIWebSocket max-message-size=65536 ping-interval=30",
      set: ([options], place) => ({ webSocket: readLimits(options, place) }),
    }),
  };
}

function readLimits(text: string, place: Place): WebSocketLimits {
  const options = readOptions(text, keys, place);
  const number = (key: (typeof keys)[number], initial: number, [least, most]: readonly [number, number]): number => {
    const value = options.get(key);
    if (value === undefined) return initial;
    const read = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (read >= least && read <= most) return read;
    return place.fail(`option ${key} is a number from ${least} to ${most}, found "${value}"`);
  };
  return {
    mostMessage: number("max-message-size", largest, [1, largest]),
    pingInterval: number("ping-interval", 20, [0, 86_400]) * 1000,
    pingTimeout: number("ping-timeout", 20, [0, 86_400]) * 1000,
  };
}
