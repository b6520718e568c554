// What the directives of mod_auth_form say.
import { defineSettings, list, value, type SettingsOf, type StringExpression } from "../../api/index.js";

/** The settings; names of fields are latin1 strings of bytes. */
export const form = defineSettings("mod_auth_form", {
  providers: list<string>("replace"),
  authoritative: value<boolean>(true),
  /** Bytes of a form, decoded. */
  size: value<number>(8192),
  userField: value<string>("httpd_username"),
  passwordField: value<string>("httpd_password"),
  locationField: value<string>("httpd_location"),
  methodField: value<string>("httpd_method"),
  mimeTypeField: value<string>("httpd_mimetype"),
  bodyField: value<string>("httpd_body"),
  loginRequired: value<StringExpression | undefined>(undefined),
  loginSuccess: value<StringExpression | undefined>(undefined),
  logout: value<StringExpression | undefined>(undefined),
  sitePassphrase: value<string | undefined>(undefined),
  fakesBasic: value<boolean>(false),
  mayStore: value<boolean>(false),
});

export type FormSettings = SettingsOf<typeof form.settings>;
