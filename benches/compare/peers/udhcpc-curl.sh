# The shortest thing that a DHCP client's script can run: curl. It has no memory of what it published, and repeats
# nothing that failed. Several names are one call of curl, which keeps the connection.
case $1 in
version) curl --version | sed -n '1s/^curl \([^ ]*\).*\(OpenSSL[^ ]*\).*/hook with curl \1 (\2)/p' ;;
interval) ;;
configure)
    {
        printf 'exec curl -fsS --cacert %s -u user:secret' "$CACERT"
        for name in $NAMES; do
            printf ' -o /dev/null "%s/nic/update?hostname=%s&myip=$ip"' "$URL" "$name"
        done
        echo
    } >"$DIR/hook"
    ;;
esac
