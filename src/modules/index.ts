// The only list of modules: what a configuration may load, built-in ones among them.
import type { Module } from "../api/index.js";
import core from "./core/index.js";
import httpCore from "./core/http-core.js";
import accessCompat from "./mod_access_compat/index.js";
import actions from "./mod_actions/index.js";
import alias from "./mod_alias/index.js";
import allowMethods from "./mod_allowmethods/index.js";
import asis from "./mod_asis/index.js";
import authBasic from "./mod_auth_basic/index.js";
import authDigest from "./mod_auth_digest/index.js";
import authForm from "./mod_auth_form/index.js";
import authnAnon from "./mod_authn_anon/index.js";
import authnCore from "./mod_authn_core/index.js";
import authnDbm from "./mod_authn_dbm/index.js";
import authnFile from "./mod_authn_file/index.js";
import authnSocache from "./mod_authn_socache/index.js";
import authzCore from "./mod_authz_core/index.js";
import authzDbm from "./mod_authz_dbm/index.js";
import authzGroupfile from "./mod_authz_groupfile/index.js";
import authzHost from "./mod_authz_host/index.js";
import authzOwner from "./mod_authz_owner/index.js";
import authzUser from "./mod_authz_user/index.js";
import autoindex from "./mod_autoindex/index.js";
import brotli from "./mod_brotli/index.js";
import cache from "./mod_cache/index.js";
import cacheDisk from "./mod_cache/disk.js";
import cacheSocache from "./mod_cache/socache.js";
import cgi from "./mod_cgi/index.js";
import cgid from "./mod_cgi/cgid.js";
import buffer from "./mod_buffer/index.js";
import charsetLite from "./mod_charset_lite/index.js";
import data from "./mod_data/index.js";
import deflate from "./mod_deflate/index.js";
import dir from "./mod_dir/index.js";
import env from "./mod_env/index.js";
import expires from "./mod_expires/index.js";
import extFilter from "./mod_ext_filter/index.js";
import fileCache from "./mod_file_cache/index.js";
import filter from "./mod_filter/index.js";
import http2 from "./mod_http2/index.js";
import headers from "./mod_headers/index.js";
import include from "./mod_include/index.js";
import info from "./mod_info/index.js";
import logConfig from "./mod_log_config/index.js";
import logDebug from "./mod_log_debug/index.js";
import logForensic from "./mod_log_forensic/index.js";
import logio from "./mod_logio/index.js";
import macro from "./mod_macro/index.js";
import md from "./mod_md/index.js";
import mime from "./mod_mime/index.js";
import mimeMagic from "./mod_mime_magic/index.js";
import negotiation from "./mod_negotiation/index.js";
import proxy from "./mod_proxy/index.js";
import proxyBalancer from "./mod_proxy_balancer/index.js";
import proxyHcheck from "./mod_proxy_hcheck/index.js";
import proxyConnect from "./mod_proxy_connect/index.js";
import proxyFcgi from "./mod_proxy_fcgi/index.js";
import proxyHttp from "./mod_proxy_http/index.js";
import proxyScgi from "./mod_proxy_scgi/index.js";
import proxyUwsgi from "./mod_proxy_uwsgi/index.js";
import reflector from "./mod_reflector/index.js";
import proxyWstunnel from "./mod_proxy_wstunnel/index.js";
import lbByBusyness from "./mod_lbmethod_bybusyness/index.js";
import lbByRequests from "./mod_lbmethod_byrequests/index.js";
import lbByTraffic from "./mod_lbmethod_bytraffic/index.js";
import slotmemShm from "./mod_slotmem_shm/index.js";
import reqtimeout from "./mod_reqtimeout/index.js";
import ratelimit from "./mod_ratelimit/index.js";
import remoteip from "./mod_remoteip/index.js";
import request from "./mod_request/index.js";
import rewrite from "./mod_rewrite/index.js";
import sed from "./mod_sed/index.js";
import session from "./mod_session/index.js";
import sessionCookie from "./mod_session_cookie/index.js";
import sessionCrypto from "./mod_session_crypto/index.js";
import setenvif from "./mod_setenvif/index.js";
import socacheDbm from "./mod_socache_dbm/index.js";
import socacheMemcache from "./mod_socache_memcache/index.js";
import socacheRedis from "./mod_socache_redis/index.js";
import socacheShmcb from "./mod_socache_shmcb/index.js";
import so from "./mod_so/index.js";
import speling from "./mod_speling/index.js";
import ssl from "./mod_ssl/index.js";
import status from "./mod_status/index.js";
import substitute from "./mod_substitute/index.js";
import suexec from "./mod_suexec/index.js";
import uniqueId from "./mod_unique_id/index.js";
import unixd from "./mod_unixd/index.js";
import userdir from "./mod_userdir/index.js";
import usertrack from "./mod_usertrack/index.js";
import version from "./mod_version/index.js";
import vhostAlias from "./mod_vhost_alias/index.js";
import watchdog from "./mod_watchdog/index.js";
import wsgi from "./mod_wsgi/index.js";
import event from "./mpm_event/index.js";
import prefork from "./mpm_event/prefork.js";
import worker from "./mpm_event/worker.js";

/** Every module of this server. */
export const modules: readonly Module[] = [
  core,
  so,
  watchdog,
  httpCore,
  logConfig,
  logio,
  version,
  unixd,
  event,
  worker,
  prefork,
  accessCompat,
  actions,
  alias,
  allowMethods,
  asis,
  authBasic,
  authDigest,
  authForm,
  authnAnon,
  authnCore,
  authnDbm,
  authnFile,
  authnSocache,
  authzCore,
  authzDbm,
  authzGroupfile,
  authzHost,
  authzOwner,
  authzUser,
  autoindex,
  brotli,
  cache,
  cacheDisk,
  cacheSocache,
  cgi,
  cgid,
  buffer,
  charsetLite,
  data,
  deflate,
  dir,
  env,
  expires,
  extFilter,
  fileCache,
  filter,
  headers,
  http2,
  include,
  info,
  logDebug,
  logForensic,
  macro,
  md,
  mime,
  mimeMagic,
  negotiation,
  proxy,
  proxyHttp,
  proxyConnect,
  proxyFcgi,
  proxyScgi,
  proxyUwsgi,
  proxyWstunnel,
  proxyBalancer,
  proxyHcheck,
  lbByRequests,
  lbByTraffic,
  lbByBusyness,
  slotmemShm,
  ratelimit,
  reflector,
  reqtimeout,
  remoteip,
  request,
  rewrite,
  sed,
  session,
  sessionCookie,
  sessionCrypto,
  setenvif,
  socacheDbm,
  socacheMemcache,
  socacheRedis,
  socacheShmcb,
  speling,
  ssl,
  status,
  substitute,
  suexec,
  userdir,
  usertrack,
  vhostAlias,
  uniqueId,
  wsgi,
];
