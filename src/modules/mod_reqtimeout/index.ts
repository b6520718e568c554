// RequestReadTimeout → how long a client may take to send a request.
import { arg, defineModule, readTimeouts, rest, type Place, type ReadTimeout } from "../../api/index.js";

export default defineModule({
  name: "mod_reqtimeout",
  summary: "Bounds the time clients may take to send requests.",
  settings: readTimeouts.settings,
  directives: (directive) => ({
    RequestReadTimeout: directive({
      args: [rest(arg.word("timeout"))],
      contexts: ["server config", "virtual host"],
      summary: "How long the head and the body of a request may take.",
      doc:
        "`header=20` are the seconds for the head, `body=20` those for the body; `header=20-40,MinRate=500` begins with 20 and " +
        "adds one for each 500 bytes that come, up to 40. 0 is without limit. A request that takes longer is answered with " +
        "408, or the connection closed where not even the request line has come. What holds for a connection is that of " +
        "the first virtual host of its address. `handshake=` is accepted and changes nothing: a TLS handshake has as long as `Timeout` says.",
      example: "RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500",
      default: "header=20-40,MinRate=500 body=20,MinRate=500",
      set: ([words], place) => {
        const change: { header?: ReadTimeout; body?: ReadTimeout } = {};
        for (const word of words) {
          const [, stage = "", text = ""] = /^([a-z]+)=(.*)$/i.exec(word) ?? [];
          const name = stage.toLowerCase();
          if (name !== "header" && name !== "body" && name !== "handshake") {
            return place.fail(`timeout must be header=..., body=... or handshake=..., found "${word}"`);
          }
          const read = readTimeout(text, word, place);
          if (name !== "handshake") change[name] = read;
        }
        return change;
      },
    }),
  }),
});

/** "20", "20-40,MinRate=500", "20,MinRate=500". */
function readTimeout(text: string, word: string, place: Place): ReadTimeout {
  const match = /^(\d+)(?:-(\d+))?(?:,minrate=(\d+))?$/i.exec(text);
  if (!match) return place.fail(`timeout: expected SECONDS[-SECONDS][,MinRate=BYTES], found "${word}"`);
  const [first, most, rate] = [Number(match[1]) * 1000, Number(match[2] ?? 0) * 1000, Number(match[3] ?? 0)];
  if (match[2] !== undefined && most <= first)
    return place.fail(`timeout: the second number must be larger, found "${word}"`);
  if (match[2] !== undefined && rate === 0) return place.fail(`timeout: a range needs MinRate, found "${word}"`);
  if (match[3] !== undefined && rate === 0) return place.fail(`timeout: MinRate must be more than 0, found "${word}"`);
  return { first, most, rate };
}
