// A question about a certificate → the bytes a responder answers.
import type { X509Certificate } from "node:crypto";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { ocspQuestion, type OcspQuestion } from "./ocsp.js";

/** The most bytes of an answer that are read. */
const largestAnswer = 65_536;

/** Whom to ask, and how. */
export interface Responder {
  readonly url: URL;
  /** Milliseconds. */
  readonly timeout: number;
  /** A proxy to ask through; http only. */
  readonly proxy?: URL | undefined;
}

/** Where a certificate says that its responder is. */
export function responderOf({ infoAccess }: X509Certificate): string | undefined {
  return /^OCSP - URI:(\S+)$/m.exec(infoAccess ?? "")?.[1];
}

/** A certificate with its issuer and where the answers about it are. */
export interface OcspSubject {
  readonly leaf: X509Certificate;
  readonly issuer: X509Certificate;
  readonly url: string;
}

/** The question about it, and whom to ask. Throws where the URL or the certificates are none. */
export function inquiryOf({ leaf, issuer, url: text }: OcspSubject): { question: OcspQuestion; url: URL } {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) throw new Error(`${text} is neither http nor https`);
  return { question: ocspQuestion(leaf, issuer), url };
}

/** Asks; rejects where there is no answer with status 200, in time and of a size. */
export function askResponder(question: Buffer, { url, timeout, proxy }: Responder): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const headers = {
      "Content-Type": "application/ocsp-request",
      "Content-Length": question.length,
      Connection: "close",
      Host: url.host,
    };
    const options = { method: "POST", headers, agent: false } as const;
    const request = proxy ? requestHttp(proxy, { ...options, path: url.href }) : send(url, options);
    const limit = setTimeout(() => request.destroy(new Error("it does not answer in time")), timeout);
    request.on("close", () => clearTimeout(limit)).on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > largestAnswer) request.destroy(new Error("its answer is too long"));
      });
      response.on("error", reject).on("end", () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new Error(`it answered ${response.statusCode}`));
      });
    });
    request.end(question);
  });
}
