# ddclient, started by a hook for one update. -force, because it would drop a change that follows another one within
# 30 seconds.
ddclient=$TOOLS/host/usr/bin/ddclient
[ -x "$ddclient" ] || ddclient=/usr/sbin/ddclient
export PERL5LIB=$TOOLS/host/usr/share/perl5
for directory in "$TOOLS"/host/usr/lib/*-linux-gnu/perl5/*; do
    PERL5LIB=$PERL5LIB:$directory
done
case $1 in
version)
    [ -x "$ddclient" ] || { echo 'ddclient is not unpacked' >&2; exit 1; }
    perl -MIO::Socket::SSL -e 1 || exit 1
    perl "$ddclient" -help 2>&1 | sed -n 's/.*ddclient[ -]*version *\([0-9][0-9.]*\).*/ddclient \1/p' | head -n 1
    ;;
interval) echo 300 ;;
configure)
    {
        echo "ssl=$([ "$SCHEME" = https ] && echo yes || echo no)"
        echo "ssl_ca_file=$CACERT"
        echo "use=if, if=$DEVICE"
        echo "protocol=dyndns2, server=$HOST:$PORT, login=user, password='secret'"
        echo "${NAMES// /,}"
    } >"$DIR/ddclient.conf"
    chmod 600 "$DIR/ddclient.conf"
    echo "export PERL5LIB=$PERL5LIB
exec perl $ddclient -daemon=0 -force -quiet -file $DIR/ddclient.conf -cache $DIR/cache -pid $DIR/pid" >"$DIR/hook"
    ;;
esac
