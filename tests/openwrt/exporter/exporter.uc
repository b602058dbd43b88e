// A stand-in for prometheus-node-exporter-ucode: how it calls a collector, and what it gives it. The arguments are a
// collector, a word that the other stand-in needs, and the file with what the method `metrics` gives; without the
// file nobody answers on ubus.
'use strict';

import { readfile } from 'fs';

const collector = loadfile(ARGV[0], { strict_declarations: true, raw_mode: true });
const answer = ARGV[2];
const ubus = {
	call: (object, method) =>
		(object == "ddns" && method == "metrics" && answer) ? { text: readfile(answer) } : null
};
const is_done = call(collector, null, { config: {}, ubus }) != false;
print('node_scrape_collector_success{collector="ddns_netlink"} ', is_done ? 1 : 0, "\n");
