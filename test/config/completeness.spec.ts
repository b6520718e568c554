// Every directive that Apache and mod_wsgi register for the modules of common sites → one of ours: none is silently missing.
import { expect } from "chai";
import { apacheDirectives } from "../../src/config/apache-directives.js";
import { readConfiguration } from "../../src/config/expand.js";
import { foreignModules, symbolOf } from "../../src/config/owners.js";
import { compile } from "../../src/config/compile.js";
import { modules } from "../../src/modules/index.js";

/** The modules whose directives are all here. */
const whole =
  `core http_core mpm_event mpm_worker mpm_prefork mod_unixd mod_so mod_log_config mod_version mod_macro mod_watchdog
  mod_rewrite mod_alias mod_userdir mod_speling mod_vhost_alias mod_actions mod_dir mod_mime
  mod_auth_basic mod_auth_digest mod_auth_form mod_session mod_session_cookie mod_session_crypto mod_authn_core mod_authn_file
  mod_authn_anon mod_authn_dbm mod_authn_socache mod_authz_core mod_authz_host mod_authz_user mod_authz_groupfile
  mod_authz_owner mod_authz_dbm mod_access_compat mod_allowmethods mod_remoteip
  mod_headers mod_expires mod_env mod_setenvif mod_unique_id mod_usertrack
  mod_autoindex mod_negotiation mod_mime_magic mod_deflate mod_brotli mod_filter mod_ext_filter mod_substitute mod_sed
  mod_include mod_asis mod_charset_lite mod_cgi mod_cgid mod_data mod_buffer mod_ratelimit mod_reqtimeout mod_request
  mod_reflector mod_cache mod_cache_disk mod_cache_socache mod_file_cache
  mod_status mod_info mod_log_debug mod_logio mod_log_forensic
  mod_proxy mod_proxy_http mod_proxy_fcgi mod_proxy_scgi mod_proxy_uwsgi mod_proxy_wstunnel mod_proxy_connect
  mod_proxy_balancer mod_proxy_hcheck mod_ssl mod_http2 mod_md mod_suexec mod_socache_shmcb mod_slotmem_shm mod_wsgi`.split(
    /\s+/,
  );

/** Those of Apache's directives that have no record here, and what becomes of them. */
const otherwise: Readonly<Record<string, string>> = {
  SSLLog: "Apache refuses it too: ErrorLog takes its place",
  SSLLogLevel: "Apache refuses it too: LogLevel takes its place",
  SSLSRPVerifierFile: "Node's TLS has no SRP: an unknown directive",
  SSLSRPUnknownUserSeed: "Node's TLS has no SRP: an unknown directive",
};

/** What is said of a line of nothing but that name, with all of our modules loaded. */
function faultOf(name: string): string {
  const text = name.startsWith("<") ? `${name.slice(0, -1)} x>\n</${name.slice(1)}\n` : `${name}\n`;
  const names = modules.map((module) => ({ ...module, directives: Object.keys(module.directives) }));
  const load = modules
    .filter(({ builtIn, name: module }) => !builtIn && !/^mpm_(worker|prefork)$/.test(module))
    .map(({ symbol, name: module }) => `LoadModule ${symbol} modules/${module}.so`);
  const read = readConfiguration({
    serverRoot: "/",
    file: "/dev/null",
    before: [...load, text],
    after: [],
    defines: [],
    environment: {},
    modules: names,
    foreign: foreignModules(names),
  });
  const compiled = compile(read.tree, modules);
  return [...read.errors, ...compiled.errors].map(({ message }) => message).join("\n");
}

describe("the directives of", () => {
  const known = new Set(modules.flatMap(({ directives }) => Object.keys(directives)).map((name) => name.toLowerCase()));

  for (const module of whole) {
    it(`${module} are all here`, () => {
      const theirs = (apacheDirectives[module] ?? "").split(/\s+/).filter((name) => name !== "");
      expect(
        modules.some(({ name, symbol }) => name === module || symbol === symbolOf(module)),
        module,
      ).to.equal(true);
      const missing = theirs.filter((name) => !known.has(name.toLowerCase()) && !(name in otherwise));
      expect(missing).to.deep.equal([]);
    });
  }

  it("every module say why where one has no effect or is refused", () => {
    const effectless = modules.flatMap(({ directives }) =>
      Object.entries(directives).flatMap(([name, { doc }]) =>
        /^(Has no effect|Refused)( here)?\.?$/.test(doc) ? name : [],
      ),
    );
    expect(effectless).to.deep.equal([]);
  });

  it("core are unknown to nobody: a line of each is refused for its arguments or its place alone, or taken", () => {
    for (const name of (apacheDirectives["core"] ?? "").split(/\s+/).filter(Boolean)) {
      expect(faultOf(name), name).to.not.match(/Invalid command/);
    }
  });
});
