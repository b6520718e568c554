// The lines before all tables of access rules, old and new, with passwords.

export const accessConfiguration = `
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule access_compat_module @MODULES@/mod_access_compat.so
DocumentRoot "@ROOT@/htdocs"
SetEnvIf X-B 1 B
<Directory "@ROOT@">
  AllowOverride All
  Require all granted
</Directory>
`;
