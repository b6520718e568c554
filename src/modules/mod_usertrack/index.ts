// Clients without our cookie → Set-Cookie with a value of their own, and a note that logs can show.
import { randomBytes } from "node:crypto";
import { arg, defineModule, type Context, type Request, type Setting } from "../../api/index.js";
import { cookieText, findCookie, type CookieRules } from "./cookie.js";
import { secondsOf } from "./expiry.js";

/** What a section says; but for the time to live none of it is taken over from the one around it. */
const rules: Setting<CookieRules> = {
  initial: {},
  add: (earlier, later) => ({ ...earlier, ...later }),
  nest: (outer, inner) => (outer.expires === undefined ? inner : { expires: outer.expires, ...inner }),
  host: (main, own) => own ?? main,
};

const contexts: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const override = "FileInfo";
const whole =
  "A section or virtual host with any of this module's lines takes none of the others over from what is around it.";

function track(request: Request, cookie: CookieRules): void {
  const known = findCookie(request.headers.get("cookie"), cookie.name ?? "Apache");
  const value = known ?? `${randomBytes(4).readUInt32BE().toString(16)}.${microseconds(request).toString(16)}`;
  request.notes.set("cookie", value);
  if (known !== undefined) return;
  const field = cookie.style === "Cookie2" ? "Set-Cookie2" : "Set-Cookie";
  request.alwaysHeaders.append(field, cookieText(cookie, value, request.startTime));
}

function microseconds({ startTime }: Request): number {
  return Math.floor(startTime * 1000);
}

export default defineModule({
  name: "mod_usertrack",
  summary: "Tells clients apart by a cookie, for logs.",
  settings: { rules },
  directives: (directive) => ({
    CookieTracking: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Whether clients without the cookie are given one.",
      doc:
        "The value is a random number and the time, in hexadecimal; it goes out with errors too. `%{cookie}n` in a " +
        `LogFormat shows the value a client has or was given. Laws may want the users' consent. ${whole}`,
      default: "Off",
      example: 'CookieTracking On\nLogFormat "%{cookie}n %r %t" usertrack',
      set: ([enabled]) => ({ rules: { enabled } }),
    }),
    CookieName: directive({
      args: [
        arg.custom("name", "name", (text, place) =>
          /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text) ? text : place.refuse("must be the name of a cookie"),
        ),
      ],
      contexts,
      override,
      summary: "The name of the cookie.",
      doc: `Letters, digits and the signs that names of cookies may have. ${whole}`,
      default: "Apache",
      example: "CookieTracking On\nCookieName visitor",
      set: ([name]) => ({ rules: { name } }),
    }),
    CookieExpires: directive({
      args: [
        arg.custom("period", "period", (text, place) => {
          const seconds = secondsOf(text);
          return typeof seconds === "number" ? seconds : place.refuse(seconds);
        }),
      ],
      contexts,
      override,
      summary: "How long clients keep the cookie.",
      doc:
        'A number of seconds, or in quotes like `"2 weeks 3 days 7 hours"`, with years, months (30 days), weeks, days, ' +
        "hours, minutes and seconds. Without it the cookie lasts as long as the client runs.",
      example: 'CookieTracking On\nCookieExpires "3 weeks"',
      set: ([expires]) => ({ rules: { expires } }),
    }),
    CookieDomain: directive({
      args: [
        arg.custom("domain", "domain", (text, place) => {
          if (!text.startsWith(".")) return place.refuse("must begin with a dot");
          return /^\.[^.;,\s]+(?:\.[^;,\s]*)+$/.test(text)
            ? text
            : place.refuse("must have a dot inside too, and no blanks, commas or semicolons");
        }),
      ],
      contexts,
      override,
      summary: "The domain whose hosts are sent the cookie.",
      doc: `Begins with a dot and has another inside, \`.example.com\`. Without it only this host is. ${whole}`,
      example: "CookieTracking On\nCookieDomain .example.com",
      set: ([domain]) => ({ rules: { domain } }),
    }),
    CookieStyle: directive({
      args: [arg.oneOf("style", "Netscape", "Cookie", "Cookie2", "RFC2109", "RFC2965")],
      contexts,
      override,
      summary: "How the cookie is written.",
      doc:
        "`Netscape` with a date as `expires`, `Cookie` (RFC2109) with `max-age`, `Cookie2` (RFC2965) in the field " +
        `Set-Cookie2, which clients of today do not read. ${whole}`,
      default: "Netscape",
      example: "CookieTracking On\nCookieStyle Cookie",
      set: ([word]) => {
        const style = word === "RFC2109" ? "Cookie" : word === "RFC2965" ? "Cookie2" : word;
        return { rules: { style } };
      },
    }),
    CookieSameSite: directive({
      args: [arg.oneOf("value", "Strict", "Lax", "None")],
      contexts,
      override,
      summary: "When requests that come from other sites carry the cookie.",
      doc: `Without it the cookie says nothing of that. ${whole}`,
      example: "CookieTracking On\nCookieSameSite Lax",
      set: ([sameSite]) => ({ rules: { sameSite } }),
    }),
    CookieSecure: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Whether the cookie is sent over TLS alone.",
      doc: `Adds \`Secure\`. ${whole}`,
      default: "Off",
      example: "CookieTracking On\nCookieSecure On",
      set: ([secure]) => ({ rules: { secure } }),
    }),
    CookieHttpOnly: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Whether scripts of the page may not read the cookie.",
      doc: `Adds \`HttpOnly\`. ${whole}`,
      default: "Off",
      example: "CookieTracking On\nCookieHttpOnly On",
      set: ([httpOnly]) => ({ rules: { httpOnly } }),
    }),
  }),
  hooks: {
    fixups: {
      rank: "first",
      when: (settings) => settings.rules.enabled === true,
      run: (request, settings) => {
        if (!request.parent) track(request, settings.rules);
        return undefined;
      },
    },
  },
});
