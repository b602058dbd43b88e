// prometheus-node-exporter-ucode: the metrics of ddns-netlink, which writes them as text.

const reply = ubus.call("ddns", "metrics");

// The exporter counts this as a failure of the collector.
if (!reply)
	return false;

// The exporter prints where uhttpd does not run it.
if ("uhttpd" in global)
	uhttpd.send(reply.text);
else
	print(reply.text);
