#!/bin/busybox sh
# Makes the changes that OpenWrt's script makes through netifd.
case "$1" in
deconfig)
    ip -4 addr flush dev "$interface"
    ip link set "$interface" up
    ;;
bound | renew)
    ip -o -4 addr show dev "$interface" | grep -q " $ip/" || ip -4 addr flush dev "$interface"
    ip addr replace "$ip/$mask" dev "$interface" valid_lft "$lease" preferred_lft "$lease"
    ip route replace default via "$router" dev "$interface"
    ;;
esac
echo "script: $1 $ip"
