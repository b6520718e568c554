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

const contexts = ["directory", ".htaccess"] as const;
const override = "AuthConfig";
const area = (line: string): string =>
  `<Location /private>\n  AuthType Digest\n  AuthName Private\n  AuthDigestProvider file\n  AuthUserFile conf/htdigest\n  ${line}\n  Require valid-user\n</Location>`;

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
      example: area(""),
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
        "before the end the next one is sent along. Below 0 nonces do not grow old. 0, nonces for one request, is refused: " +
        "workers would have to tell each other which have been used.",
      default: "300",
      example: area("AuthDigestNonceLifetime 600"),
      set: ([seconds], place) => {
        if (seconds === 0) place.fail("nonces for one request are not supported", "write a short time, such as 30");
        return { said: { nonceLifetime: seconds * 1000 } };
      },
    }),
    AuthDigestNcCheck: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Says whether each use of a nonce is counted",
      doc:
        "`Off` is accepted. `On` is refused: workers would have to share the count of each client. A short AuthDigestNonceLifetime, " +
        "or TLS, keeps answers from being used again.",
      default: "Off",
      example: area("AuthDigestNcCheck Off"),
      set: ([isOn], place) => {
        if (isOn) place.fail("the uses of a nonce cannot be counted", "write a short AuthDigestNonceLifetime instead");
        return { said: {} };
      },
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
      doc: "Accepted without effect: they are not counted, see AuthDigestNcCheck.",
      default: "1000",
      example: "AuthDigestShmemSize 1000",
      set: () => undefined,
    }),
  }),
  hooks: {
    checkUser: { run: (request, { said }) => authenticate(request, settingsOf(said), keyFor(request)) },
    fixups: { run: (request, { said }) => addInfo(request, settingsOf(said), keyFor(request)) },
  },
  lifecycle: {
    check,
    start({ server, secret }) {
      const key = Buffer.from(hkdfSync("sha256", secret, "", "nonces of the scheme Digest", 32));
      for (const host of server.virtualHosts) keys.set(host, key);
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
