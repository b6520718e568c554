// Modules of Apache that are not here → why, and what does their work.
const reasons: Readonly<Record<string, string>> = {
  mod_authn_dbd:
    "Passwords in a database of SQL, by queries that are written for Apache's drivers. `WSGIAuthUserScript` asks a database by a " +
    "few lines of Python.",
  mod_authnz_fcgi: "Asks a FastCGI program who a user is. `WSGIAuthUserScript` and `WSGIAccessScript` ask Python.",
  mod_authnz_ldap:
    "Needs an LDAP client that is well kept; the one for Node is not any more. `WSGIAuthUserScript` and `WSGIAuthGroupScript` " +
    "ask a directory by python-ldap or ldap3.",
  mod_authz_dbd:
    "Groups in a database of SQL, by queries that are written for Apache's drivers. `WSGIAuthGroupScript` asks a database by a " +
    "few lines of Python.",
  mod_bucketeer: "A tool for testing Apache's own filters.",
  mod_case_filter: "An example for writers of Apache modules.",
  mod_case_filter_in: "An example for writers of Apache modules.",
  mod_cern_meta: "Header fields from files beside the documents, of the first web servers; `Header` says it.",
  mod_dav: "WebDAV; an application for it can run in a daemon group.",
  mod_dav_fs: "WebDAV; an application for it can run in a daemon group.",
  mod_dav_lock: "WebDAV; an application for it can run in a daemon group.",
  mod_dbd: "Connections to databases for other modules of Apache; applications bring their own.",
  mod_dialup: "Slows responses down as modems did; mod_ratelimit does so at any rate.",
  mod_dumpio:
    "Writes all bytes of all connections to the error log; mod_log_forensic writes the heads, tcpdump the bytes.",
  mod_echo:
    "An example of another protocol than HTTP, which sends back what it is sent; mod_reflector does so over HTTP.",
  mod_heartbeat:
    "Tells a proxy by multicast how busy this server is; `server-status?auto` of mod_status tells whoever asks.",
  mod_heartmonitor: "Hears from servers by multicast how busy they are; see mod_heartbeat.",
  mod_ident: "Asks clients who their users are (RFC 1413), which none answers truthfully.",
  mod_imagemap: "Image maps of the server; browsers have their own.",
  mod_ldap: "Connections to directories for mod_authnz_ldap, see there.",
  mod_lbmethod_heartbeat: "Balances by what mod_heartmonitor hears.",
  mod_lua:
    "Runs Lua within the server; rewriting, `<If>` and the scripts of mod_wsgi (WSGIAccessScript, WSGIDispatchScript) decide about requests here, applications answer them.",
  mod_session_dbd:
    "Sessions in a database of SQL, by queries that are written for Apache's drivers; mod_session_cookie with " +
    "mod_session_crypto keeps them with the client instead.",
  mod_slotmem_plain: "How Apache shares memory among its processes; there is nothing to configure.",
  mod_proxy_ajp: "Passes requests on to Tomcat by AJP; Tomcat speaks HTTP too: `ProxyPass / http://...`.",
  mod_proxy_express:
    "Back ends by host from a DBM file; `RewriteMap` of a dbm file with `RewriteRule ... [P]` does so.",
  mod_proxy_fdpass: "Hands the connections of clients themselves on to another program, which Node cannot.",
  mod_proxy_ftp: "Lets browsers read FTP servers through a proxy, which they do not ask for any more.",
  mod_proxy_html:
    "Rewrites links in the pages of back ends; `ProxyPassReverse` does their redirects, and `Substitute` the pages.",
  mod_proxy_http2:
    "Passes requests on by HTTP/2, an experiment in Apache; back ends take HTTP/1.1 too: `http://` in place of `h2://`.",
  mod_systemd:
    "Tells systemd what the server does, for `Type=notify`; a service of modhost is `Type=exec` with `modhost -D FOREGROUND`.",
  mod_xml2enc:
    "Changes the encoding of pages for mod_proxy_html; `CharsetSourceEnc` of mod_charset_lite does so for any.",
};

/** Why a module is not here, in a sentence or two; undefined for one that is, or of which nothing is known. */
export function whyAbsent(module: string): string | undefined {
  return reasons[module];
}
