// A shell → the script that completes modhostctl and the a2 tools in it.

const commands =
  "start stop restart graceful graceful-stop restart-group configtest status fullstatus explain help completion";
const tools = ["a2enmod", "a2dismod", "a2ensite", "a2dissite", "a2enconf", "a2disconf"] as const;

/** The script for "bash" or "zsh"; undefined for other shells. */
export function completionFor(shell: string): string | undefined {
  return shell === "bash" ? bash : shell === "zsh" ? zsh : undefined;
}

/** Finds the server root as the tools do: -d, MODHOST_ROOT, the nearest folder with a main file. */
const findRoot = `_modhost_root() {
  local word previous="" folder="$PWD"
  for word in "$@"; do
    case "$previous" in -d) echo "$word"; return ;; esac
    previous="$word"
  done
  if [ -n "$MODHOST_ROOT" ]; then echo "$MODHOST_ROOT"; return; fi
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
    *) COMPREPLY=($(compgen -W "${commands} -d -t -S -M -V -v -l -L" -- "$current")) ;;
  esac
}
_modhost_a2() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  if [ "\${COMP_WORDS[COMP_CWORD-1]}" = -d ]; then
    COMPREPLY=($(compgen -d -- "$current"))
  else
    COMPREPLY=($(compgen -W "$(_modhost_names "\${COMP_WORDS[0]##*/}" "\${COMP_WORDS[@]:1}")" -- "$current"))
  fi
}
complete -F _modhostctl modhostctl
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
    *) compadd -- ${commands} -d -t -S -M -V -v -l -L ;;
  esac
}
_modhost_a2() {
  if [ "\${words[CURRENT-1]}" = -d ]; then _files -/; else compadd -- \${(f)"$(_modhost_names "\${words[1]##*/}" "\${(@)words[2,-1]}")"}; fi
}
compdef _modhostctl modhostctl
compdef _modhost_a2 ${tools.join(" ")}
`;
