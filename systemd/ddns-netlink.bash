# Completes command lines of ddns-netlink in bash. The commands and their options are those that
# `ddns-netlink --help` shows, so that this file need not name them.

# _ddns_netlink_commands: the commands, each on a line of its own.
_ddns_netlink_commands() {
    ddns-netlink --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\).*/\1/p'
}

# _ddns_netlink_options COMMAND: the options of a command, then those of every command.
_ddns_netlink_options() {
    ddns-netlink --help | sed -n "/^Commands:/,/^$/s/^  $1 .*\[\(--[a-z-]*\).*/\1/p"
    ddns-netlink --help | sed -n 's/^ *\(-[a-z], \)*\(--[a-z][a-z-]*\).*/\2/Ip'
}

# _ddns_netlink_sections FILE: the names of the sections.
_ddns_netlink_sections() {
    sed -n "s/^[[:space:]]*config[[:space:]]*service[[:space:]]*['\"]*\([A-Za-z0-9_]*\).*/\1/p" "$1" 2>/dev/null
}

_ddns_netlink() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' config=/etc/config/ddns index
    for ((index = 1; index < COMP_CWORD; index++)); do
        case ${COMP_WORDS[index]} in
        -c | --config) config=${COMP_WORDS[++index]} ;;
        --from) ((index++)) ;;
        -*) ;;
        *) [ -n "$command" ] || command=${COMP_WORDS[index]} ;;
        esac
    done
    COMPREPLY=()
    case $previous in
    -c | --config)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --from)
        mapfile -t COMPREPLY < <(compgen -W 'inadyn ddclient ddns-go' -- "$word")
        return
        ;;
    esac
    local words=''
    case $word,$command in
    -*) words=$(_ddns_netlink_options "$command") ;;
    *,) words=$(_ddns_netlink_commands) ;;
    *,once | *,status | *,update | *,stop | *,start | *,why | *,history)
        words=$(_ddns_netlink_sections "$config")
        ;;
    *,watch) words=$(ls /sys/class/net) ;;
    *,providers) words=$(ddns-netlink providers | sed -n '/:$/d; s/^\([^ ]*\) .*/\1/p') ;;
    *,import)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o filenames -F _ddns_netlink ddns-netlink
