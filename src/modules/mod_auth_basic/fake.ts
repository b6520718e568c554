// AuthBasicFake lines → the Authorization field that requests get.
import { refuse, type Request, type Response, type StringExpression } from "../../api/index.js";

/** What a line says. */
export interface Fake {
  readonly user: StringExpression;
  /** "password" where it is undefined. */
  readonly password: StringExpression | undefined;
}

/** What a line says: undefined for "off". */
export function fakeOf(user: StringExpression, password: StringExpression | undefined): Fake | undefined {
  return user.text.toLowerCase() === "off" ? undefined : { user, password };
}

/** Sets the field, in fixups; takes away what the client sent where name or password is empty. */
export function fakeAuthorization(request: Request, fake: Fake | undefined): Response | undefined {
  if (!fake) return undefined;
  const user = fake.user.evaluate(request);
  const password = fake.password ? fake.password.evaluate(request) : "password";
  if (user === undefined || password === undefined) return refuse(500);
  if (user === "" || password === "") {
    request.headers.delete("Authorization");
  } else {
    const pair = Buffer.from(`${user}:${password}`, "latin1");
    request.headers.set("Authorization", `Basic ${pair.toString("base64")}`);
  }
  return undefined;
}
