// What the RemoteIP directives set.
import { defineSettings, list, notInherited, value, type Subnet } from "../../api/index.js";
import type { Proxy } from "./proxy.js";

export const remoteIp = defineSettings("mod_remoteip", {
  header: value<string | undefined>(undefined),
  proxiesHeader: value<string | undefined>(undefined),
  proxies: list<Proxy>("replace"),
  /** Whether connections begin with a PROXY header. */
  announced: notInherited(value<boolean | undefined>(undefined)),
  announcementExceptions: list<Subnet>("outer first"),
});
