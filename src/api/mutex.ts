// Apache's kinds of mutex, by the module that has them: for the Mutex directive and the listing of a run's settings.

/** A Mutex line. */
export interface MutexLine {
  /** As listings name it: "fcntl"; "none". */
  readonly mechanism: string;
  /** As written behind the mechanism; undefined without. */
  readonly directory: string | undefined;
  /** Kinds; "default" stands for all that have no line of their own. */
  readonly types: readonly string[];
  readonly omitsPid: boolean;
  readonly origin: import("./origin.js").Origin;
}

/** What Apache's modules keep each other out by; here it is listed only. */
export const mutexTypes: Readonly<Record<string, readonly string[]>> = {
  mpm_worker: ["mpm-accept"],
  mpm_prefork: ["mpm-accept"],
  mod_watchdog: ["watchdog-callback"],
  mod_auth_digest: ["authdigest-client"],
  mod_authn_socache: ["authn-socache"],
  mod_cache_socache: ["cache-socache"],
  mod_rewrite: ["rewrite-map"],
  mod_proxy: ["proxy"],
  mod_proxy_balancer: ["proxy-balancer-shm"],
  mod_ssl: ["ssl-cache", "ssl-stapling", "ssl-stapling-refresh"],
};

/** Those of modules that are Apache's alone. */
export const foreignMutexTypes: readonly string[] = ["ldap-cache", "lua-ivm-shm"];
