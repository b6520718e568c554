// AuthType Digest → users who prove that they know a password without sending it.
import { hkdfSync, randomBytes } from "node:crypto";
import {
  arg,
  byteString,
  defineModule,
  rest,
  type AuthnProvider,
  type Request,
  type ServerView,
  type VirtualHost,
} from "../../api/index.js";
import { authenticate } from "./authenticate.js";
import { addInfo } from "./info.js";
import { digest, settingsOf } from "./settings.js";
import { raising } from "./uses.js";

const contexts = ["directory", ".htaccess"] as const;
const override = "AuthConfig";
const area = (line = ""): string =>
  `<Location /private>\n  AuthType Digest\n  AuthName Private\n  AuthDigestProvider file\n  AuthUserFile conf/htdigest\n${line && `  ${line}\n`}  Require valid-user\n</Location>`;

/** What nonces are made with: the same in all workers. */
const keys = new WeakMap<VirtualHost, Buffer>();
/** Where nothing has been started, as in an explanation. */
let ownKey: Buffer | undefined;

const keyFor = ({ virtualHost }: Request): Buffer => keys.get(virtualHost) ?? (ownKey ??= randomBytes(32));

export default defineModule({
  name: "mod_auth_digest",
  summary: "Asks users for name and password by the scheme Digest, which sends no password",
  settings: digest.settings,
  directives: (directive) => ({
    AuthDigestProvider: directive({
      args: [rest(arg.word("provider"))],
      contexts,
      override,
      summary: "Names what knows the users' passwords",
      doc:
        "A section with any line of this module takes nothing over from the sections around it. Providers are asked in order until one knows the user: `file` (mod_authn_file, with a file that `htdigest` makes) and " +
        "names that `<AuthnProviderAlias>` made. The scheme is built on MD5 and does not hide what is sent: TLS with the " +
        "scheme Basic or a form is the better choice today. A nonce is good for all workers, and for the realm it was made for.",
      default: "file",
      example: area(),
      set: ([providers]) => ({ said: { providers } }),
    }),
    AuthDigestQop: directive({
      args: [rest(arg.oneOf("quality", "auth", "auth-int", "none"))],
      contexts,
      override,
      summary: "Says what clients must sign: always `auth`",
      doc:
        "Accepted without effect as `auth`. `none`, the way of RFC 2069, is no longer supported by Apache either, nor is " +
        "`auth-int`, which would sign bodies too.",
      default: "auth",
      example: area("AuthDigestQop auth"),
      set: ([words], place) => {
        const other = words.find((word) => word !== "auth");
        if (other !== undefined) place.fail(`only 'auth' is supported, found "${other}"`);
        return { said: {} };
      },
    }),
    AuthDigestNonceLifetime: directive({
      args: [arg.int("seconds", { min: Number.MIN_SAFE_INTEGER })],
      contexts,
      override,
      summary: "Says how long a nonce is good for",
      doc:
        "A client with an older one is sent a new one with `stale=true` and asks again without asking its user; half a minute " +
        "before the end the next one is sent along. Below 0 nonces do not grow old. With 0 each nonce is good for one request, " +
        "whichever worker it meets: the answer brings the next one. A page with many pictures then asks twice for most of them.",
      default: "300",
      example: area("AuthDigestNonceLifetime 600"),
      set: ([seconds]) => ({ said: { nonceLifetime: seconds * 1000 } }),
    }),
    AuthDigestNcCheck: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Says whether each use of a nonce is counted",
      doc:
        "With `On` the count that a client sends with a nonce must rise with each request: what somebody has seen on the wire " +
        "cannot be sent again. Clients are told apart by an `opaque`; the supervisor keeps the last count of 10,000 of them, for " +
        "all workers and through reloads. A client whose requests overtake each other on several connections is asked again.",
      default: "Off",
      example: area("AuthDigestNcCheck On"),
      set: ([countsUses]) => ({ said: { countsUses } }),
    }),
    AuthDigestAlgorithm: directive({
      args: [arg.oneOf("algorithm", "MD5", "MD5-sess")],
      contexts,
      override,
      summary: "Names the hash of the scheme",
      doc: "`MD5` alone; `MD5-sess` is refused, as in Apache.",
      default: "MD5",
      example: area("AuthDigestAlgorithm MD5"),
      set: ([algorithm], place) => {
        if (algorithm !== "MD5") place.fail("algorithm `MD5-sess' is not implemented");
        return { said: {} };
      },
    }),
    AuthDigestDomain: directive({
      args: [rest(arg.word("URI"))],
      contexts,
      override,
      summary: "Tells clients for which URIs the name and password are good",
      doc: "Paths or whole URLs, prefixes of what belongs together. Lines of one section add up.",
      example: area("AuthDigestDomain /private /members"),
      set: ([uris], place) => {
        const broken = uris.find((uri) => /["\\\0-\x20\x7f]/.test(uri));
        if (broken !== undefined) place.fail(`URI must have no quotes, backslashes or blanks, found "${broken}"`);
        return { said: { domain: uris.map(byteString) } };
      },
    }),
    AuthDigestShmemSize: directive({
      args: [
        arg.custom("size", "bytes", (text, place) =>
          /^\d+ *[bkm]?/i.test(text) ? text : place.refuse("must be a number with an optional K or M"),
        ),
      ],
      contexts: ["server config", "virtual host"],
      summary: "Says how much memory Apache has for counting uses of nonces",
      doc: "Accepted without effect: there is room for 10,000 clients, see AuthDigestNcCheck.",
      default: "1000",
      example: "AuthDigestShmemSize 1000",
      set: () => undefined,
    }),
  }),
  hooks: {
    checkUser: { run: (request, { said }) => authenticate(request, settingsOf(said), keyFor(request)) },
    fixups: { run: (request, { said }) => addInfo(request, settingsOf(said)) },
  },
  lifecycle: {
    check,
    start({ server, secret, raise }) {
      const key = Buffer.from(hkdfSync("sha256", secret, "", "nonces of the scheme Digest", 32));
      for (const host of server.virtualHosts) {
        keys.set(host, key);
        if (raise) raising.set(host, raise);
      }
    },
  },
});

function check(server: ServerView): void {
  const known = server.providers("authnProvider");
  for (const { settings, origin } of server.everywhere(digest)) {
    for (const name of settings.said?.providers ?? []) {
      const provider = known.get(name) as AuthnProvider | undefined;
      if (provider?.realmHash) continue;
      const reason = provider
        ? `The '${name}' Authn provider doesn't support Digest Authentication`
        : `Unknown Authn provider: ${name}`;
      server.error(`AuthDigestProvider: ${reason}`, origin("said"));
    }
  }
}
