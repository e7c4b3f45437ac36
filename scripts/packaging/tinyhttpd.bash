# Completion of tinyhttpd's command line for bash. The options are those that the program's own --help lists.
# shellcheck shell=bash

# _tinyhttpd_options PROGRAM: its options, one on a line.
_tinyhttpd_options() {
  "$1" --help 2>/dev/null | sed -nE 's/^  (-([a-z]), |    )(--[a-z][a-z-]*).*/\3 \2/p' |
    while read -r long short; do printf '%s\n' "$long" ${short:+"-$short"}; done
}

# _tinyhttpd_offer TEXT COMPGEN_OPTION...: those of the words that begin with what has been typed.
_tinyhttpd_offer() {
  local typed=$1
  shift
  mapfile -t COMPREPLY < <(compgen "$@" -- "$typed")
}

# complete calls it with the program, the word that is being typed, and the one before.
_tinyhttpd() {
  local program=${1/#\~/$HOME} typed=$2 option=$3
  COMPREPLY=()
  # Readline makes three words of --root=DIR.
  if [[ $option == = ]]; then option=${COMP_WORDS[COMP_CWORD - 2]}; fi
  if [[ $typed == = ]]; then typed=; fi

  case $option in
    --root | -r | --chroot | --spool-dir)
      compopt -o filenames 2>/dev/null
      _tinyhttpd_offer "$typed" -d
      ;;
    --config | -c)
      compopt -o filenames 2>/dev/null
      _tinyhttpd_offer "$typed" -f
      ;;
    --access-log)
      compopt -o filenames 2>/dev/null
      _tinyhttpd_offer "$typed" -f -W '- off'
      ;;
    --user | --cgi-user) _tinyhttpd_offer "$typed" -u ;;
    --gzip | --cgi-executable) _tinyhttpd_offer "$typed" -W 'on off' ;;
    --symlinks) _tinyhttpd_offer "$typed" -W 'inside follow off' ;;
    --log-format) _tinyhttpd_offer "$typed" -W 'combined json' ;;
    --log-level) _tinyhttpd_offer "$typed" -W 'debug info warning error off' ;;
    --cgi-limit)
      compopt -o nospace 2>/dev/null
      _tinyhttpd_offer "$typed" -W 'cpu= memory= processes= files= file-size='
      ;;
    --cgi-env) _tinyhttpd_offer "$typed" -e ;;
    --autoindex | --cgi-pass-authorization)
      # The value may be left out.
      _tinyhttpd_offer "$typed" -W "on off $(_tinyhttpd_options "$program")"
      ;;
    *)
      if [[ -z $typed || $typed == -* ]]; then _tinyhttpd_offer "$typed" -W "$(_tinyhttpd_options "$program")"; fi
      ;;
  esac
}

complete -F _tinyhttpd tinyhttpd
