// The scheme fcgi:// of back ends, for mod_proxy: PHP-FPM and other FastCGI servers.
import { arg, defineModule, optional, refuse, type ProxyPassage, type ProxyScheme } from "../../api/index.js";
import { definition } from "./settings.js";
import { FastCgiSpeaker } from "./speaker.js";
import { setVariables } from "./variables.js";

const everywhere = ["server config", "virtual host", "directory", ".htaccess"] as const;

const fcgi: ProxyScheme = {
  defaultPort: 8000,
  async speak(passage: ProxyPassage) {
    const { request, url, isHandedOver } = passage;
    const settings = request.settings(definition);
    const isFpm = settings.backend === "FPM";
    // eslint-disable-next-line no-control-regex
    if (isHandedOver && (isFpm ? /[\0-\x1f\x7f?]/ : /[\0-\x1f\x7f]/).test(url)) {
      const what = `control characters${isFpm ? " or '?'" : ""}`;
      request.log("error", "proxy_fcgi", `AH10414: To be forwarded path contains ${what}`);
      return refuse(403);
    }
    await setVariables(passage, settings);
    return new FastCgiSpeaker(request);
  },
};

export default defineModule({
  name: "mod_proxy_fcgi",
  summary: "Lets mod_proxy pass requests on to FastCGI servers: PHP-FPM",
  settings: definition.settings,
  directives: (directive) => ({
    ProxyFCGIBackendType: directive({
      args: [arg.oneOf("type", "FPM", "GENERIC")],
      contexts: everywhere,
      override: "FileInfo",
      summary: "What kind of FastCGI server the back end is",
      doc:
        "FPM gets SCRIPT_FILENAME with `proxy:fcgi://host` in front of the file's name, which PHP-FPM takes away itself; " +
        "GENERIC servers get the name alone.",
      default: "FPM",
      example: "ProxyFCGIBackendType GENERIC",
      set: ([backend]) => ({ backend }),
    }),
    ProxyFCGISetEnvIf: directive({
      args: [arg.condition("condition"), arg.word("[!]variable"), optional(arg.stringExpression("value"))],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Sets or takes away a variable just before the request goes to the back end",
      doc:
        "Where the condition holds; `$1` in the value stands for the first group of its regular expression. Names with `!` in " +
        "front are taken away; without a value a variable becomes empty. Lines act in order, on all variables of CGI.",
      example: 'ProxyFCGISetEnvIf "reqenv(\'SCRIPT_FILENAME\') =~ m#^proxy:fcgi://[^/]*(.*)$#" SCRIPT_FILENAME "$1"',
      set: ([condition, word, value], place) => {
        const name = word.replace(/^!/, "");
        if (name === "") return place.fail('needs the name of a variable behind "!"');
        const text = value ?? place.stringExpression("");
        return { rules: [{ condition, name, value: word.startsWith("!") ? undefined : text }] };
      },
    }),
  }),
  provides: { proxyScheme: { fcgi } },
});
