// What the pages of balancers are about, and the nonces of their forms.
import { createHmac } from "node:crypto";
import type { ProxyBalancer, ProxyHealth, ProxyMember } from "../../api/index.js";

/** What the page is about. */
export interface Managed {
  readonly balancers: readonly ProxyBalancer[];
  readonly inheritsBalancers: boolean;
  readonly inheritsRules: boolean;
  readonly persists: boolean;
  readonly health: ProxyHealth | undefined;
  /** What nonces are made from. */
  readonly secret: Buffer;
}

/** What a page shows beside the balancers: the one, and the member, that can be edited on it. */
export interface Chosen {
  readonly balancer: ProxyBalancer | undefined;
  readonly member: ProxyMember | undefined;
}

/** A text that forms of a balancer must bring along; "" where none can. The same in all HTTP workers. */
export function nonceOf({ key, parameters: { nonce } }: ProxyBalancer, secret: Buffer): string {
  if (nonce !== undefined) return nonce.toLowerCase() === "none" ? "" : nonce;
  const hex = createHmac("sha256", secret).update(`balancer-manager ${key}`, "latin1").digest("hex");
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
