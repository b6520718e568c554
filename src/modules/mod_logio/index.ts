// Bytes a request took on the wire → the log items %I, %O and %S.
import { defineModule, type LogItem } from "../../api/index.js";

const logItem: Readonly<Record<string, LogItem>> = {
  I: {
    make:
      () =>
      (_request, { bytesIn }) =>
        String(bytesIn),
  },
  O: {
    make:
      () =>
      (_request, { bytesOut }) =>
        String(bytesOut),
  },
  S: {
    make:
      () =>
      (_request, { bytesIn, bytesOut }) =>
        String(bytesIn + bytesOut),
  },
  // Needs LogIOTrackTTFB, which is Off.
  "^FB": { make: () => () => undefined },
};

export default defineModule({
  name: "mod_logio",
  summary: "Adds %I, %O and %S, the bytes received and sent, to access logs",
  builtIn: true,
  settings: {},
  directives: () => ({}),
  provides: { logItem },
});
