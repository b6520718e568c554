// Methods of <Limit> and <LimitExcept> lines, within those around them → what is left of the methods.
import type { Methods, Place } from "../../api/index.js";
import { isRegistered } from "./methods.js";

/** What a line leaves; refuses what leaves none of the methods of the sections around it, or all of them. */
export function limitedMethods(named: Methods, place: Place): Methods {
  if (!named.except && named.methods.includes("TRACE"))
    place.fail("TRACE cannot be controlled by <Limit>, see TraceEnable");
  if (place.context === ".htaccess") {
    const unknown = named.methods.find((method) => !isRegistered(method));
    if (unknown !== undefined) place.fail(`the method "${unknown}" is not known`);
  }
  const own = normal(named);
  const around = place.methods ?? all;
  const left = common(around, own);
  if (!left.except && left.methods.length === 0) place.fail("excludes all methods");
  if (isWithin(around, own)) place.fail("specifies methods already excluded");
  return left;
}

const all: Methods = { methods: [], except: true };

/** A request with HEAD is one with GET that wants no body. */
function normal({ methods, except }: Methods): Methods {
  return { methods: methods.map((method) => (method === "HEAD" ? "GET" : method)), except };
}

function common(one: Methods, other: Methods): Methods {
  if (one.except && other.except) return { methods: [...one.methods, ...other.methods], except: true };
  if (one.except) return { methods: other.methods.filter((method) => !one.methods.includes(method)), except: false };
  return { methods: one.methods.filter((method) => other.methods.includes(method) !== other.except), except: false };
}

/** Whether all of the inner methods are among the outer ones. */
function isWithin(inner: Methods, outer: Methods): boolean {
  if (!inner.except) return inner.methods.every((method) => outer.methods.includes(method) !== outer.except);
  return outer.except && outer.methods.every((method) => inner.methods.includes(method));
}
