// The client's connection, as applications look at it through request.socket: addresses, and nothing to read or write.
import { EventEmitter } from "node:events";

/** What is known of the connection. */
export interface ClientAddress {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly encrypted: boolean;
}

/** Stands in for a net.Socket: one for each connection, with the request under way. */
export class ClientSocket extends EventEmitter implements ClientAddress {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteFamily: "IPv4" | "IPv6";
  readonly localAddress: string;
  readonly localPort: number;
  readonly encrypted: boolean;
  destroyed = false;
  readable = true;
  writable = true;
  readonly connecting = false;
  readonly readyState = "open";
  readonly readableHighWaterMark = 65_536;
  readonly writableHighWaterMark = 65_536;
  readonly writableLength = 0;
  readonly writableCorked = 0;
  readonly bytesRead = 0;
  readonly bytesWritten = 0;
  readonly parser = null;
  /** Breaks off the response under way. */
  breakOff: ((error: Error | undefined) => void) | undefined;

  constructor({ remoteAddress, remotePort, localAddress, localPort, encrypted }: ClientAddress) {
    super();
    // Every request adds its listeners, and takes them away in its own time.
    this.setMaxListeners(0);
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.remoteFamily = remoteAddress.includes(":") ? "IPv6" : "IPv4";
    this.localAddress = localAddress;
    this.localPort = localPort;
    this.encrypted = encrypted;
  }

  address(): { address: string; port: number; family: string } {
    return {
      address: this.localAddress,
      port: this.localPort,
      family: this.localAddress.includes(":") ? "IPv6" : "IPv4",
    };
  }

  /** Applications that end the connection end their response: it is broken off. */
  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.readable = this.writable = false;
    this.breakOff?.(error);
    return this;
  }

  destroySoon(): void {
    this.destroy();
  }

  end(): this {
    return this;
  }

  write(): boolean {
    return false;
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  cork(): void {}

  uncork(): void {}
}
