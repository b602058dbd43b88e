'use strict';
'require baseclass';
'require ui';

/* The hosts of the LAN that have a name, and the firewall rule that lets the internet in to each. */

/* The last 64 bits of an IPv6 address, as a suffix. */
function suffix(address) {
	const [ head, tail ] = address.split('/')[0].split('::');
	const words = text => text ? text.split(':') : [];
	const last = words(tail === undefined ? head : tail).slice(-4);

	return `::${last.join(':')}`;
}

/* The hosts in the option `host` of the sections, each with the address that the daemon knows. */
function all(services, rows) {
	const hosts = [];

	for (const service of services) {
		for (const text of [].concat(service.host || [])) {
			const [ name, value ] = String(text).split('=');
			const row = rows.find(row => row.name == name);
			const record = row ? row.records.find(record => record.type == 'AAAA') : null;

			hosts.push({
				name,
				value: value || '',
				network: service.host_network || 'lan',
				address: record ? record.desired || record.published : null
			});
		}
	}

	return hosts;
}

/* A rule for /etc/config/firewall. The prefix may change, so it names only the end of the address. */
function rule(host) {
	const end = host.address || host.value;
	const target = end.includes('::') || end.split(':').length == 8 ? `${suffix(end)}/-64` : '';

	return [
		"config rule",
		`\toption name 'Allow-${host.name.split('.')[0]}'`,
		"\toption family 'ipv6'",
		"\toption src 'wan'",
		`\toption dest '${host.network}'`,
		`\toption dest_ip '${target}'`,
		"\toption proto 'tcp'",
		"\toption dest_port '443'",
		"\toption target 'ACCEPT'"
	].join('\n');
}

function copy(text) {
	/* Without HTTPS the browser offers no clipboard; the text can be selected. */
	if (navigator.clipboard)
		return navigator.clipboard.writeText(text).then(() =>
			ui.addNotification(null, E('p', {}, [ _('Copied.') ]), 'info'));
}

function entry(host) {
	const text = rule(host);

	return E('tr', { 'class': 'tr' }, [
		E('td', { 'class': 'td', 'data-title': _('Name') }, [ host.name ]),
		E('td', { 'class': 'td', 'data-title': _('Address') }, [ host.address || _('not known yet') ]),
		E('td', { 'class': 'td', 'data-title': _('Firewall') }, [
			E('details', {}, [
				E('summary', {}, [ _('Rule for port 443') ]),
				E('pre', { 'data-role': 'rule', 'tabindex': '0' }, [ text ]),
				E('p', {}, [ _('Append it to /etc/config/firewall, with your ports, and reload the firewall.') ]),
				navigator.clipboard ? E('button', { 'class': 'btn cbi-button', 'click': () => copy(text) }, [ _('Copy') ]) : ''
			])
		])
	]);
}

return baseclass.extend({
	suffix,

	render(services, rows) {
		const hosts = all(services, rows);

		if (!hosts.length)
			return '';

		return E('div', { 'class': 'cbi-section', 'data-role': 'hosts' }, [
			E('h3', {}, [ _('Hosts of the LAN') ]),
			E('table', { 'class': 'table' }, [
				E('tr', { 'class': 'tr table-titles' },
					[ _('Name'), _('Address'), _('Firewall') ].map(title => E('th', { 'class': 'th' }, [ title ]))),
				...hosts.map(entry)
			])
		]);
	}
});
