#!/bin/busybox sh
# A provider that takes everything, and keeps what it was asked.
printf 'Content-Type: text/plain\r\n\r\n'
echo "$QUERY_STRING" >>/isp/requests
echo "good ${QUERY_STRING##*myip=}"
