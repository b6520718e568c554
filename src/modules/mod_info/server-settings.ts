// The server → its product, versions, name, timeouts and folders.
import { core, escapeHtml, serverBanner, type Request, type ServerView } from "../../api/index.js";

/** The part "Server Settings". */
export function serverSettings(request: Request, { serverRoot, tree, modules }: ServerView): string {
  const { timeout, keepAliveTimeout } = request.settings(core);
  const { node = "", v8 = "", uv = "", openssl = "" } = process.versions;
  const mpm = modules.find(({ name }) => name.startsWith("mpm_"))?.name.slice("mpm_".length) ?? "event";
  const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
  const row = (name: string, value: string): string =>
    `<dt><strong>${name}:</strong> <tt>${escapeHtml(value)}</tt></dt>\n`;
  return (
    '<h2><a name="server">Server Settings</a></h2><dl><dt><strong>Server Version:</strong> ' +
    `<font size="+1"><tt>${serverBanner("Full")}</tt></font></dt>\n` +
    row("Server loaded Node Version", node) +
    row("Server loaded V8 Version", v8) +
    row("Server loaded libuv Version", uv) +
    row("Server loaded OpenSSL Version", openssl) +
    row("Module Magic Number", "20120211:142") +
    row("Hostname/port", `${request.serverName}:${request.serverPort}`) +
    "<dt><strong>Timeouts:</strong> " +
    `<tt>connection: ${seconds(timeout)} &nbsp;&nbsp; keep-alive: ${seconds(keepAliveTimeout)}</tt></dt>` +
    row("MPM Name", mpm) +
    row("MPM Information", "Threaded: yes Forked: yes") +
    row("Server Architecture", "64-bit") +
    row("Server Root", serverRoot) +
    row("Config File", tree.mainFile) +
    "</dl><hr />"
  );
}
