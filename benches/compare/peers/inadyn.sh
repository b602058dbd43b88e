# inadyn, whose signal SIGUSR1 makes it look at the address and update at once. It takes at most 50 names in a section.
inadyn=$TOOLS/host/usr/bin/inadyn
[ -x "$inadyn" ] || inadyn=/usr/sbin/inadyn
for directory in "$TOOLS"/host/usr/lib/*-linux-gnu; do
    LD_LIBRARY_PATH=$directory
done
export LD_LIBRARY_PATH
case $1 in
version) "$inadyn" --version | sed 's/^v*/inadyn /' ;;
interval) echo 120 ;;
configure)
    section() {
        echo "custom names:$1 {
    username = user
    password = secret
    ddns-server = $HOST:$PORT
    ddns-path = \"/nic/update?hostname=%h&myip=%i\"
    ssl = $([ "$SCHEME" = https ] && echo true || echo false)
    hostname = { $2 }
}"
    }
    {
        echo "iface = $DEVICE"
        echo "ca-trust-file = \"$CACERT\""
        list= count=0 section=0
        for name in $NAMES; do
            [ "$count" -lt 50 ] || { section $section "$list"; section=$((section + 1)) list= count=0; }
            list="$list${list:+, }\"$name\"" count=$((count + 1))
        done
        section $section "$list"
    } >"$DIR/inadyn.conf"
    chmod 600 "$DIR/inadyn.conf"
    mkdir -p "$DIR/cache"
    echo "export LD_LIBRARY_PATH=$LD_LIBRARY_PATH
exec $inadyn -n -l err -f $DIR/inadyn.conf --cache-dir=$DIR/cache -P $DIR/pid" >"$DIR/run"
    echo "read -r pid <$DIR/pid; kill -USR1 \$pid" >"$DIR/hook"
    ;;
esac
