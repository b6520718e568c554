// The variables of a page → their values: those of CGI, those of the document, those that were set, groups of matches.
import {
  compileStrftime,
  compileStrftimeGmt,
  escapeShell,
  unescapeUrl,
  userName,
  type Captures,
  type Request,
} from "../../api/index.js";

/** The variables of a page and of what it includes. */
export class Variables {
  readonly #request: Request;
  /** The variables themselves: those that programs find too. */
  readonly #values: Map<string, string>;
  readonly captures: Captures = { match: undefined };
  timeFormat: string;
  /** Names of what is worked out when it is asked for. */
  readonly #due: Set<string>;

  constructor(request: Request, timeFormat: string) {
    this.#request = request;
    this.#values = request.environment;
    this.timeFormat = timeFormat;
    this.#due = new Set(["DATE_LOCAL", "DATE_GMT", "LAST_MODIFIED", "USER_NAME"]);
    const { path, query, pathInfo, filename } = request;
    for (const name of this.#due) this.#values.set(name, "");
    this.#values.set("DOCUMENT_URI", path);
    this.#values.set("DOCUMENT_ARGS", query ?? "");
    if (pathInfo !== "") this.#values.set("DOCUMENT_PATH_INFO", pathInfo);
    this.#values.set("DOCUMENT_NAME", filename.slice(filename.lastIndexOf("/") + 1));
    if (query !== undefined) this.#values.set("QUERY_STRING_UNESCAPED", escapeShell(unescapeUrl(query)));
  }

  /** A variable, or by a digit a group of the last match. */
  get(name: string): string | undefined {
    if (/^\d$/.test(name)) return this.captures.match?.[Number(name)];
    const key = this.#nameOf(name);
    if (this.#due.delete(key)) this.#values.set(key, this.#make(key));
    return this.#values.get(key);
  }

  set(name: string, value: string): void {
    const key = this.#nameOf(name);
    this.#due.delete(key);
    this.#values.set(key, value);
  }

  /** Another format of times, from here on. */
  setTimeFormat(format: string): void {
    this.timeFormat = format;
    for (const name of ["DATE_LOCAL", "DATE_GMT", "LAST_MODIFIED"]) this.set(name, this.#make(name));
  }

  /** All of them, for programs and for printenv. */
  all(): ReadonlyMap<string, string> {
    for (const name of this.#due) this.#values.set(name, this.#make(name));
    this.#due.clear();
    return this.#values;
  }

  /** Fills `$name` and `${name}` in; a variable that is not there is nothing, or stays as it is written. */
  expand(text: string, keepsNames = false): string {
    if (!/[\\$]/.test(text)) return text;
    let unclosed = false;
    return text.replace(
      /\\\$|\$\{([^}]*)(\}|$)|\$(\w+)|[^$\\]+|[^]/g,
      (all, braced?: string, end?: string, bare?: string) => {
        if (unclosed) return "";
        if (all === "\\$") return "$";
        if (braced !== undefined && end === "") {
          unclosed = true;
          return "";
        }
        if (braced === "") return all;
        const name = braced ?? bare;
        if (name === undefined) return all;
        return this.get(name) ?? (keepsNames ? all : "");
      },
    );
  }

  /** Names are the same in any case: the name as it was first written. */
  #nameOf(name: string): string {
    if (this.#values.has(name)) return name;
    const wanted = name.toLowerCase();
    for (const known of this.#values.keys()) if (known.toLowerCase() === wanted) return known;
    return name;
  }

  #make(name: string): string {
    const { startTime, file } = this.#request;
    if (name === "USER_NAME") return file ? userName(file.uid) : "<unknown>";
    const show = name === "DATE_GMT" ? compileStrftimeGmt : compileStrftime;
    const at = name === "LAST_MODIFIED" ? (file?.mtimeMs ?? 0) : startTime;
    return show(this.timeFormat)(new Date(at));
  }
}
