// A request with its variables → an exchange in FastCGI.
import {
  HeadReader,
  OutputFault,
  ProxyError,
  scriptResponse,
  type ProxyEar,
  type ProxySpeaker,
  type Request,
} from "../../api/index.js";
import {
  beginRecord,
  inputRecords,
  paramRecords,
  record,
  RecordReader,
  recordTypes,
  requestId,
  type RecordListener,
} from "./records.js";

/** Bytes of one line of standard error that are logged. */
const longestLine = 8192;

/** Speaks FastCGI; the variables are those in the request's environment. */
export class FastCgiSpeaker implements ProxySpeaker, RecordListener {
  readonly closing = record(recordTypes.stdin);
  readonly #request: Request;
  readonly #reader = new RecordReader(this);
  readonly #head: HeadReader;
  #ear: ProxyEar | undefined;
  #hasBegun = false;
  #isOver = false;
  #errors = "";
  #ending = Buffer.alloc(0);

  constructor(request: Request) {
    this.#request = request;
    this.#head = new HeadReader(request.path.slice(request.path.lastIndexOf("/") + 1));
  }

  opening(keeps: boolean): Buffer {
    const tooLong = (name: string): void =>
      this.#request.log("warn", "proxy_fcgi", `AH02536: couldn't encode envvar '${name}': its value is too long`);
    return Buffer.concat([beginRecord(keeps), paramRecords(this.#request.environment, tooLong)]);
  }

  piece(bytes: Buffer): readonly Buffer[] {
    return inputRecords(bytes);
  }

  hear(bytes: Buffer, ear: ProxyEar): void {
    this.#ear = ear;
    this.#reader.read(bytes);
  }

  ended(): void {
    this.#logErrors(true);
    throw new ProxyError("response", "AH01067: Failed to read FastCGI header: the connection was closed", 503);
  }

  head(version: number, _type: number, id: number): void {
    if (version !== 1) throw new ProxyError("response", `AH01068: Got bogus version ${version}`, 503);
    if (id !== requestId) throw new ProxyError("response", `AH01069: Got bogus rid ${id}, expected ${requestId}`, 503);
  }

  content(type: number, bytes: Buffer, isLast: boolean): boolean {
    if (type === recordTypes.stdout) this.#output(bytes);
    else if (type === recordTypes.stderr) {
      this.#errors += bytes.toString("latin1");
      this.#logErrors(isLast);
    } else if (type === recordTypes.end) {
      this.#ending = Buffer.concat([this.#ending, bytes.subarray(0, 8)]);
      if (isLast) this.#end();
    } else if (isLast) this.#request.log("error", "proxy_fcgi", `AH01072: Got bogus record ${type}`);
    return !this.#isOver;
  }

  #output(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#hasBegun) return this.#ear?.body(bytes);
    let rest: Buffer | undefined;
    try {
      rest = this.#head.read(bytes);
    } catch (error) {
      if (!(error instanceof OutputFault)) throw error;
      throw new ProxyError("response", `AH01070: Error parsing script headers: ${error.message}`, 500);
    }
    if (rest === undefined) return;
    const head = this.#head.head(Date.now());
    this.#hasBegun = true;
    this.#ear?.begin((body) => scriptResponse(this.#request, head, body));
    if (rest.length > 0) this.#ear?.body(rest);
  }

  #end(): void {
    this.#isOver = true;
    this.#logErrors(true);
    const refusal = refusals[this.#ending[4] ?? 0];
    if (refusal !== undefined) throw new ProxyError("response", `the back end refuses the request: ${refusal}`, 503);
    if (!this.#hasBegun) {
      throw new ProxyError(
        "response",
        "AH01070: Error parsing script headers: End of script output before headers",
        500,
      );
    }
    this.#ear?.end(true);
  }

  #logErrors(isLast: boolean): void {
    if (this.#errors === "" || (!isLast && this.#errors.length < longestLine)) return;
    const text = this.#errors.slice(0, longestLine).trimEnd();
    this.#errors = "";
    if (text !== "") this.#request.log("error", "proxy_fcgi", `AH01071: Got error '${text}'`);
  }
}

/** What protocolStatus says, where it is not that the request is complete. */
const refusals: readonly (string | undefined)[] = [
  undefined,
  "it takes one request at a time on a connection (FCGI_CANT_MPX_CONN)",
  "it is overloaded (FCGI_OVERLOADED)",
  "it knows no responders (FCGI_UNKNOWN_ROLE)",
];
