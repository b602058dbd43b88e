# The variables and functions that ddns-scripts gives its update scripts, under the same names.
[ -r /lib/functions.sh ] && . /lib/functions.sh
[ -r /lib/functions/network.sh ] && . /lib/functions/network.sh
[ -r /usr/share/libubox/jshn.sh ] && . /usr/share/libubox/jshn.sh

N='
'
VERBOSE=0 VERBOSE_MODE=0 DRY_RUN=0 ERR_LAST=0 PID_SLEEP=0
IPV4_REGEX='[0-9]\{1,3\}\.[0-9]\{1,3\}\.[0-9]\{1,3\}\.[0-9]\{1,3\}'
IPV6_REGEX='\([0-9A-Fa-f]\{1,4\}:\)\{1,\}\([0-9A-Fa-f]\{1,4\}\)\{0,1\}\(:[0-9A-Fa-f]\{1,4\}\)\{1,\}'
DNS_CHARSET='[@a-zA-Z0-9.:_-]'
DNS_CHARSET_DOMAIN='[@a-zA-Z0-9._*-]'
SHELL_ESCAPE="[]\"'\`\$!();><{}?|[*\\\\]"

# The daemon retries, not the script.
retry_max_count=1 RETRY_SECONDS=5

# curl itself reports what it does not support; testing that first can take seconds.
CURL=$(command -v curl)
CURL_SSL=$CURL CURL_PROXY=$CURL
WGET=$(command -v wget)
WGET_SSL=
[ -n "$WGET" ] && case $("$WGET" -V 2>/dev/null) in *+https*) WGET_SSL=$WGET ;; esac
UCLIENT_FETCH=$(command -v uclient-fetch)

[ -n "$proxy" ] && export http_proxy="http://$proxy" https_proxy="http://$proxy" \
	HTTP_PROXY="http://$proxy" HTTPS_PROXY="http://$proxy"

# Without netifd, the name of an interface is that of its device.
command -v network_get_device >/dev/null || network_get_device() { eval "$1=\$2"; }

# level text...: a level of 10 or more ends the script.
write_log() {
	local __level="$1"
	shift
	printf '\001%s %s\002' "$__level" "$*" >&7
	[ "$__level" -ge 10 ] && exit 1
	return 0
}

# url: the answer goes to $DATFILE. bind_network, proxy and cacert of the section apply.
do_transfer() {
	local __reply
	printf '\001U%s\002' "$1" >&7
	IFS= read -r __reply <"$__told"
	[ "$__reply" = ok ] && return 0
	printf '%s\n' "$__reply" >"$ERRFILE"
	write_log 14 "$__reply"
}

# variable text
urlencode() {
	local __encoded
	__encoded=$(LC_ALL=C __text="$2" awk 'BEGIN {
		for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i
		text = ENVIRON["__text"]
		for (i = 1; i <= length(text); i++) {
			c = substr(text, i, 1)
			printf "%s", c ~ /[-_.~A-Za-z0-9]/ ? c : sprintf("%%%02x", code[c])
		}
	}')
	eval "$1=\$__encoded"
}

# address variable: eight groups of four digits, or "invalid".
expand_ipv6() {
	local __all="$1" __left __right __group __out= IFS=:
	case $__all in *[A-F]*) __all=$(echo "$__all" | tr A-F a-f) ;; esac
	case $__all in
	*::*::* | *[!0-9a-f:]*) __all= ;;
	*::*)
		__left=${__all%%::*} __right=${__all#*::}
		set -- "$1" "$2" $__left $__right
		while [ $# -lt 10 ]; do
			set -- "$@" 0
			__left=$__left:0
		done
		__all=$__left:$__right
		;;
	esac
	for __group in $__all; do
		case $__group in
		'') ;;
		?????*) __out=$__out:$__group ;;
		*)
			__group=000$__group
			__out=$__out:${__group#"${__group%????}"}
			;;
		esac
	done
	[ ${#__out} -eq 40 ] || {
		write_log 4 "expand_ipv6: '$1' is not an IPv6 address"
		eval "$2=invalid"
		return 1
	}
	eval "$2=\${__out#:}"
}

# variable: the registered address, if it is known.
get_registered_ip() {
	[ -n "$REGISTERED_IP" ] || return 127
	eval "$1=\$REGISTERED_IP"
}

# variable
get_current_ip() { eval "$1=\$__IP"; }
get_local_ip() { eval "$1=\$__IP"; }

# variable
get_uptime() {
	local __up
	read -r __up </proc/uptime
	eval "$1=\${__up%%.*}"
}

# variable number unit
get_seconds() {
	case $3 in
	days) eval "$1=$(($2 * 86400))" ;;
	hours) eval "$1=$(($2 * 3600))" ;;
	minutes) eval "$1=$(($2 * 60))" ;;
	*) eval "$1=\$2" ;;
	esac
}

date_prog() { date +"$ddns_dateformat"; }

# All options are variables already.
load_all_config_options() { [ "$2" = "$SECTION_ID" ]; }

# variable, pattern of an allowed character, pattern that must not occur
sanitize_variable() {
	local __value __rest
	eval "__value=\$$1"
	__rest=$__value
	while [ -n "$2" ] && [ -n "$__rest" ]; do
		case $__rest in
		$2*) __rest=${__rest#?} ;;
		*) write_log 12 "option '$1' has a character that is not allowed" ;;
		esac
	done
	[ -z "$3" ] || case $__value in
	*$3*) write_log 12 "option '$1' has a character that is not allowed" ;;
	esac
}

# host port: 1 there is no nc, 3 no connection
verify_host_port() {
	command -v nc >/dev/null || return 1
	nc -w 3 "$1" "$2" </dev/null >/dev/null 2>&1 || return 3
}

# server
verify_dns() { verify_host_port "$1" 53; }

# [user:password@]host:port
verify_proxy() {
	local __place="${1##*@}" __host
	__host=${__place%:*}
	__host=${__host#[}
	[ "$__host" != "$__place" ] || return 5
	verify_host_port "${__host%]}" "${__place##*:}"
}

# [-signal] seconds command...
timeout() {
	local __signal=-TERM __command __watch __status
	case $1 in -[A-Z0-9]*) __signal=$1 && shift ;; esac
	local __seconds="$1"
	shift
	[ "$1" = -- ] && shift
	"$@" &
	__command=$!
	(sleep "$__seconds" && kill "$__signal" "$__command") >/dev/null 2>&1 &
	__watch=$!
	wait "$__command"
	__status=$?
	kill "$__watch" 2>/dev/null
	return "$__status"
}
