// A body that cannot be read → a line in the error log, and the answer.
import { refuse, RequestBodyError, type Request, type Verdict } from "../../api/index.js";
import type { CgiModule } from "./settings.js";

/** The answer where a body cannot be read. */
export function bodyFailed(request: Request, error: unknown, { codes, name }: CgiModule): Verdict {
  if (!(error instanceof RequestBodyError)) throw error;
  request.log("error", name, `${codes.body}: Error reading request entity data: ${error.message}`);
  return { ...refuse(error.status), close: true };
}
