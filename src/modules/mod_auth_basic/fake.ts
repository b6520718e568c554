// AuthBasicFake lines → the Authorization field that requests get.
import { byteString, type Place, type Request } from "../../api/index.js";

/** The whole field; "" takes away what the client sent, where name or password is empty. */
export interface Fake {
  readonly field: string;
}

/** What a line says: undefined for "off". */
export function fakeOf(user: string, password: string, place: Place): Fake | undefined {
  if (user.toLowerCase() === "off") return undefined;
  for (const word of [user, password]) {
    if (word.includes("%{")) place.fail(`expressions are not supported, found "${word}"`);
  }
  if (user === "" || password === "") return { field: "" };
  const pair = Buffer.from(`${byteString(user)}:${byteString(password)}`, "latin1");
  return { field: `Basic ${pair.toString("base64")}` };
}

/** Sets the field, in fixups. */
export function fakeAuthorization(request: Request, fake: Fake | undefined): undefined {
  if (!fake) return undefined;
  if (fake.field === "") request.headers.delete("Authorization");
  else request.headers.set("Authorization", fake.field);
  return undefined;
}
