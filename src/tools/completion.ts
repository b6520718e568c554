// A shell → the script that completes modhostctl and the a2 tools in it.

const commands =
  "start stop restart graceful graceful-stop restart-group configtest status fullstatus explain help completion";
const dumps = "DUMP_VHOSTS DUMP_RUN_CFG DUMP_MODULES DUMP_INCLUDES DUMP_CONFIG DUMP_TREE DUMP_HOOKS FOREGROUND";
const tools = ["a2enmod", "a2dismod", "a2ensite", "a2dissite", "a2enconf", "a2disconf"] as const;

/** The script for "bash" or "zsh"; undefined for other shells. */
export function completionFor(shell: string): string | undefined {
  return shell === "bash" ? bash : shell === "zsh" ? zsh : undefined;
}

/** Finds the server root as the tools do: -d, MODHOST_ROOT, APACHE_CONFDIR, the nearest folder with a main file. */
const findRoot = `_modhost_root() {
  local word previous="" folder="$PWD"
  for word in "$@"; do
    case "$previous" in -d) echo "$word"; return ;; esac
    previous="$word"
  done
  if [ -n "$MODHOST_ROOT$APACHE_CONFDIR" ]; then echo "\${MODHOST_ROOT:-$APACHE_CONFDIR}"; return; fi
  while [ -n "$folder" ]; do
    if [ -e "$folder/apache2.conf" ] || [ -e "$folder/conf/httpd.conf" ]; then echo "$folder"; return; fi
    folder="\${folder%/*}"
  done
}

_modhost_names() {
  local tool="$1" root kind="" state="available" suffix=".conf" file
  # A pattern that nothing matches is an error in zsh otherwise.
  [ -z "$ZSH_VERSION" ] || setopt localoptions nonomatch
  shift
  root="$(_modhost_root "$@")"
  case "$tool" in *mod) kind=mods; suffix=.load ;; *site) kind=sites ;; *conf) kind=conf ;; esac
  case "$tool" in a2dis*) state=enabled ;; esac
  for file in "$root/$kind-$state"/*"$suffix"; do
    if [ -e "$file" ] || [ -L "$file" ]; then file="\${file##*/}"; echo "\${file%"$suffix"}"; fi
  done
}

# The names that -m, -s and -c of a2query ask for.
_modhost_asked() {
  local option="$1"
  shift
  case "$option" in
    -m) _modhost_names a2dismod "$@" ;;
    -s) _modhost_names a2dissite "$@" ;;
    -c) _modhost_names a2disconf "$@" ;;
    *) echo "-m -s -c -v -a -M -q -h -d" ;;
  esac
}

_modhost_groups() {
  local root="$(_modhost_root "$@")"
  grep -rhioE '^[[:space:]]*WSGIDaemonProcess[[:space:]]+[^[:space:]]+' \
    "$root/apache2.conf" "$root/conf" "$root/conf-enabled" "$root/sites-enabled" "$root/mods-enabled" 2>/dev/null |
    sed 's/.*[[:space:]]//' | sort -u
}

# All directives: asked once in a shell, since that takes a while.
_modhost_directives() {
  [ -n "$_modhost_known" ] || _modhost_known="$(modhost -L 2>/dev/null | sed -n 's/^<\\{0,1\\}\\([A-Za-z0-9]*\\)>* (.*/\\1/p')"
}
`;

const bash = `# Completion of modhostctl and the a2 tools for bash: eval "$(modhostctl completion bash)"
${findRoot}
_modhostctl() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  case "$previous" in
    -d) COMPREPLY=($(compgen -d -- "$current")) ;;
    completion) COMPREPLY=($(compgen -W "bash zsh" -- "$current")) ;;
    --format) COMPREPLY=($(compgen -W "text json" -- "$current")) ;;
    --method) COMPREPLY=($(compgen -W "GET HEAD POST PUT DELETE OPTIONS" -- "$current")) ;;
    explain) COMPREPLY=($(compgen -W "--method --header --from --to --format --full http:// https:// /" -- "$current")) ;;
    restart-group) COMPREPLY=($(compgen -W "$(_modhost_groups "\${COMP_WORDS[@]:1}")" -- "$current")) ;;
    help)
      _modhost_directives
      COMPREPLY=($(compgen -W "$_modhost_known" -- "$current")) ;;
    -D) COMPREPLY=($(compgen -W "${dumps}" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "${commands} -d -D -t -S -M -V -v -l -L" -- "$current")) ;;
  esac
}
_modhost_a2query() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$previous" = -d ]; then
    COMPREPLY=($(compgen -d -- "$current"))
  else
    COMPREPLY=($(compgen -W "$(_modhost_asked "$previous" "\${COMP_WORDS[@]:1}")" -- "$current"))
  fi
}
_modhost_a2() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  if [ "\${COMP_WORDS[COMP_CWORD-1]}" = -d ]; then
    COMPREPLY=($(compgen -d -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "-q -f -m -p -d" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$(_modhost_names "\${COMP_WORDS[0]##*/}" "\${COMP_WORDS[@]:1}")" -- "$current"))
  fi
}
complete -F _modhostctl modhostctl
complete -F _modhost_a2query a2query
complete -F _modhost_a2 ${tools.join(" ")}
`;

const zsh = `# Completion of modhostctl and the a2 tools for zsh: eval "$(modhostctl completion zsh)"
${findRoot}
_modhostctl() {
  case "\${words[CURRENT-1]}" in
    -d) _files -/ ;;
    completion) compadd bash zsh ;;
    --format) compadd text json ;;
    --method) compadd GET HEAD POST PUT DELETE OPTIONS ;;
    explain) compadd -- --method --header --from --to --format --full http:// https:// / ;;
    restart-group) compadd -- \${(f)"$(_modhost_groups "\${(@)words[2,-1]}")"} ;;
    help) _modhost_directives; compadd -- \${(f)_modhost_known} ;;
    -D) compadd -- ${dumps} ;;
    *) compadd -- ${commands} -d -D -t -S -M -V -v -l -L ;;
  esac
}
_modhost_a2query() {
  if [ "\${words[CURRENT-1]}" = -d ]; then _files -/; else compadd -- \${=:-"$(_modhost_asked "\${words[CURRENT-1]}" "\${(@)words[2,-1]}")"}; fi
}
_modhost_a2() {
  if [ "\${words[CURRENT-1]}" = -d ]; then _files -/
  elif [[ \${words[CURRENT]} == -* ]]; then compadd -- -q -f -m -p -d
  else compadd -- \${(f)"$(_modhost_names "\${words[1]##*/}" "\${(@)words[2,-1]}")"}; fi
}
compdef _modhostctl modhostctl
compdef _modhost_a2query a2query
compdef _modhost_a2 ${tools.join(" ")}
`;
