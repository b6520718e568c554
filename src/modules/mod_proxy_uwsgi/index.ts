// The scheme uwsgi:// of back ends, for mod_proxy: uWSGI by its own protocol.
import {
  defineModule,
  refuse,
  setBodyLength,
  setCgiVariables,
  type ProxyPassage,
  type ProxyScheme,
} from "../../api/index.js";
import { packet } from "./packet.js";
import { UwsgiSpeaker } from "./speaker.js";

const uwsgi: ProxyScheme = {
  defaultPort: 3031,
  needsLength: true,
  async speak(passage: ProxyPassage) {
    const { request } = passage;
    await setVariables(passage);
    const opening = packet(request.environment);
    if (!opening) {
      request.log("error", "proxy_uwsgi", "AH10259: can't send headers: the variables take more than 65535 bytes");
      return refuse(500);
    }
    return new UwsgiSpeaker(request, opening);
  },
};

/** The variables of CGI; what the URL of the back end has for a path is PATH_INFO, and what is in front of it SCRIPT_NAME. */
async function setVariables({ request, url, path, bodyLength }: ProxyPassage): Promise<void> {
  const { environment, headers } = request;
  const info = path.replace(/^\/*/, "/");
  environment.set("PATH_INFO", info);
  await setCgiVariables(request);
  // Apache decodes the path in place.
  environment.set(
    "SCRIPT_FILENAME",
    `proxy:${url.slice(0, url.indexOf("/", "uwsgi://".length))}${path === "" ? "/" : path}`,
  );
  setBodyLength(request, bodyLength);
  const authorization = headers.get("authorization");
  if (authorization !== undefined) environment.set("HTTP_AUTHORIZATION", authorization);
  const script = environment.get("SCRIPT_NAME") ?? "";
  const own = environment.get("PATH_INFO") ?? info;
  if (own !== "/") environment.set("SCRIPT_NAME", script.slice(0, Math.max(0, script.length - own.length)));
  else if (script === "/") environment.set("SCRIPT_NAME", "");
}

export default defineModule({
  name: "mod_proxy_uwsgi",
  summary: "Lets mod_proxy pass requests on to uWSGI",
  settings: {},
  directives: () => ({}),
  provides: { proxyScheme: { uwsgi } },
});
