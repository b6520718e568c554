// Bytes a request took on the wire, and how long the first one took → the log items %I, %O, %S and %^FB.
import { arg, defineModule, value, type LogItem, type LogText } from "../../api/index.js";

const firstByte = Symbol("time to the first byte");

const item = (text: LogText): LogItem => ({ make: () => text });

const logItem: Readonly<Record<string, LogItem>> = {
  I: item((_request, { bytesIn }) => String(bytesIn)),
  O: item((_request, { bytesOut }) => String(bytesOut)),
  S: item((_request, { bytesIn, bytesOut }) => String(bytesIn + bytesOut)),
  "^FB": item(({ kept }) => {
    const microseconds = kept.get(firstByte);
    return typeof microseconds === "number" ? String(microseconds) : undefined;
  }),
};

export default defineModule({
  name: "mod_logio",
  summary: "Adds %I, %O and %S, the bytes received and sent, and %^FB to access logs",
  builtIn: true,
  settings: { tracksFirstByte: value<boolean>(false) },
  directives: (directive) => ({
    LogIOTrackTTFB: directive({
      args: [arg.flag()],
      contexts: ["server config", "virtual host", "directory", ".htaccess"],
      override: "All",
      summary: "Whether the time to the first byte of the answer is measured, for `%^FB`.",
      doc: "`%^FB` in a LogFormat is that time in microseconds, from the request's head on until its answer begins; `-` where it is Off.",
      default: "Off",
      example: 'LogIOTrackTTFB On\nLogFormat "%h %t \\"%r\\" %>s %^FB" ttfb',
      set: ([tracksFirstByte]) => ({ tracksFirstByte }),
    }),
  }),
  hooks: {
    outputFilter: {
      rank: "last",
      onPages: true,
      when: ({ tracksFirstByte }) => tracksFirstByte,
      run: (request, response) => {
        const { startTime, kept } = request;
        const elapsed = performance.timeOrigin + performance.now() - startTime;
        if (!kept.has(firstByte)) kept.set(firstByte, Math.max(0, Math.round(elapsed * 1000)));
        return response;
      },
    },
  },
  provides: { logItem },
});
