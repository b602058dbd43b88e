# ddns-scripts of OpenWrt, from the file tree that COMPARE_DDNS_SCRIPTS names. Its scripts have absolute paths, so it
# runs in a root directory of its own: that tree with busybox, curl, ip and pgrep of this machine. Each name is a
# section with an updater. A shell stands for procd: it stops the updaters at "ifdown" and starts them at "ifup".
tree=$COMPARE_DDNS_SCRIPTS
case $1 in
version)
    [ -n "$tree" ] || { echo 'COMPARE_DDNS_SCRIPTS names no directory' >&2; exit 1; }
    for file in usr/lib/ddns/dynamic_dns_updater.sh usr/lib/ddns/dynamic_dns_functions.sh usr/share/ddns/version \
        usr/share/libubox/jshn.sh lib/functions.sh lib/functions/network.sh lib/config/uci.sh \
        sbin/uci usr/bin/jsonfilter; do
        [ -f "$tree/$file" ] || { echo "$tree/$file is missing" >&2; exit 1; }
    done
    for program in curl ip pgrep; do
        command -v "$program" >/dev/null || { echo "$program is not installed" >&2; exit 1; }
    done
    echo "ddns-scripts $(cat "$tree/usr/share/ddns/version")"
    ;;
interval) echo 600 ;;
configure)
    root=${DIR%/*}/ddns-scripts
    # add PATH PROGRAM: the program becomes PATH below the root. Its libraries keep their paths.
    add() {
        mkdir -p "$root${1%/*}"
        cp -L "$2" "$root$1"
        for library in $(ldd "$2" | grep -o '/[^ ]*'); do
            mkdir -p "$root${library%/*}"
            cp -L "$library" "$root$library"
        done
    }
    if [ ! -d "$root" ]; then
        mkdir -p "$root/dev" "$root/proc" "$root/tmp" "$root/var/run" "$root/etc/config"
        cp -R "$tree/." "$root"
        add /bin/busybox "$(command -v busybox)"
        add /usr/bin/curl "$(command -v curl)"
        add /usr/bin/pgrep "$(command -v pgrep)"
        add /sbin/ip "$(command -v ip)"
        add /sbin/uci "$tree/sbin/uci"
        add /usr/bin/jsonfilter "$tree/usr/bin/jsonfilter"
        # As its package does.
        chmod 755 "$root/usr/lib/ddns/dynamic_dns_updater.sh"
        # wget of OpenWrt is not that of busybox; without one, ddns-scripts takes curl.
        for applet in $(busybox --list | grep -vx -e busybox -e ip -e wget); do
            ln -s busybox "$root/bin/$applet"
        done
        mount --rbind /dev "$root/dev"
        mount --rbind /proc "$root/proc"
        cp /etc/hosts /etc/ld.so.cache "$root/etc"
        echo "nameserver $RESOLVER" >"$root/etc/resolv.conf"
        mkfifo "$root/tmp/requests" "$root/tmp/stopped"
    fi
    rm -rf "$root/var/run/ddns" "$root/var/log/ddns"
    cp "$CACERT" "$root/etc/ca.pem"
    {
        printf "config ddns 'global'\n"
        for name in $NAMES; do
            printf "config service '%s'\n" "${name%%.*}"
            printf "\toption %s '%s'\n" enabled 1 interface "$DEVICE" lookup_host "$name" domain "$name" \
                username user password secret ip_source interface ip_interface "$DEVICE" \
                use_https "$([ "$SCHEME" = https ] && echo 1 || echo 0)" cacert /etc/ca.pem \
                update_url "http://[USERNAME]:[PASSWORD]@$HOST:$PORT/nic/update?hostname=[DOMAIN]&myip=[IP]"
        done
    } >"$root/etc/config/ddns"
    cat >"$root/tmp/procd" <<'END'
exec 3<>/tmp/requests
request=ifup
while :; do
    case $request in
    ifup)
        updaters=
        for section in "$@"; do
            /usr/lib/ddns/dynamic_dns_updater.sh -S "$section" 3>&- &
            updaters="$updaters $!"
        done
        ;;
    ifdown)
        kill $updaters
        wait
        echo >/tmp/stopped
        ;;
    esac
    read -r request <&3
done
END
    sections=
    for name in $NAMES; do
        sections="$sections ${name%%.*}"
    done
    ln -s "$root" "$DIR/root"
    echo "PATH=/usr/sbin:/usr/bin:/sbin:/bin exec chroot $root /bin/sh /tmp/procd$sections" >"$DIR/run"
    echo "echo ifup >$root/tmp/requests" >"$DIR/hook"
    # Each updater ends its update by a sleep of its interval. It would be stopped earlier than on a router otherwise.
    echo "tries=0
until [ \$(pgrep -xc sleep) -ge $(echo $sections | wc -w) ] || [ \$tries -ge 200 ]; do
    sleep 0.1
    tries=\$((tries + 1))
done
echo ifdown >$root/tmp/requests
read -r end <$root/tmp/stopped" >"$DIR/down"
    ;;
esac
