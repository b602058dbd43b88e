#!/bin/busybox sh
# The first process of the test's router, which runs all steps of the test. A line that begins with
# `## ` reports a step to tests/targets.rs: seconds since boot, then the step. If a step is not
# reached within the limit, `## FAILED` is printed and the machine powers off.
#
# The machine is the router. Its provider is in a second network namespace, `isp`. A veth pair
# connects the two: `wan` in the router, `isp0` at the provider.

export PATH=/bin:/usr/sbin:/usr/bin
/bin/busybox --install -s /bin

CONFIG=/etc/config/ddns
LIMIT=30
# The time to which the clock is set later. The test's certificate is valid then, but not in 1970.
read -r TODAY </etc/today

# say TEXT: reports to the test.
say() {
    echo "## $(cut -d' ' -f1 /proc/uptime) $*"
}

end() {
    poweroff -f
    sleep 60
}

fail() {
    say "FAILED $*"
    ddns-netlink status -c $CONFIG
    for section in home closed secure six dial; do ddns-netlink why $section -c $CONFIG; done
    ip addr
    ip route
    tail -n 100 /log.* /isp/requests
    dmesg | tail -n 30
    end
}

# wait_for STEP COMMAND...: waits until the command succeeds, then reports STEP.
wait_for() {
    step=$1
    shift
    begin=$(cut -d. -f1 /proc/uptime)
    until "$@" >/dev/null 2>&1; do
        now=$(cut -d. -f1 /proc/uptime)
        [ $((now - begin)) -lt $LIMIT ] || fail "$step"
        usleep 20000
    done
    say "$step"
}

# must STEP COMMAND...: fails unless the command succeeds now; reports STEP.
must() {
    step=$1
    shift
    "$@" >/dev/null 2>&1 || fail "$step"
    say "$step"
}

isp() {
    nsenter -t "$ISP" -n "$@"
}

# sent NAME ADDRESS: whether the last request for the name had this address.
sent() {
    [ "$(grep "hostname=$1.example.com&" /isp/requests | tail -n 1)" = \
        "hostname=$1.example.com&myip=$2" ]
}

# requests NAME COUNT: whether the provider has got this number of requests for the name.
requests() {
    [ "$(grep -c "hostname=$1.example.com&" /isp/requests)" = "$2" ]
}

# shown SECTION TEXT: whether `why` prints this text for the section.
shown() {
    ddns-netlink why "$1" -c $CONFIG | grep -q "$2"
}

# saved TEXT: whether the state file has this text.
saved() {
    cat /state/* | grep -q "$1"
}

# stop PROGRAM: ends the program and waits until it has ended.
stop() {
    while killall "$1" 2>/dev/null; do
        usleep 20000
    done
}

not() {
    ! "$@"
}

# has ADDRESS: whether a device of the router has the address.
has() {
    ip addr | grep -q "inet $1[/ ]"
}

# Whether the date of the publication in the state is now, give or take a minute.
dated() {
    date=$(sed -n 's/.*section=home .* at=\([0-9]*\).*/\1/p' /state/*)
    [ "$date" -gt $((TODAY - 60)) ] && [ "$date" -lt $((TODAY + 60)) ]
}

# lease ADDRESS: the DHCP server leases this address from now on.
lease() {
    stop udhcpd
    echo "interface isp0
start 203.0.113.20
end 203.0.113.29
max_leases 10
lease_file /isp/leases
static_lease $(cat /sys/class/net/wan/address) $1
option subnet 255.255.255.0
option router 203.0.113.1
option lease 600" >/isp/udhcpd.conf
    : >/isp/leases
    isp udhcpd -f /isp/udhcpd.conf >>/log.udhcpd 2>&1 &
}

# dial_in ADDRESS: ends the PPPoE connections; the next one gets this address.
dial_in() {
    stop pppoe-server
    stop pppoe
    isp pppoe-server -F -I isp0 -L 192.0.2.1 -R "$1" -N 1 -O /etc/ppp/options.isp >>/log.isp 2>&1 &
}

run_daemon() {
    ddns-netlink run --stderr -c $CONFIG >>/log.daemon 2>&1 &
    DAEMON=$!
}

memory() {
    say "memory: $(grep -E '^Vm(HWM|RSS)' /proc/$DAEMON/status | tr -s '\t\n ' ' ')"
}

# --- the machine

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /tmp /run /state /isp /var/run /var/log
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /tmp
for module in $(cat /modules/order); do
    insmod "/modules/$module" || fail "module $module"
done
date -u -s @1000 >/dev/null
: >/isp/requests
say "boot: Linux $(uname -r) $(uname -m), $(grep -m1 -iE 'cpu model|model name' /proc/cpuinfo |
    sed 's/.*: //'), $(awk '/MemTotal/ { print $2 }' /proc/meminfo) kB"

unshare -n sleep 100000 &
ISP=$!
ip link set lo up
ip link add wan type veth
ip link set veth0 name isp0
ip link set isp0 netns $ISP
isp ip link set lo up
isp ip addr add 203.0.113.1/24 dev isp0
isp ip addr add 198.51.100.53/32 dev lo
isp ip addr add 2001:db8:53::53/128 dev lo
isp ip addr add fe80::1/64 dev isp0
isp ip link set isp0 up
isp ip route add 2001:db8:1::/64 dev isp0
ip link set wan up
isp httpd -p 80 -h /www
(cd /isp && isp openssl s_server -accept 443 -HTTP -cert /etc/server.pem -key /etc/server.key \
    -4 >/log.tls 2>&1 </dev/null &)
wait_for "a provider on the other end of a veth pair" grep -q ACCEPT /log.tls

# --- a boot in 1970

run_daemon
wait_for "the daemon waits for an address" shown home "has no IPv4 address"
lease 203.0.113.20
udhcpc -f -i wan -t 20 -T 1 -A 1 -s /etc/udhcpc.sh >>/log.udhcpc 2>&1 &
UDHCPC=$!
wait_for "lease: 203.0.113.20" ip route get 198.51.100.53
wait_for "published: 203.0.113.20" sent home 203.0.113.20
wait_for "published: saved" saved "published=203.0.113.20"
must "published: saved without a date, since the clock is not set" not saved " at="
wait_for "connection refused: why shows it" shown closed "connection refused"
wait_for "HTTPS: the certificate is not valid yet" shown secure "not valid"
memory

lease 203.0.113.21
kill -USR1 $UDHCPC
wait_for "lease: 203.0.113.21" has 203.0.113.21
wait_for "followed: 203.0.113.21" sent home 203.0.113.21

ip -6 addr add 2001:db8:1::5/64 dev wan
ip -6 route add default via fe80::1 dev wan
wait_for "followed over IPv6: 2001:db8:1::5" sent six 2001:db8:1::5

# --- the clock is set

date -u -s "@$TODAY" >/dev/null
wait_for "clock set: HTTPS goes through, at once" grep -q "^FILE:" /log.tls
wait_for "clock set: publication dated" dated
must "clock set: nothing else is sent again" requests home 2

# --- a crash, a boot in 1970, the clock again

kill -KILL $DAEMON
date -u -s @1000 >/dev/null
run_daemon
wait_for "restart with state" shown home "up to date"
date -u -s "@$TODAY" >/dev/null
must "restart: nothing is sent again" requests home 2
memory

# --- PPPoE

stop udhcpc
stop udhcpd
ip addr flush dev wan
dial_in 192.0.2.7
pppd plugin rp-pppoe.so wan noauth nodetach noipdefault defaultroute persist holdoff 1 maxfail 0 \
    lcp-echo-interval 1 lcp-echo-failure 2 mtu 1492 >>/log.pppd 2>&1 &
wait_for "PPPoE: connected" has 192.0.2.7
wait_for "PPPoE: published: 192.0.2.7" sent dial 192.0.2.7
dial_in 192.0.2.8
wait_for "PPPoE: redialled" has 192.0.2.8
wait_for "PPPoE: followed: 192.0.2.8" sent dial 192.0.2.8

must "nothing else was ever sent" requests home 2
memory
say "available: $(awk '/MemAvailable/ { print $2 }' /proc/meminfo) kB"
kill -TERM $DAEMON
wait $DAEMON || fail "SIGTERM: the daemon ended with $?"
say "done"
end
