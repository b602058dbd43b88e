#!/bin/busybox sh
# A provider that accepts every request, and appends it to /isp/requests.
printf 'Content-Type: text/plain\r\n\r\n'
echo "$QUERY_STRING" >>/isp/requests
echo "good ${QUERY_STRING##*myip=}"
