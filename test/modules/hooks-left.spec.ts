// All modules loaded and none configured: which hooks a plain request meets beyond those of the fewest modules, and why.
import { expect } from "chai";
import { modules } from "../../src/modules/index.js";
import { serve } from "../support/ask.js";

/** Hooks that act by what only the request says: its handler, its AuthType, its connection. All others are kept out. */
const left: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  postReadRequest: {
    mod_unique_id: "each request has an id where it is loaded, as in Apache",
    mod_ssl: "by the connection: without SSLEngine a connection may be an encrypted one of another virtual host",
    mod_md: "challenges are known from files, not from the configuration",
  },
  mapToStorage: { mod_proxy: "a rule of mod_rewrite may have made the request one to pass on" },
  typeChecker: { mod_negotiation: "MultiViews is an option of core" },
  fixups: {
    mod_auth_digest: "AuthType, of another module, says whether it acts",
    mod_http2: "by the connection",
    mod_negotiation: "by the encodings that mod_mime finds",
    mod_ssl: "by the connection",
    mod_include: "by the filters that others name",
  },
  logTransaction: { mod_proxy: "by the request: whether its body was spooled" },
  outputFilter: { mod_session: "a redirect may have come of a request that has a session" },
};

/** Hooks that run for a request only where a user is asked for, or where nothing else has answered. */
const asked: ReadonlySet<string> = new Set(["checkUser", "handler"]);

describe("a module that is loaded and not configured", () => {
  const { server } = serve("");
  const [host] = server.virtualHosts;
  const needed = new Set(["core", "mod_authz_core", "mod_dir", "mod_mime", "mod_alias"]);

  it("leaves no hook in the way of a request but those listed", () => {
    const found: Record<string, readonly string[]> = {};
    for (const [step, hooks] of Object.entries(host?.plan.hooks ?? {})) {
      const names = hooks.map(({ module }) => module).filter((name) => !needed.has(name));
      if (names.length > 0 && !asked.has(step)) found[step] = names.sort();
    }
    const expected = Object.entries(left).map(([step, names]) => [step, Object.keys(names).sort()]);
    expect(found).to.deep.equal(Object.fromEntries(expected));
  });

  it("leaves no handler but those that go by the request's, and none that keeps what is answered", () => {
    const { handler = [], keepResponse = [], quickHandler = [], checkUser = [] } = host?.plan.hooks ?? {};
    expect(keepResponse).to.deep.equal([]);
    expect(quickHandler).to.deep.equal([]);
    expect(handler.length).to.be.below(16);
    expect(checkUser.map(({ module }) => module)).to.have.members([
      "mod_auth_basic",
      "mod_auth_digest",
      "mod_auth_form",
    ]);
    expect(modules.length).to.be.above(80);
  });
});
