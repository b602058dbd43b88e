
# Outside of an update: for scripts that source this file only for its functions.
[ -n "$__told" ] || {
read -r VERSION 2>/dev/null </usr/share/ddns/version
ddns_rundir=/var/run/ddns ddns_logdir=/var/log/ddns ddns_loglines=250 ddns_dateformat='%F %R'
upd_privateip=0
command -v uci >/dev/null && for __option in ddns_rundir ddns_logdir ddns_loglines ddns_dateformat upd_privateip; do
	__value=$(uci -q get "ddns.global.$__option") && eval "$__option=\$__value"
done

write_log() {
	local __level="$1"
	shift
	logger -t "ddns-netlink[$$]" "${SECTION_ID:+$SECTION_ID: }$*"
	[ "$__level" -ge 10 ] && exit 1
	return 0
}

# package section: every option of the section becomes a variable.
load_all_config_options() {
	local __wanted="$2" __here= __options= __option
	command -v config_load >/dev/null || return 1
	config_cb() { __here="$2"; }
	option_cb() { [ "$__here" != "$__wanted" ] || __options="$__options $1"; }
	list_cb() { option_cb "$1"; }
	config_load "$1"
	reset_cb
	[ -n "$__options" ] || return 1
	for __option in $__options; do
		config_get "$__option" "$2" "$__option"
	done
}

# url: curl, uclient-fetch or wget writes the answer to $DATFILE.
do_transfer() {
	if [ -n "$CURL" ]; then
		"$CURL" -sSLo "$DATFILE" "$1"
	else
		"${UCLIENT_FETCH:-wget}" -q -O "$DATFILE" "$1"
	fi 2>"${ERRFILE:-/dev/null}"
}

# variable: the registered address of $lookup_host.
get_registered_ip() {
	local __variable="$1" __found
	set -- -l "${lookup_host:-$domain}" -- get_registered_ip
	[ "$use_ipv6" = 1 ] && set -- -6 "$@"
	[ "$force_ipversion" = 1 ] && set -- -f "$@"
	[ "$force_dnstcp" = 1 ] && set -- -t "$@"
	[ "$is_glue" = 1 ] && set -- -g "$@"
	[ -n "$dns_server" ] && set -- -d "$dns_server" "$@"
	__found=$(/usr/lib/ddns/dynamic_dns_lucihelper.sh "$@") || return
	eval "$__variable=\$__found"
}

# variable: the address of $ip_network.
get_current_ip() {
	local __family=
	[ "$use_ipv6" = 1 ] && __family=6
	command -v "network_get_ipaddr$__family" >/dev/null || return 127
	"network_get_ipaddr$__family" "$1" "${ip_network:-wan$__family}" || return 127
}
get_local_ip() { get_current_ip "$1"; }
}
