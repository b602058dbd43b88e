# This project. min_interval is 0, because the address changes more often than a provider would allow.
case $1 in
version) $RUNNER "$BINARY" --version ;;
interval) ;;
configure)
    {
        printf "config ddns 'global'\n"
        printf "\toption ddns_%s '%s'\n" statedir "$DIR/state" rundir "$DIR/run.d" logdir "$DIR/log"
        printf "config service 'home'\n\toption enabled '1'\n"
        for name in $NAMES; do
            printf "\tlist domain '%s'\n" "$name"
        done
        printf "\toption %s '%s'\n" username user password secret ip_source interface ip_interface "$DEVICE" \
            min_interval 0 force_interval never cacert "$CACERT" \
            update_url "$SCHEME://[USERNAME]:[PASSWORD]@${URL#*://}/nic/update?hostname=[DOMAIN]&myip=[IP]"
    } >"$DIR/ddns"
    chmod 600 "$DIR/ddns"
    echo "exec $RUNNER $BINARY run -c $DIR/ddns" >"$DIR/run"
    ;;
esac
