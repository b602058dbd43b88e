'use strict';
'require baseclass';

/* Every option of a section and of the global section, a row each, in the order of the form. A test compares
 * the rows with the daemon's table.
 *
 * name    the option in /etc/config/ddns
 * tab     the tab of the form
 * type    text, secret, flag, list, choice, ipv4, ipv6 or provider; edit.js has the field of each
 * title   the label, where the provider has no words of its own for it
 * help    a sentence below the field
 * values  what can be chosen or proposed: [ value, label ]
 * shows   whether the field is needed; a field with a value is always shown
 * unset   the value that counts while the option is not set, shown in the empty field */

const UNITS = [ [ 'seconds', _('seconds') ], [ 'minutes', _('minutes') ], [ 'hours', _('hours') ], [ 'days', _('days') ] ];

const source = (...names) => form => names.includes(form.get('ip_source') || 'network');
const asked = source('web', 'script', 'gateway');
const needed = name => form => form.needs[name] != null || !form.get('service_name');
const several = form => [].concat(form.get('ip_network') || []).length > 1;

const GENERAL = [
	{ name: 'enabled', type: 'flag', title: _('Enabled') },
	{ name: 'service_name', type: 'provider', title: _('Provider'), help: _('Type a part of its name. For a server of your own, leave this empty.') },
	{ name: 'update_url', type: 'text', title: _('Update URL'), help: _('[DOMAIN], [IP], [USERNAME] and [PASSWORD] are replaced.'), shows: needed('update_url') },
	{ name: 'update_script', type: 'text', title: _('Update script'), help: _('The path of a shell script that updates the record.'), shows: needed('update_script') },
	{ name: 'username', type: 'text', title: _('User name'), shows: needed('username') },
	{ name: 'password', type: 'secret', title: _('Password'), shows: needed('password') },
	{ name: 'param_enc', type: 'text', title: _('Parameter, percent-encoded'), shows: needed('param_enc') },
	{ name: 'param_opt', type: 'text', title: _('Parameter'), shows: needed('param_opt') },
	{ name: 'domain', type: 'list', title: _('Names'), help: _('The names whose records follow the address of this router.'), values: [] },
	{ name: 'use_ipv6', type: 'ipv4', title: _('IPv4 (A records)') },
	{ name: 'also_ipv6', type: 'ipv6', title: _('IPv6 (AAAA records)') },
	{ name: 'host', type: 'list', title: _('Hosts of the LAN'), help: _('name=suffix, name=MAC address or name=@host of the DHCP settings, such as nas.example.org=::cafe. Their AAAA records follow the prefix of the LAN.') },
	{ name: 'host_network', type: 'text', title: _('Network of these hosts'), unset: 'lan', shows: form => [].concat(form.get('host') || []).length > 0 }
];

const ADDRESS = [
	{ name: 'ip_source', type: 'choice', title: _('Address from'), values: [
		[ 'network', _('a network') ], [ 'interface', _('a device') ], [ 'route', _('the line of the default route') ],
		[ 'gateway', _('the gateway (PCP, NAT-PMP, UPnP, STUN)') ], [ 'web', _('a web page') ], [ 'script', _('a program') ] ] },
	{ name: 'ip_network', type: 'list', title: _('Network'), help: _('Several networks: the first one that has an address is used.'), values: [ [ 'wan' ], [ 'wan6' ] ], shows: source('network') },
	{ name: 'failover_after', type: 'text', title: _('Change to another line after'), help: _('in seconds'), unset: '30', shows: several },
	{ name: 'failback_after', type: 'text', title: _('Change back after'), help: _('in seconds'), unset: '120', shows: several },
	{ name: 'mwan3', type: 'flag', title: _('Follow mwan3'), help: _('mwan3 decides whether a line works.'), initial: '1', shows: several },
	{ name: 'ip_interface', type: 'text', title: _('Device'), unset: 'eth1', shows: source('interface') },
	{ name: 'route_mark', type: 'text', title: _('Mark of the route'), help: _('A number, such as 0x100: the route that packets with this mark take.'), shows: source('route') },
	{ name: 'ip_url', type: 'text', title: _('Web page'), help: _('A page that shows the address from which it is asked.'), shows: source('web', 'gateway') },
	{ name: 'ip_script', type: 'text', title: _('Program'), help: _('A program that prints the address.'), shows: source('script') },
	{ name: 'stun_server', type: 'text', title: _('STUN server'), shows: source('gateway') },
	{ name: 'check_interval', type: 'text', title: _('Ask again after'), unset: '10', shows: asked },
	{ name: 'check_unit', type: 'choice', title: _('Unit'), values: UNITS, unset: 'minutes', shows: asked },
	{ name: 'check_interval_min', type: 'text', title: _('Lower limit of this time'), shows: asked },
	{ name: 'interface', type: 'text', title: _('Ask again at events of'), help: _('The network whose events make the program ask at once.'), shows: asked },
	{ name: 'allow_temporary', type: 'flag', title: _('Publish temporary IPv6 addresses') },
	{ name: 'remove_after', type: 'text', title: _('Remove the record without an address after'), help: _('in seconds; empty: never') },
	{ name: 'only_if_address', type: 'text', title: _('Only while this router has the address'), help: _('For a pair of routers: the address that the active one holds.') },
	{ name: 'only_if_file', type: 'text', title: _('Only while this file says MASTER'), help: _('For a pair of routers. With path=WORD, another word.') }
];

const TIMING = [
	{ name: 'force_interval', type: 'text', title: _('Send an unchanged address after'), help: _('A number, or never.'), unset: '72' },
	{ name: 'force_unit', type: 'choice', title: _('Unit'), values: UNITS, unset: 'hours' },
	{ name: 'retry_interval', type: 'text', title: _('Wait after the first error'), unset: '60' },
	{ name: 'retry_unit', type: 'choice', title: _('Unit'), values: UNITS, unset: 'seconds' },
	{ name: 'retry_max_count', type: 'text', title: _('Give up after this many errors'), help: _('0: never'), unset: '0' },
	{ name: 'retry_count', type: 'text', title: _('Give up after this many errors (old name)'), shows: () => false },
	{ name: 'min_interval', type: 'text', title: _('Least time between two requests'), help: _('in seconds') },
	{ name: 'use_syslog', type: 'choice', title: _('Write to the system log'), values: [
		[ '0', _('nothing') ], [ '1', _('everything') ], [ '2', _('changes and errors') ], [ '3', _('warnings and errors') ], [ '4', _('errors') ] ], unset: '2' },
	{ name: 'use_logfile', type: 'flag', title: _('Write a log file'), initial: '1' }
];

const ADVANCED = [
	{ name: 'password_file', type: 'text', title: _('File with the password'), help: _('Its first line is the password.') },
	{ name: 'username_file', type: 'text', title: _('File with the user name'), help: _('Its first line counts.') },
	{ name: 'param_enc_file', type: 'text', title: _('File with the parameter, percent-encoded'), help: _('Its first line counts.') },
	{ name: 'param_opt_file', type: 'text', title: _('File with the parameter'), help: _('Its first line counts.') },
	{ name: 'lookup_host', type: 'text', title: _('Name to look up'), help: _('empty: the first name') },
	{ name: 'zone', type: 'text', title: _('DNS zone'), help: _('empty: the program looks for it') },
	{ name: 'ttl', type: 'text', title: _('TTL'), help: _('in seconds') },
	{ name: 'proxied', type: 'choice', title: _('Proxy of Cloudflare'), values: [ [ '1', _('on') ], [ '0', _('off') ] ], unset: _('as it is') },
	{ name: 'zone_id', type: 'text', title: _('Id of the zone') },
	{ name: 'record_id', type: 'text', title: _('Id of the record') },
	{ name: 'rec_id', type: 'text', title: _('Id of the record (old name)'), shows: () => false },
	{ name: 'share', type: 'flag', title: _('Share the name with other routers'), help: _('Addresses of others stay in the record.') },
	{ name: 'use_https', type: 'flag', title: _('Use HTTPS') },
	{ name: 'cacert', type: 'text', title: _('Certificates'), help: _('A file or directory, or IGNORE.') },
	{ name: 'bind_network', type: 'text', title: _('Send requests through the device') },
	{ name: 'force_ipversion', type: 'flag', title: _('Send requests only over the IP version of the record') },
	{ name: 'proxy', type: 'text', title: _('HTTP proxy'), help: '[user:password@]host:port' },
	{ name: 'proxy_file', type: 'text', title: _('File with the HTTP proxy'), help: _('Its first line counts.') },
	{ name: 'user_agent', type: 'text', title: _('User agent') },
	{ name: 'dns_server', type: 'text', title: _('DNS server'), help: _('The server that is asked for the registered address.') },
	{ name: 'force_dnstcp', type: 'flag', title: _('Ask DNS over TCP') },
	{ name: 'dns_tls', type: 'flag', title: _('Speak to the DNS server over TLS') },
	{ name: 'is_glue', type: 'flag', title: _('The record is a glue record') },
	{ name: 'check_foreign', type: 'flag', title: _('Compare with DNS'), help: _('Notice if somebody else changes the record.'), initial: '1' }
];

const GLOBAL = [
	{ name: 'upd_privateip', type: 'flag', title: _('Publish private addresses'), help: _('Addresses that cannot be reached from the internet, too.') },
	{ name: 'ddns_dateformat', type: 'text', title: _('Format of dates'), unset: '%F %R' },
	{ name: 'ddns_logdir', type: 'text', title: _('Directory of log files'), unset: '/var/log/ddns' },
	{ name: 'ddns_loglines', type: 'text', title: _('Lines of a log file'), unset: '250' },
	{ name: 'ddns_rundir', type: 'text', title: _('Directory of run files'), unset: '/var/run/ddns' },
	{ name: 'ddns_statedir', type: 'text', title: _('Directory of the state file'), unset: '/etc/ddns-netlink' },
	{ name: 'user', type: 'text', title: _('User of the daemon'), help: _('Root is needed by some scripts. Empty: root if a section runs a script.'), unset: 'ddns' },
	{ name: 'hook', type: 'text', title: _('Program that is told of changes'), help: _('Its path. Scripts in /etc/hotplug.d/ddns are told without this.') },
	{ name: 'failing_after', type: 'text', title: _('Tell it of failures after'), help: _('in seconds'), unset: '600' },
	{ name: 'metrics_file', type: 'text', title: _('File of metrics'), help: _('For a Prometheus exporter: a path that ends with .prom.') },
	{ name: 'cacert', type: 'text', title: _('Certificates'), help: _('For the download of provider definitions: a file or directory, or IGNORE.') },
	{ name: 'services_url', type: 'text', title: _('Provider definitions from'), shows: () => false },
	{ name: 'url', type: 'text', title: _('Provider definitions from') }
];

return baseclass.extend({
	/* The tabs of a section's form, each with its rows. */
	service: [
		[ 'general', _('General'), GENERAL ],
		[ 'address', _('Address'), ADDRESS ],
		[ 'timing', _('Timing and log'), TIMING ],
		[ 'advanced', _('Advanced'), ADVANCED ]
	],

	/* The same of the global section. */
	global: [
		[ 'general', _('Settings'), GLOBAL ]
	]
});
